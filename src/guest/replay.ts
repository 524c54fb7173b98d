/**
 * Replays a trace: every change between two snapshots becomes a store of the whole page, spread evenly over the time
 * between them; what is demanded of a processor is computed when none is due. At each snapshot the guest waits until the main thread has looked at its memory, so that the sample
 * of a snapshot sees exactly that snapshot, whatever the scheduler does. Between two phases it stands still.
 */
import type { GuestTask, GuestTrace } from '../experiment/messages.js'
import { nowNs } from '../measure/clock.js'
import { type Actor, AT_ONCE, ON_EVENT, OVER } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import type { PageContents } from './contents.js'
import { type Demand, type Demanding, demandIn } from './demand.js'
import type { PhaseRecorder } from './phase-recorder.js'

/** As much of a guest's task as its replay depends on. */
export type ReplayLife = Demanding & Pick<GuestTask, 'scaleTime'>

export class Replay implements Actor {
  /** How many snapshots are in the guest's memory, and how many changes of the next one. */
  private snapshots = 0
  private changes = 0
  /** When the clock was last read. */
  private readNs = 0
  private phase = -1
  /** In a phase in which it asks for more of its processor than the changes take. */
  private demand: Demand | undefined

  constructor(
    private readonly control: Control,
    private readonly recorder: Pick<PhaseRecorder, 'follow'>,
    private readonly contents: PageContents,
    private readonly life: ReplayLife,
    private readonly trace: GuestTrace,
    private readonly processorNs: () => number,
  ) {}

  /** Makes the change that is due. */
  step(): number {
    if (this.control.isStopping()) return OVER
    if (!this.recorder.follow() || this.isHeld()) return ON_EVENT
    if (this.control.sampledSnapshots() < this.snapshots) return ON_EVENT
    if (this.snapshots === this.trace.timesSeconds.length) return ON_EVENT
    const { offsets, ends, pages, contents } = this.trace
    const first = offsets[this.snapshots]!
    const changes = ends[this.snapshots]! - first
    const dueNs = this.dueNs(changes)
    if (dueNs > this.readNs) {
      this.readNs = nowNs()
      if (dueNs > this.readNs) {
        const restNs = Math.min(dueNs, this.restUntilNs())
        // It computes, if only what time it is.
        return restNs > this.readNs ? restNs : AT_ONCE
      }
    }
    if (this.changes === changes) {
      this.changes = 0
      this.control.replayedSnapshots(this.life.guest, ++this.snapshots)
      return ON_EVENT
    }
    const change = first + this.changes++
    this.contents.ram.intendedNs = dueNs
    this.contents.writeKnown(pages[change]!, contents[change]!)
    return AT_ONCE
  }

  private isHeld(): boolean {
    const phase = this.control.phase()
    return !this.control.isOn(phase) && !this.control.isOver(phase)
  }

  /** When the next of so many changes is due, or after the last one the snapshot itself. */
  private dueNs(changes: number): number {
    const { timesSeconds } = this.trace
    const fromSeconds = timesSeconds[this.snapshots - 1] ?? 0
    const toSeconds = timesSeconds[this.snapshots]!
    const part = (this.changes + 1) / (changes + 1)
    const seconds = part < 1 ? fromSeconds + part * (toSeconds - fromSeconds) : toSeconds
    return this.control.runStartNs() + (seconds * 1e9) / this.life.scaleTime
  }

  private restUntilNs(): number {
    const phase = this.control.phase()
    if (phase !== this.phase) {
      this.phase = phase
      this.demand = demandIn(phase, this.life, this.processorNs)
    }
    const startNs = this.control.phaseStartNs(phase)
    return startNs + (this.demand?.restUntilNs(this.readNs - startNs) ?? Number.POSITIVE_INFINITY)
  }
}

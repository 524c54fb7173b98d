/**
 * Replays a trace: every change between two snapshots becomes a store of the whole page, spread evenly over the time
 * between them. At each snapshot the guest waits until the main thread has looked at its memory, so that the sample
 * of a snapshot sees exactly that snapshot, whatever the scheduler does.
 */
import type { GuestTrace } from '../experiment/messages.js'
import { nowNs } from '../measure/clock.js'
import type { Control } from '../sync/control.js'
import type { PageContents } from './contents.js'

export class Replay {
  constructor(
    private readonly control: Control,
    private readonly contents: PageContents,
    private readonly guest: number,
    private readonly trace: GuestTrace,
    private readonly scaleTime: number,
    /** Called between stores, so that the caller sees the phase change. */
    private readonly onProgress: () => void,
  ) {}

  /** Replays to the end of the trace or of the run. */
  run(): void {
    let fromSeconds = 0
    for (let snapshot = 0; snapshot < this.trace.timesSeconds.length; snapshot++) {
      const toSeconds = this.trace.timesSeconds[snapshot]!
      if (!this.replayChanges(snapshot, fromSeconds, toSeconds)) return
      this.control.replayedSnapshots(this.guest, snapshot + 1)
      if (!this.waitUntil(() => this.control.sampledSnapshots() > snapshot)) return
      fromSeconds = toSeconds
    }
  }

  /** False: the run stopped. */
  private replayChanges(snapshot: number, fromSeconds: number, toSeconds: number): boolean {
    const { offsets, ends, pages, contents } = this.trace
    const first = offsets[snapshot]!
    const changes = ends[snapshot]! - first
    const startNs = this.control.runStartNs()
    const nsPerSecond = 1e9 / this.scaleTime
    for (let change = 0; change < changes; change++) {
      const dueNs = (fromSeconds + ((change + 1) / (changes + 1)) * (toSeconds - fromSeconds)) * nsPerSecond
      if (!this.sleepUntil(startNs + dueNs)) return false
      this.contents.writeKnown(pages[first + change]!, contents[first + change]!)
    }
    return this.sleepUntil(startNs + toSeconds * nsPerSecond)
  }

  private sleepUntil(dueNs: number): boolean {
    if (nowNs() >= dueNs) {
      this.onProgress()
      return !this.control.isStopping()
    }
    return this.waitUntil(() => nowNs() >= dueNs, dueNs)
  }

  private waitUntil(holds: () => boolean, dueNs = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      const event = this.control.event()
      this.onProgress()
      if (this.control.isStopping()) return false
      if (holds()) return true
      this.control.sleep(event, (dueNs - nowNs()) / 1e6)
    }
  }
}

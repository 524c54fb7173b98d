/**
 * A guest's life: phase after phase, the activities of each in the order in which their operations are due.
 *
 * The order is that of *intended* times, not of the times at which the machine got round to them. In a phase that
 * ends by time exactly the operations due before its end are done, late or not; so an open-loop guest stores the same
 * sequence on every machine. If it has fallen behind too far it gives up after a grace, and counts what it missed.
 */

import { nowNs } from '../measure/clock.js'
import { GUEST } from '../measure/counters.js'
import { seedOf } from '../random/prng.js'
import type { Activity } from '../scenario/plan.js'
import type { Control } from '../sync/control.js'
import { type GuestMemory, operationOf } from './operations.js'
import { BusyLoop, type Pacer, pacerOf } from './pace.js'

/** How long a guest may go on after the end of a phase to do what was due in it. */
const GRACE_MS = 250

/** An activity at work in one phase. */
interface Runner {
  pacer: Pacer
  hasEnd: boolean
  run(): void
}

export interface GuestPhase {
  name: string
  seconds: number
  endsByTime: boolean
}

export class Workload {
  constructor(
    private readonly control: Control,
    private readonly memory: GuestMemory,
    private readonly counters: Float64Array,
    private readonly guest: number,
    private readonly activities: readonly Activity[][],
    private readonly seed: number,
  ) {}

  /** Lives through one phase; returns when it is over or the run stops. */
  runPhase(phase: number, { name, seconds, endsByTime }: GuestPhase): void {
    const startNs = this.control.phaseStartNs(phase)
    const runners = this.activities[phase]!.map((activity, index) =>
      this.runnerOf(activity, startNs, seedOf('activity', this.seed, this.guest, name, index)),
    )
    const endNs = endsByTime ? seconds * 1e9 : Number.POSITIVE_INFINITY
    this.runWhileOn(phase, runners, startNs, endNs)
    if (endsByTime && !this.control.isStopping()) this.catchUp(runners, endNs)
  }

  private runWhileOn(phase: number, runners: Runner[], startNs: number, endNs: number): void {
    let finished = false
    let elapsedNs = 0
    for (;;) {
      const event = this.control.event()
      if (!this.control.isOn(phase)) return
      const next = earliest(runners)
      const dueNs =
        next !== undefined && next.pacer.dueNs < endNs ? next.pacer.dueNs : Number.POSITIVE_INFINITY
      if (dueNs <= elapsedNs) {
        next!.run()
        next!.pacer.advance()
        continue
      }
      if (!finished && runners.every(isFinished)) {
        finished = true
        this.control.finishPhase(this.guest, phase)
      }
      elapsedNs = nowNs() - startNs
      this.control.sleep(event, (dueNs - elapsedNs) / 1e6)
    }
  }

  /** Does what was due before the phase ended, within the grace. */
  private catchUp(runners: Runner[], endNs: number): void {
    const owing = runners.filter((runner) => runner.pacer.isOpenLoop)
    const graceEndNs = nowNs() + GRACE_MS * 1e6
    for (;;) {
      const next = earliest(owing)
      if (next === undefined || next.pacer.dueNs >= endNs) return
      if (nowNs() > graceEndNs || this.control.isStopping()) break
      next.run()
      next.pacer.advance()
    }
    for (const { pacer } of owing) this.counters[GUEST.missed]! += pacer.owedBefore(endNs)
  }

  private runnerOf(activity: Activity, phaseStartNs: number, seed: number): Runner {
    if (activity.do === 'busy') {
      const busy = new BusyLoop(activity.fraction, phaseStartNs)
      return { pacer: busy, hasEnd: false, run: () => busy.run() }
    }
    const operation = operationOf(activity, this.memory, seed)
    const pacer = pacerOf(activity.pace, operation.operations, phaseStartNs)
    return { pacer, hasEnd: Number.isFinite(operation.operations), run: () => operation.run() }
  }
}

function isFinished({ hasEnd, pacer }: Runner): boolean {
  return !hasEnd || pacer.dueNs === Number.POSITIVE_INFINITY
}

function earliest(runners: readonly Runner[]): Runner | undefined {
  let first = runners[0]
  for (let i = 1; i < runners.length; i++) {
    if (runners[i]!.pacer.dueNs < first!.pacer.dueNs) first = runners[i]
  }
  return first
}

/**
 * A guest's life: phase after phase, the activities of each in the order in which their operations are due.
 *
 * The order is that of *intended* times, not of the times at which the machine got round to them. In a phase that
 * ends by time exactly the operations due before its end are done, late or not; so an open-loop guest stores the same
 * sequence on every machine. If it has fallen behind too far it gives up after a grace, and counts what it missed.
 */

import type { GuestTask } from '../experiment/messages.js'
import { nowNs } from '../measure/clock.js'
import { GUEST } from '../measure/counters.js'
import { seedOf } from '../random/prng.js'
import type { Activity, Pace } from '../scenario/plan.js'
import { type Actor, AT_ONCE, ON_EVENT, OVER } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import { type Demand, type Demanding, demandIn } from './demand.js'
import { type GuestMemory, operationOf } from './operations.js'
import { BusyLoop, type Pacer, pacerOf } from './pace.js'
import type { PhaseRecorder } from './phase-recorder.js'

/** How long a guest may go on after the end of a phase to do what was due in it. */
const GRACE_MS = 250
/** Operations of one step on a thread. */
const BATCH_OPERATIONS = 64

/** An activity at work in one phase. */
interface Runner {
  pacer: Pacer
  /** What its due times count from; Infinity where they pace nothing, all being the same: then an operation is due when it begins. */
  originNs: number
  hasEnd: boolean
  run(): void
}

/** As much of a guest's task as its life depends on. */
export type Life = Demanding & { plan: Pick<GuestTask['plan'], 'activities'> }

export interface WorkloadOptions {
  /** Operations that one step does at most. */
  batchOperations?: number | undefined
  /** What the thread has had of its processor, ever, in ns; asked where the guest demands some. */
  processorNs: () => number
}

export class Workload implements Actor {
  /** The phase that is on or caught up with, or else the one that is waited for. */
  private phase = 0
  private state: 'waiting' | 'living' | 'catchingUp' = 'waiting'
  private runners: Runner[] = []
  /** In a phase in which it asks for more of its processor than the runners take. */
  private demand: Demand | undefined
  private startNs = 0
  /** Of what is due in this phase, since its start; Infinity in a phase that ends by scan passes. */
  private endNs = 0
  /** Since the start of the phase, when the clock was last read. */
  private elapsedNs = 0
  private isFinished = false
  private graceEndNs = 0

  constructor(
    private readonly control: Control,
    private readonly recorder: Pick<PhaseRecorder, 'enter' | 'endPhase'>,
    private readonly memory: GuestMemory,
    private readonly counters: Float64Array,
    private readonly life: Life,
    private readonly options: WorkloadOptions,
  ) {}

  /** Does the operations that are due. */
  step(): number {
    if (this.state === 'waiting') return this.begin()
    if (this.state === 'living') return this.control.isOn(this.phase) ? this.live() : this.leave()
    return this.catchUp()
  }

  /** Begins to live if the phase has begun. */
  private begin(): number {
    const phase = this.life.phases[this.phase]
    if (phase === undefined || this.control.isStopping()) return OVER
    if (!this.recorder.enter(this.phase)) return ON_EVENT
    const { guest, seed, plan } = this.life
    this.startNs = this.control.phaseStartNs(this.phase)
    this.endNs = phase.endsByTime ? phase.seconds * 1e9 : Number.POSITIVE_INFINITY
    this.elapsedNs = 0
    this.isFinished = false
    this.runners = plan.activities[this.phase]!.map((activity, index) =>
      this.runnerOf(activity, seedOf('activity', seed, guest, phase.name, index)),
    )
    this.demand = demandIn(this.phase, this.life, this.options.processorNs)
    this.state = 'living'
    return this.step()
  }

  private live(): number {
    const { batchOperations = BATCH_OPERATIONS } = this.options
    let done = 0
    do {
      const next = earliest(this.runners)
      const dueNs =
        next !== undefined && next.pacer.dueNs < this.endNs ? next.pacer.dueNs : Number.POSITIVE_INFINITY
      if (dueNs > this.elapsedNs) {
        if (!this.isFinished && this.runners.every(isFinished)) {
          this.isFinished = true
          this.control.finishPhase(this.life.guest, this.phase)
        }
        this.elapsedNs = nowNs() - this.startNs
        if (dueNs > this.elapsedNs) {
          const restNs = Math.min(dueNs, this.demand?.restUntilNs(this.elapsedNs) ?? dueNs)
          if (restNs > this.elapsedNs) return this.startNs + restNs
          // It computes, if only what time it is.
          continue
        }
      }
      this.operate(next!)
    } while (++done < batchOperations && this.control.isOn(this.phase))
    return AT_ONCE
  }

  /** The phase is over, or the run: what a phase by time owes is still done. */
  private leave(): number {
    if (this.endNs === Number.POSITIVE_INFINITY || this.control.isStopping()) return this.end()
    this.runners = this.runners.filter((runner) => runner.pacer.isOpenLoop)
    this.graceEndNs = nowNs() + GRACE_MS * 1e6
    this.state = 'catchingUp'
    return this.catchUp()
  }

  /** Does what was due before the phase ended, within the grace. */
  private catchUp(): number {
    const next = earliest(this.runners)
    if (next === undefined || next.pacer.dueNs >= this.endNs) return this.end()
    if (nowNs() > this.graceEndNs || this.control.isStopping()) {
      for (const { pacer } of this.runners) this.counters[GUEST.missed]! += pacer.owedBefore(this.endNs)
      return this.end()
    }
    this.operate(next)
    return AT_ONCE
  }

  private operate(runner: Runner): void {
    this.memory.ram.intendedNs = runner.originNs + runner.pacer.dueNs
    runner.run()
    runner.pacer.advance()
  }

  private end(): number {
    this.recorder.endPhase()
    this.phase++
    this.state = 'waiting'
    return this.begin()
  }

  private runnerOf(activity: Activity, seed: number): Runner {
    if (activity.do === 'busy') {
      const busy = new BusyLoop(activity.fraction, this.startNs)
      return { pacer: busy, originNs: this.startNs, hasEnd: false, run: () => busy.run() }
    }
    const operation = operationOf(activity, this.memory, seed)
    const pacer = pacerOf(activity.pace, operation.operations, this.startNs)
    return {
      pacer,
      originNs: isPaced(activity.pace) ? this.startNs : Number.POSITIVE_INFINITY,
      hasEnd: Number.isFinite(operation.operations),
      run: () => operation.run(),
    }
  }
}

/** An activity over no time does all at once, as fast as it can. */
function isPaced(pace: Pace): boolean {
  return pace.kind !== 'over' || pace.seconds > 0
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

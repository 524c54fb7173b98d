/**
 * A guest's life: phase after phase, the activities of each in the order in which their operations are due.
 *
 * The order is that of *intended* times, not of the times at which the machine got round to them. In a phase that
 * ends by time exactly the operations due before its end are done, late or not; so an open-loop guest stores the same
 * sequence on every machine. If it has fallen behind too far it gives up after a grace, and counts what it missed.
 *
 * A run may be steered while it goes (sync/control.ts): held, so that the guest's time stands still and nothing falls due,
 * or given another load, at which its time goes slower or faster.
 */

import type { GuestTask } from '../experiment/messages.js'
import { nowNs } from '../measure/clock.js'
import { GUEST } from '../measure/counters.js'
import { seedOf } from '../random/prng.js'
import type { Activity, Pace } from '../scenario/plan.js'
import { type Actor, AT_ONCE, ON_EVENT, OVER } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import { type Demand, type Demanding, demandIn } from './demand.js'
import { GuestTime } from './guest-time.js'
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
  /** False where its due times pace nothing, all being the same: then an operation is due when it begins. */
  isPaced: boolean
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
  private time = new GuestTime(0)
  private startNs = 0
  /** The next two are the guest's time. Of what is due in this phase; Infinity in a phase that ends by scan passes. */
  private endNs = 0
  /** When the clock was last read. */
  private elapsedNs = 0
  /** What the demand counts from, on the clock. */
  private demandStartNs = 0
  /** The steering that it has heard of. */
  private steered = 0
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
    if (this.state === 'catchingUp') return this.catchUp()
    if (!this.control.isOn(this.phase)) return this.control.isOver(this.phase) ? this.leave() : ON_EVENT
    if (this.control.steered() !== this.steered) this.hear()
    return this.live()
  }

  /** Begins to live if the phase has begun. */
  private begin(): number {
    const phase = this.life.phases[this.phase]
    if (phase === undefined || this.control.isStopping()) return OVER
    if (!this.recorder.enter(this.phase)) return ON_EVENT
    const { guest, seed, plan } = this.life
    this.steered = this.control.steered()
    this.startNs = this.control.phaseStartNs(this.phase)
    this.time = new GuestTime(this.startNs)
    this.endNs = phase.endsByTime ? phase.seconds * 1e9 : Number.POSITIVE_INFINITY
    this.elapsedNs = 0
    this.isFinished = false
    this.runners = plan.activities[this.phase]!.map((activity, index) =>
      this.runnerOf(activity, seedOf('activity', seed, guest, phase.name, index)),
    )
    this.demandStartNs = this.startNs
    this.demand = demandIn(this.phase, this.life, this.options.processorNs, this.control.load())
    if (this.control.load() !== 1) this.changeLoad(this.control.load(), this.startNs)
    this.state = 'living'
    return this.step()
  }

  /** The run was steered: its phase was held, or its load is another. */
  private hear(): void {
    this.steered = this.control.steered()
    const startNs = this.control.phaseStartNs(this.phase)
    const heldNs = startNs - this.startNs
    this.startNs = startNs
    this.time.delay(heldNs)
    this.demandStartNs += heldNs
    const load = this.control.load()
    if (load === this.time.load) return
    this.demandStartNs = nowNs()
    this.demand = demandIn(this.phase, this.life, this.options.processorNs, load)
    this.changeLoad(load, this.demandStartNs)
  }

  private changeLoad(load: number, ns: number): void {
    this.time.change(load, ns)
    const { seconds } = this.life.phases[this.phase]!
    if (this.endNs !== Number.POSITIVE_INFINITY) this.endNs = this.time.at(this.startNs + seconds * 1e9)
  }

  private live(): number {
    if (this.time.load === 0) return ON_EVENT
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
        const now = nowNs()
        this.elapsedNs = this.time.at(now)
        if (dueNs > this.elapsedNs) {
          const restNs = this.restNs(dueNs, now)
          if (restNs !== undefined) return restNs
          // It computes, if only what time it is.
          continue
        }
      }
      this.operate(next!)
    } while (++done < batchOperations && this.control.isOn(this.phase))
    return AT_ONCE
  }

  /** Until when it may rest if nothing is due before `dueNs`; undefined: it is to compute. */
  private restNs(dueNs: number, now: number): number | undefined {
    const dueAtNs = this.time.whenNs(dueNs)
    if (this.demand === undefined) return dueAtNs
    const sinceNs = now - this.demandStartNs
    const restNs = this.demand.restUntilNs(sinceNs)
    return restNs > sinceNs ? Math.min(dueAtNs, this.demandStartNs + restNs) : undefined
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
    this.memory.ram.intendedNs = runner.isPaced
      ? this.time.whenNs(runner.pacer.dueNs)
      : Number.POSITIVE_INFINITY
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
      const fraction = () => Math.min(1, activity.fraction * this.time.load)
      const busy = new BusyLoop(fraction, this.time)
      return { pacer: busy, isPaced: true, hasEnd: false, run: () => busy.run() }
    }
    const operation = operationOf(activity, this.memory, seed)
    const pacer = pacerOf(activity.pace, operation.operations, this.time)
    return {
      pacer,
      isPaced: isPaced(activity.pace),
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

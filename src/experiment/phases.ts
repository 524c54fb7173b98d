/**
 * Leads a run through its phases, from the main thread: starts each at its time, samples at every interval, at every
 * snapshot of a trace and at every end of a phase, and decides when a warm-up has warmed up.
 */
import { isSystemError, messageOf, ResourceError } from '../errors.js'
import { realNowNs } from '../measure/clock.js'
import type { PhasePlan, Plan } from '../scenario/plan.js'
import type { Control } from '../sync/control.js'
import { Patience } from '../sync/patience.js'
import type { Backend } from './backend.js'
import type { RunClock } from './engine.js'
import type { PhaseRecord, RunObserver, Sample } from './outcome.js'
import type { RunFailure } from './run.js'

/** Longest sleep between two looks at what goes on. */
const LOOK_MS = 10
/** While guests are waited for, they are looked at this often. */
const LOOK_AT_GUESTS_MS = 1
/** A pass that merges less than this part of the pages it visits has found nothing new. */
const SETTLED_MERGES_PART = 1 / 1000
/** Guests that have not replayed a snapshot by then, so long after it was due, are stuck. */
const SNAPSHOT_LIMIT_MS = 120_000
/** Time between two calls of onProgress, by the clock of whoever looks on. */
const PROGRESS_NS = 100e6
/** Guests that have not caught up with the end of a phase by then are left behind. */
const ACKNOWLEDGE_LIMIT_MS = 5000

export class PhaseLeader {
  readonly phases: PhaseRecord[] = []
  readonly messages: string[] = []
  /** Why the run can't go on, if it can't. */
  failure: RunFailure | undefined
  private startNs = 0
  private nextSample = 1
  private nextSnapshot = 0
  private progressNs = 0
  /** Somebody wants the run to hold, which it does while a phase is on; and since when it has. */
  private isPaused = false
  private heldAtNs: number | undefined

  constructor(
    private readonly plan: Plan,
    private readonly control: Control,
    private readonly sampler: Backend['sampler'],
    private readonly scan: Backend['scan'],
    private readonly observer: RunObserver,
    private readonly clock: RunClock,
  ) {}

  /** Goes through all phases; returns early, with the last one cut short, when `mustEnd` says so. */
  async lead(mustEnd: () => boolean): Promise<void> {
    this.startNs = this.clock.nowNs()
    this.control.startRun(this.startNs)
    let start = this.sample(this.plan.phases[0]!.name, { isBorder: true })
    for (let index = 0; index < this.plan.phases.length && !mustEnd(); index++) {
      const phase = this.plan.phases[index]!
      await this.askScanner(phase.name, () => this.scan.startPhase?.(index))
      if (this.failure !== undefined) return
      const phaseStartNs = this.clock.nowNs()
      this.control.startPhase(index, phaseStartNs)
      await this.runPhase(phase, index, phaseStartNs + phase.seconds * 1e9, mustEnd)
      await this.endPhase(index, mustEnd)
      const end = this.sample(phase.name, { isBorder: true })
      this.phases.push({ name: phase.name, measured: phase.ends.when === 'time', start, end })
      start = end
    }
    await this.askScanner(this.plan.phases.at(-1)!.name, () => this.scan.endRun?.())
  }

  /** Holds the run, or lets it go on. */
  pause(isPaused: boolean): void {
    this.isPaused = isPaused
  }

  /** Scenario seconds since the start; they stand still with the run. */
  timeSeconds(): number {
    return this.scenarioSeconds(this.heldAtNs ?? this.clock.nowNs())
  }

  /** What the system refuses its scanner ends a run, but what has been measured by then stands. */
  private async askScanner(phase: string, ask: () => Promise<void> | undefined): Promise<void> {
    try {
      await ask()
    } catch (error) {
      if (!(error instanceof ResourceError || isSystemError(error))) throw error
      this.failure ??= {
        kind: error instanceof ResourceError ? 'resources' : 'internal',
        message: `phase ${phase}: KSM could not be set: ${messageOf(error)}`,
      }
    }
  }

  /** Ends a phase: the scanner pauses, the guests do what is still due, and only then it is sampled. */
  private async endPhase(index: number, mustEnd: () => boolean): Promise<void> {
    this.control.endPhase(index)
    const patience = new Patience(ACKNOWLEDGE_LIMIT_MS, () => this.clock.nowNs()).begin()
    while (!this.control.allAcknowledged(index) && !mustEnd()) {
      if (patience.isOver()) {
        this.messages.push(`phase ${this.plan.phases[index]!.name}: not every guest had caught up at its end`)
        return
      }
      await this.clock.sleep(LOOK_AT_GUESTS_MS)
    }
  }

  private async runPhase(
    phase: PhasePlan,
    index: number,
    plannedEndNs: number,
    mustEnd: () => boolean,
  ): Promise<void> {
    const isOver = this.endCondition(phase, index)
    let endNs = plannedEndNs
    for (;;) {
      await this.sampleWhatIsDue(phase.name, mustEnd)
      const now = this.clock.nowNs()
      if (mustEnd() || isOver()) return
      if (now >= endNs) {
        if (phase.ends.when !== 'time')
          this.messages.push(`phase ${phase.name} ended at its limit, ${unmet(phase)}`)
        return
      }
      this.reportProgress(phase.name, now)
      if (this.isPaused) endNs += await this.hold(phase.name, index, mustEnd)
      const nextNs = Math.min(endNs, this.sampleDueNs(), this.snapshotDueNs())
      await this.clock.sleep(Math.max(0, Math.min(LOOK_MS, (nextNs - this.clock.nowNs()) / 1e6)))
    }
  }

  /** Holds everybody for as long as it is wanted, and the time of the run too; returns how long that was. */
  private async hold(phase: string, index: number, mustEnd: () => boolean): Promise<number> {
    const heldAtNs = this.clock.nowNs()
    this.heldAtNs = heldAtNs
    this.control.hold()
    await this.askScanner(phase, () => this.scan.hold?.())
    while (this.isPaused && !mustEnd()) {
      this.reportProgress(phase, heldAtNs)
      await this.clock.sleep(LOOK_MS)
    }
    await this.askScanner(phase, () => this.scan.resume?.())
    const heldNs = this.clock.nowNs() - heldAtNs
    this.startNs += heldNs
    this.heldAtNs = undefined
    this.control.resume(index, heldNs)
    return heldNs
  }

  /**
   * Whether a warm-up is over; for a phase that ends by time, never. Passes count from when the guests have done their
   * finite activities, and only whole ones: the pass that was under way then has not seen all they did. Each scanner's
   * count from there: what one was ahead of the others by then is none of these.
   */
  private endCondition({ ends }: PhasePlan, index: number): () => boolean {
    if (ends.when === 'time') return () => false
    const passesWanted = ends.when === 'passes' ? ends.passes : this.scan.passesToSettle
    let passesBefore: readonly number[] | undefined
    return () => {
      if (passesBefore === undefined && this.control.allFinished(index)) passesBefore = this.scan.passes()
      if (passesBefore === undefined) return false
      const before = passesBefore
      const wholePasses = this.scan.passes().map((passes, scanner) => passes - before[scanner]! - 1)
      if (Math.min(...wholePasses) < passesWanted) return false
      return ends.when === 'passes' || this.lastPassFoundNothingNew()
    }
  }

  private lastPassFoundNothingNew(): boolean {
    const { news, pages } = this.scan.lastPass()
    return news <= pages * SETTLED_MERGES_PART
  }

  private async sampleWhatIsDue(phase: string, mustEnd: () => boolean): Promise<void> {
    while (this.clock.nowNs() >= this.snapshotDueNs() && !mustEnd()) await this.sampleSnapshot(phase, mustEnd)
    const now = this.clock.nowNs()
    if (now < this.sampleDueNs()) return
    this.sample(phase)
    while (this.sampleDueNs() <= now) this.nextSample++
  }

  /** Waits until every guest's memory equals the trace's next snapshot, samples, and lets the guests go on. */
  private async sampleSnapshot(phase: string, mustEnd: () => boolean): Promise<void> {
    const patience = new Patience(SNAPSHOT_LIMIT_MS, () => this.clock.nowNs()).begin()
    while (!this.control.allReplayed(this.nextSnapshot + 1)) {
      if (patience.isOver()) {
        const message = `a guest did not replay snapshot ${this.nextSnapshot} in time`
        this.failure = { kind: 'internal', message }
      }
      if (mustEnd()) return
      await this.clock.sleep(LOOK_AT_GUESTS_MS)
    }
    this.sample(phase, { snapshot: this.nextSnapshot })
    this.nextSnapshot++
    this.control.snapshotSampled(this.nextSnapshot)
  }

  private sample(phase: string, { snapshot, isBorder = false }: SamplePoint = {}): Sample {
    const timeSeconds = this.scenarioSeconds(this.clock.nowNs())
    const sample = this.sampler.sample(timeSeconds, phase, snapshot, isBorder)
    this.observer.onSample?.(sample)
    return sample
  }

  private reportProgress(phase: string, now: number): void {
    const lookedAtNs = realNowNs()
    if (lookedAtNs - this.progressNs < PROGRESS_NS) return
    this.progressNs = lookedAtNs
    this.observer.onProgress?.(phase, this.scenarioSeconds(now))
  }

  private sampleDueNs(): number {
    return this.startNs + this.nextSample * this.plan.sampleSeconds * 1e9
  }

  private snapshotDueNs(): number {
    const seconds = this.plan.trace?.timesSeconds[this.nextSnapshot]
    return seconds === undefined
      ? Number.POSITIVE_INFINITY
      : this.startNs + (seconds / this.plan.scale.time) * 1e9
  }

  private scenarioSeconds(ns: number): number {
    return ((ns - this.startNs) / 1e9) * this.plan.scale.time
  }
}

/** What is special about the moment of a sample. */
interface SamplePoint {
  snapshot?: number
  isBorder?: boolean
}

function unmet({ ends }: PhasePlan): string {
  return ends.when === 'passes' ? `before ${ends.passes} passes were over` : 'not settled'
}

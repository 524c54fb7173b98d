/**
 * One run, from an empty machine to a verified end:
 *
 *   set up     what it is made on, and the engine with its guests, and in the lab scanner and reclaimer
 *   phases     led by the control block, sampled as they go
 *   wind up    stop, wait until nobody touches the machine
 *   verify     guests check their pages, the main thread audits the lab's frames
 *
 * Whatever ends it early (a stop asked for, a guest out of memory, a dead worker) ends only the phases: the rest is
 * done all the same, as far as it can be, so there are always results. Every wait has a limit.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, ResourceError } from '../errors.js'
import { checkResources } from '../host/resources.js'
import { PAGE_BYTES } from '../machine/layout.js'
import type { MachineHandle } from '../machine/machine.js'
import type { Plan } from '../scenario/plan.js'
import { rateFactor } from '../scenario/scale.js'
import type { Control } from '../sync/control.js'
import { Patience } from '../sync/patience.js'
import type { Backend } from './backend.js'
import type { Change } from './change.js'
import type { Engine, EngineResults } from './engine.js'
import { type HostControl, takeHost } from './host-control.js'
import { onLab } from './lab.js'
import { onLinuxKsm } from './linux-ksm.js'
import type { GuestPhaseHistograms, IntegrityReport, PhaseRecord, RunObserver, Summary } from './outcome.js'
import { PhaseLeader } from './phases.js'
import type { Helm, Steering } from './steering.js'

/** Workers that have not come up by then won't: so long, and this much longer for the machine memory that they commit. */
const ATTACH_LIMIT_MS = 60_000
const ATTACH_LIMIT_MS_PER_GIB = 15_000
/** A worker that has not stopped by then is stuck. */
const QUIET_LIMIT_MS = 30_000
/** A worker whose result has not come by then, its pages verified, is stuck as well: longer for much guest memory. */
const RESULTS_LIMIT_MS = 120_000
const RESULTS_LIMIT_MS_PER_GIB = 10_000
const POLL_MS = 2

export interface RunOptions extends RunObserver {
  /** Where the swap file is made; it has no name there for longer than a moment. */
  swapDirectory: string
  /** Ends the run early, with the state `partial`. */
  signal?: AbortSignal
  /** Who may change the run while it goes. */
  steering?: Steering | undefined
  /** Called on the lab's quiet machine before it is verified: for tests that damage it. */
  beforeVerify?: (machine: MachineHandle) => void
}

export interface RunFailure {
  /** `resources`: memory or disk were too small for the scenario. */
  kind: 'resources' | 'internal'
  message: string
}

export interface RunOutcome {
  state: 'complete' | 'partial' | 'failed'
  failure: RunFailure | undefined
  messages: string[]
  phases: PhaseRecord[]
  histograms: GuestPhaseHistograms[]
  /** In the order of the plan's guests; undefined for a guest that did not survive. */
  contentDigests: (string | undefined)[]
  integrity: IntegrityReport
  /** Null: nothing was timed. */
  clockCostNs: number | null
  memory: Summary['memory']
}

/**
 * @throws ResourceError, before any phase begins, when the machine is too small, or refuses what the scenario insists on
 * @throws UserError when no swap file can be made
 */
export async function runPlan(plan: Plan, options: RunOptions): Promise<RunOutcome> {
  checkResources(plan)
  // Stepped, processors are counted in steps; the run itself takes one.
  if (plan.engine === 'stepped') return runOn(plan, options, undefined)
  const host = await takeHost(plan)
  try {
    return await runOn(host.plan, options, host)
  } finally {
    host.release()
  }
}

function runOn(plan: Plan, options: RunOptions, host: HostControl | undefined): Promise<RunOutcome> {
  const run = (backend: Backend) => new Run(plan, options, backend, host).run()
  return plan.backend === 'lab' ? onLab(plan, options, run) : onLinuxKsm(plan, host!, run)
}

class Run implements Helm {
  private readonly control: Control
  private readonly engine: Engine
  private readonly leader: PhaseLeader
  private isStopped = false

  constructor(
    private readonly plan: Plan,
    private readonly options: RunOptions,
    private readonly backend: Backend,
    /** Where the actors have threads of their own. */
    private readonly host: HostControl | undefined,
  ) {
    const { control, sampler, scan, engine } = backend
    this.control = control
    this.engine = engine
    this.leader = new PhaseLeader(plan, control, sampler, scan, options, engine)
  }

  async run(): Promise<RunOutcome> {
    try {
      this.engine.start((worker) => this.controlReplacement(worker))
      const attached = () => this.control.attachedWorkers() === this.engine.count
      const limitMs = ATTACH_LIMIT_MS + ATTACH_LIMIT_MS_PER_GIB * gibibytes(this.plan.host.frames)
      this.options.onProgress?.('start', 0)
      await this.poll(limitMs, () => attached() || this.mustEnd())
      this.throwIfRefused()
      if (this.mustEnd()) return this.outcome('partial', NO_RESULTS, UNVERIFIED)
      if (!attached()) return this.outcome(stuck('start', limitMs), NO_RESULTS, UNVERIFIED)
      await this.controlThreads()
      this.options.steering?.take(this)
      await this.leader.lead(() => this.mustEnd())
      this.options.steering?.take(undefined)
      return await this.windUp()
    } finally {
      this.control.stop()
      await this.engine.destroy()
      this.backend.accounts.close()
    }
  }

  timeSeconds(): number {
    return this.leader.timeSeconds()
  }

  change({ control, value }: Change): void {
    switch (control) {
      case 'pause':
        this.leader.pause(value)
        break
      case 'scanRate':
        this.control.steerScanRate(this.scanRateOf(value))
        break
      case 'pages_to_scan':
        this.backend.scan.steer?.(value ?? undefined)
        this.control.steerScanRate(value ?? undefined)
        break
      case 'nice':
        this.reniceScanners(value)
        break
      case 'load':
        this.control.steerLoad(value)
        break
      case 'stop':
        this.isStopped = true
    }
  }

  /** As the control block has it. */
  private scanRateOf(value: Extract<Change, { control: 'scanRate' }>['value']): number | undefined {
    if (value === null) return undefined
    return value === 'unthrottled' ? Number.POSITIVE_INFINITY : value * rateFactor(this.plan.scale)
  }

  private reniceScanners(nice: number): void {
    const { scan } = this.backend
    const first = this.plan.guests.length
    const workers = Array.from({ length: this.plan.scanner.count }, (_, index) => first + index)
    if (scan.renice !== undefined) scan.renice(nice)
    else
      this.host?.renice(
        nice,
        workers.map((worker) => this.control.threadId(worker)),
      )
  }

  /** Has the system schedule every thread as the scenario says. */
  private async controlThreads(): Promise<void> {
    for (let worker = 0; worker < this.control.workers; worker++) {
      await this.host?.applyTo(worker, this.control.threadId(worker))
    }
  }

  /** The same for one that takes the place of another, as soon as it is there. */
  private async controlReplacement(worker: number): Promise<void> {
    const isThere = () => this.control.attachedAtNs(worker) !== undefined
    await this.poll(ATTACH_LIMIT_MS, () => isThere() || this.mustEnd() || this.control.isStopping())
    if (!isThere()) return
    try {
      await this.host?.applyTo(worker, this.control.threadId(worker))
    } catch (error) {
      this.leader.failure ??= { kind: 'resources', message: messageOf(error) }
    }
  }

  /** Stops all threads, checks what they leave behind, and collects what they have to tell. */
  private async windUp(): Promise<RunOutcome> {
    const state = this.mustEnd() ? 'partial' : 'complete'
    this.control.stop()
    this.options.onProgress?.('verify', this.leader.phases.at(-1)?.end.timeSeconds ?? 0)
    if (!(await this.poll(QUIET_LIMIT_MS, () => this.engine.areQuiet()))) {
      return this.outcome(stuck('stop', QUIET_LIMIT_MS), NO_RESULTS, UNVERIFIED)
    }
    this.backend.beforeVerify?.()
    this.control.verify()
    const integrity: IntegrityReport = { pagesVerified: 0, mismatches: 0, ...this.backend.audit() }
    const guestPages = this.plan.guests.reduce((sum, { pages }) => sum + pages, 0)
    const limitMs = RESULTS_LIMIT_MS + RESULTS_LIMIT_MS_PER_GIB * gibibytes(guestPages)
    const results = await Promise.race([this.engine.results(), sleep(limitMs, undefined, { ref: false })])
    if (results === undefined) return this.outcome(stuck('verify', limitMs), NO_RESULTS, integrity)
    for (const guest of results.guests) {
      integrity.pagesVerified += guest?.verification.pagesVerified ?? 0
      integrity.mismatches += guest?.verification.mismatches ?? 0
      integrity.findings.push(...(guest?.verification.findings ?? []))
    }
    return this.outcome(this.failureOf(results) ?? state, results, integrity)
  }

  private outcome(
    end: 'complete' | 'partial' | RunFailure,
    { guests, reclaimer }: EngineResults,
    integrity: IntegrityReport,
  ): RunOutcome {
    const failure = this.engine.deaths[0] ?? (typeof end === 'string' ? undefined : end)
    const { messages: refused = [] } = this.host ?? {}
    const steered = this.options.steering?.messages() ?? []
    const messages = [...refused, ...this.engine.messages(), ...this.leader.messages, ...steered]
    if (failure === undefined && reclaimer?.swapError !== undefined)
      messages.push(unswapped(reclaimer.swapError))
    return {
      state: failure === undefined ? (end as 'complete' | 'partial') : 'failed',
      failure,
      messages,
      phases: this.leader.phases,
      histograms: guests.flatMap((guest) => guest?.phases ?? []),
      contentDigests: guests.map((guest) => guest?.contentDigest),
      integrity,
      clockCostNs: this.backend.clockCostNs,
      memory: this.backend.memory,
    }
  }

  /** A run whose threads the system doesn't grant has not begun, and leaves nothing. */
  private throwIfRefused(): void {
    const [death] = this.engine.deaths
    if (death?.kind === 'resources') {
      throw new ResourceError(`the run asks for ${this.engine.count} threads, but ${death.message}`)
    }
  }

  private mustEnd(): boolean {
    const stopped =
      this.isStopped || this.options.signal?.aborted === true || this.leader.failure !== undefined
    return stopped || this.control.hasFailure() || this.engine.hasDeath()
  }

  private failureOf({ guests, reclaimer }: EngineResults): RunFailure | undefined {
    const guest = guests.findIndex((result) => result?.failure !== undefined)
    if (guest < 0) return this.leader.failure
    const { kind, message } = guests[guest]!.failure!
    const who = `guest ${this.plan.guests[guest]!.name}: ${message}`
    if (kind !== 'outOfFrames') return internal(who)
    const { frames, swap } = this.plan.host
    const memory = `all ${Math.round((frames * PAGE_BYTES) / 2 ** 20)} MiB of machine memory are in use`
    const swapError = reclaimer?.swapError
    const why = !swap.enabled
      ? 'swap is off'
      : swapError === undefined
        ? 'pages could not be swapped out fast enough'
        : `the swap file could not be written: ${swapError}`
    return { kind: 'resources', message: `${who}: ${memory} and ${why}` }
  }

  /** Waits until it holds; false if the limit came first. */
  private async poll(limitMs: number, holds: () => boolean): Promise<boolean> {
    const patience = new Patience(limitMs, () => this.engine.nowNs()).begin()
    while (!holds()) {
      if (patience.isOver()) return false
      await this.engine.sleep(POLL_MS)
    }
    return true
  }
}

const NO_RESULTS: EngineResults = { guests: [], reclaimer: undefined }
const UNVERIFIED: IntegrityReport = {
  pagesVerified: 0,
  mismatches: 0,
  leakedFrames: 0,
  violations: 0,
  findings: [],
}

/** Said when the guests did without the frames. */
function unswapped(swapError: string): string {
  return `the swap file could not be written: ${swapError}; pages that were to be swapped out stayed in memory`
}

function gibibytes(pages: number): number {
  return Math.ceil((pages * PAGE_BYTES) / 2 ** 30)
}

function internal(message: string): RunFailure {
  return { kind: 'internal', message }
}

function stuck(what: string, limitMs: number): RunFailure {
  return internal(`some threads did not ${what} within ${limitMs / 1000} s`)
}

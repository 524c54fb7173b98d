/**
 * The worker threads of a run: one for each guest, one for the scanner, one for the reclaimer, in one Piscina pool with
 * exactly as many threads. With fewer, some tasks would wait for others to end, and the start barrier for ever. In the
 * place of a thread that ends the pool starts another, which stays idle, unless the scanner is started anew on it.
 */
import { Piscina } from 'piscina'
import { messageOf } from '../errors.js'
import { guestTraceOf } from '../guest/guest-trace.js'
import { readTrace, type Trace } from '../guest/trace.js'
import { addressSpace } from '../host/resources.js'
import type { Plan } from '../scenario/plan.js'
import { Control } from '../sync/control.js'
import type {
  GuestPages,
  GuestResult,
  GuestTask,
  ReclaimerResult,
  ReclaimerTask,
  ScannerTask,
  WorkerTask,
} from './messages.js'
import type { RunFailure } from './run.js'
import { ScanGap } from './scan-gap.js'

const ENTRY_FILE = new URL('../../workers/entry.cjs', import.meta.url).href
const GUEST_FILE = new URL('../../workers/guest.js', import.meta.url).href
const SCANNER_FILE = new URL('../../workers/scanner.js', import.meta.url).href
const RECLAIMER_FILE = new URL('../../workers/reclaimer.js', import.meta.url).href

/**
 * Heap of one worker, which needs little: guest memory and all tables lie outside. A defect that fills it ends that thread,
 * and soon, instead of filling the machine.
 */
const HEAP_MAX_MB = 256

export interface WorkerResults {
  guests: (GuestResult | undefined)[]
  reclaimer: ReclaimerResult | undefined
}

type Shared = Omit<WorkerTask, 'thread'>

export class Workers {
  readonly count: number
  private readonly pool: Piscina
  private readonly control: Control
  /** Of each worker that died and was not replaced. */
  readonly deaths: RunFailure[] = []
  private readonly dead = new Set<number>()
  /** From the death of the scanner to the start of the one in its place, if there was such a thing. */
  private scanGap: ScanGap | undefined
  private guests: Promise<GuestResult | undefined>[] = []
  private scanner: Promise<void> = Promise.resolve()
  private reclaimer: Promise<ReclaimerResult | undefined> = Promise.resolve(undefined)

  constructor(
    private readonly plan: Plan,
    private readonly shared: Shared,
    /** How many available frames the reclaimer works for. */
    private readonly enoughFrames: number,
  ) {
    this.count = plan.guests.length + 2
    this.control = new Control(shared.control)
    this.pool = new Piscina({
      filename: ENTRY_FILE,
      minThreads: this.count,
      maxThreads: this.count,
      // Idle workers must not block in Atomics.wait: each task runs once, and the last message must get through.
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
    })
    // A thread that dies without a task, as one that was just started.
    this.pool.on('error', (error) => this.deaths.push(deathOf('a worker', error)))
  }

  /** Starts every worker's one task. */
  start(): void {
    const { plan, shared } = this
    const trace = plan.trace === undefined ? undefined : readTrace(plan.trace.file)
    const guestPages = pagesOf(plan)
    this.guests = plan.guests.map((guest, index) => {
      const task = this.guestTask(index, guestPages[index]!.firstPage, trace)
      return this.runTask<GuestResult>(task, GUEST_FILE, `guest ${guest.name}`)
    })
    const { seed, host, scanner, phases } = plan
    const hypervisor = { ...shared, plan: { seed, host, scanner, phases }, guests: guestPages }
    const scannerTask: ScannerTask = { ...hypervisor, thread: plan.guests.length }
    const reclaimerTask: ReclaimerTask = {
      ...hypervisor,
      thread: plan.guests.length + 1,
      enoughFrames: this.enoughFrames,
    }
    this.scanner = this.runScanner(scannerTask)
    this.reclaimer = this.runTask<ReclaimerResult>(reclaimerTask, RECLAIMER_FILE, 'the reclaimer')
  }

  hasDeath(): boolean {
    return this.deaths.length > 0
  }

  /** Does none of them touch the machine any more? */
  areQuiet(): boolean {
    for (let thread = 0; thread < this.count; thread++) {
      if (!this.control.isQuiet(thread) && !this.dead.has(thread)) return false
    }
    return true
  }

  /** What the reader of the results must know of workers that died and were replaced. */
  messages(): string[] {
    return this.scanGap === undefined ? [] : [this.scanGap.toString()]
  }

  async results(): Promise<WorkerResults> {
    const [guests, reclaimer] = await Promise.all([Promise.all(this.guests), this.reclaimer, this.scanner])
    return { guests, reclaimer }
  }

  async destroy(): Promise<void> {
    await this.pool.destroy()
  }

  private guestTask(guest: number, firstPage: number, trace: Trace | undefined): GuestTask {
    const { plan, shared } = this
    const guestPlan = plan.guests[guest]!
    return {
      ...shared,
      thread: guest,
      guest,
      plan: guestPlan,
      firstPage,
      seed: plan.seed,
      phases: plan.phases.map(({ name, seconds, ends }) => ({
        name,
        seconds,
        endsByTime: ends.when === 'time',
      })),
      scaleTime: plan.scale.time,
      stallLimitSeconds: plan.host.stallLimitSeconds,
      trace: trace && guestTraceOf(trace, guestPlan.traceGuest!),
    }
  }

  /** Runs the scanner, and under `onDeath: restart` another in its place if it dies. */
  private async runScanner(task: ScannerTask): Promise<void> {
    if (this.plan.scanner.onDeath === 'fail') return this.runTask(task, SCANNER_FILE, 'the scanner')
    try {
      await this.pool.run({ file: SCANNER_FILE, task })
    } catch (error) {
      this.scanGap = new ScanGap(this.plan, this.control, task.counters, task.thread, messageOf(error))
      this.control.markAbsent(task.thread)
      return this.runTask(task, SCANNER_FILE, 'the scanner that took over')
    }
  }

  /** A worker that dies leaves no result, and a line that says so. */
  private async runTask<Result>(task: WorkerTask, file: string, name: string): Promise<Result | undefined> {
    try {
      return (await this.pool.run({ file, task })) as Result
    } catch (error) {
      this.dead.add(task.thread)
      this.deaths.push(deathOf(name, error))
      return undefined
    }
  }
}

function deathOf(name: string, error: unknown): RunFailure {
  const message = `${name} died: ${messageOf(error)}`
  const isRefusal =
    (error instanceof RangeError && /could not allocate memory/.test(error.message)) ||
    (error as NodeJS.ErrnoException).code === 'ERR_WORKER_INIT_FAILED'
  return isRefusal
    ? { kind: 'resources', message: `${message}; ${addressSpace()}` }
    : { kind: 'internal', message }
}

function pagesOf(plan: Plan): GuestPages[] {
  let firstPage = 0
  return plan.guests.map(({ pages, share, salt }) => {
    const guest = { firstPage, pages, share, salt }
    firstPage += pages
    return guest
  })
}

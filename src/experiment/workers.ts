/**
 * The worker threads of a run: one for each guest, one for the scanner, one for the reclaimer, in one Piscina pool with
 * exactly as many threads. With fewer, some tasks would wait for others to end, and the start barrier for ever.
 */
import { Piscina } from 'piscina'
import { guestTraceOf } from '../guest/guest-trace.js'
import { readTrace, type Trace } from '../guest/trace.js'
import type { Plan } from '../scenario/plan.js'
import type {
  GuestPages,
  GuestResult,
  GuestTask,
  ReclaimerResult,
  ReclaimerTask,
  ScannerTask,
  WorkerTask,
} from './messages.js'

const GUEST_FILE = new URL('../../workers/guest.js', import.meta.url).href
const SCANNER_FILE = new URL('../../workers/scanner.js', import.meta.url).href
const RECLAIMER_FILE = new URL('../../workers/reclaimer.js', import.meta.url).href

export interface WorkerResults {
  guests: (GuestResult | undefined)[]
  reclaimer: ReclaimerResult | undefined
}

type Shared = Omit<WorkerTask, 'thread'>

export class Workers {
  readonly count: number
  private readonly pool: Piscina
  /** One line for each worker that died. */
  readonly deaths: string[] = []
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
    this.pool = new Piscina({
      minThreads: this.count,
      maxThreads: this.count,
      // Idle workers must not block in Atomics.wait: each task runs once, and the last message must get through.
      atomics: 'disabled',
    })
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
    this.scanner = this.runTask<void>(scannerTask, SCANNER_FILE, 'the scanner')
    this.reclaimer = this.runTask<ReclaimerResult>(reclaimerTask, RECLAIMER_FILE, 'the reclaimer')
  }

  hasDeath(): boolean {
    return this.deaths.length > 0
  }

  living(): number {
    return this.count - this.deaths.length
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

  /** A worker that dies leaves no result, and a line that says so. */
  private async runTask<Result>(
    task: WorkerTask,
    filename: string,
    name: string,
  ): Promise<Result | undefined> {
    try {
      return (await this.pool.run(task, { filename })) as Result
    } catch (error) {
      this.deaths.push(`${name} died: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
}

function pagesOf(plan: Plan): GuestPages[] {
  let firstPage = 0
  return plan.guests.map(({ pages, share, salt }) => {
    const guest = { firstPage, pages, share, salt }
    firstPage += pages
    return guest
  })
}

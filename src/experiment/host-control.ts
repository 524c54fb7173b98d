/**
 * What a scenario asks of the system for the threads of its run: which processors all of them and each may use, how the
 * scanners' are scheduled, and an account of the guests' time where they ask for a part of a processor.
 *
 * What the system refuses ends the run before its first phase; or, under `host.onRefusal: continue`, it goes on without, and
 * its results say so.
 */
import { existsSync } from 'node:fs'
import { messageOf, ResourceError } from '../errors.js'
import { allowedProcessors, limitProcessors, requireAmong } from '../host/affinity.js'
import { type SchedulingChange, setScheduling } from '../host/scheduling.js'
import { Shell } from '../host/shell.js'
import { threadId, threadTimes } from '../host/threads.js'
import type { Plan, ScannerThreadsPlan } from '../scenario/plan.js'

/** What is asked for one thread, and what messages call the key of that. */
interface ThreadRequest extends ScannerThreadsPlan {
  key: string
}

/**
 * Limits this process to the processors of a run, and finds out what else the system can do for it.
 * @throws ResourceError when that is not all, and the scenario insists; then nothing has changed
 */
export async function takeHost(plan: Plan): Promise<HostControl> {
  const { processors, processorNumbers, onRefusal } = plan.host
  const refusals = new Refusals(onRefusal)
  const liftLimit = await refusals.attempt(() => limitProcessors(processorNumbers ?? processors))
  try {
    const isAccounted = await refusals.attempt(() => requireAccount(plan))
    const requests: ThreadRequest[] = []
    for (const request of requestsOf(plan)) {
      const isPossible = await refusals.attempt(() => requireProcessors(request))
      requests.push(isPossible ? request : { ...request, processors: undefined })
    }
    return new HostControl(isAccounted ? plan : withoutDemand(plan), requests, refusals, liftLimit)
  } catch (error) {
    liftLimit?.()
    throw error
  }
}

export class HostControl {
  private readonly shell: Shell | undefined
  /** What the scanners' threads were steered to. */
  private scannerNice: number | undefined

  constructor(
    /** As far as the system can do what it asks for. */
    readonly plan: Plan,
    /** In the order of the workers, none for the reclaimer; the last is the scanner's, also if that is ksmd. */
    private readonly requests: readonly ThreadRequest[],
    private readonly refusals: Refusals,
    private readonly liftLimit: (() => void) | undefined,
  ) {
    const ofWorkers = plan.backend === 'lab' ? requests : requests.slice(0, -1)
    if (ofWorkers.some(needsShell)) this.shell = new Shell()
  }

  /** What the run must go on without. */
  get messages(): readonly string[] {
    return this.refusals.messages
  }

  /**
   * Does to a worker's thread what is asked for it; one that has ended meanwhile is left alone.
   * @throws ResourceError when the system refuses it, and the scenario insists
   */
  async applyTo(worker: number, threadId: number): Promise<void> {
    const planned = this.requests[worker]
    if (planned === undefined) return
    const isSteered = worker >= this.plan.guests.length && this.scannerNice !== undefined
    const request = isSteered ? { ...planned, nice: this.scannerNice } : planned
    const run = (...command: readonly (string | number)[]) => this.shell!.run(...command)
    await this.apply(request, (change) => onThread(threadId, () => setScheduling(threadId, change, run)))
  }

  /**
   * The same for a scanner that is no worker of the run's.
   * @param schedule makes one change to it
   * @throws ResourceError as applyTo
   */
  async applyToScanner(schedule: (change: SchedulingChange) => void): Promise<void> {
    await this.apply(this.requests.at(-1)!, schedule)
  }

  /**
   * Changes the niceness of the scanners' threads, and of those that may take their place.
   * @throws ResourceError when the system refuses
   */
  renice(nice: number, threadIds: readonly number[]): void {
    const never = () => {
      throw new Error('niceness takes no command')
    }
    for (const threadId of threadIds) setScheduling(threadId, { nice }, never)
    this.scannerNice = nice
  }

  release(): void {
    this.shell?.close()
    this.liftLimit?.()
  }

  private async apply(
    { key, ...asked }: ThreadRequest,
    schedule: (change: SchedulingChange) => void | Promise<void>,
  ): Promise<void> {
    for (const change of changesOf(asked)) {
      await this.refusals.attempt(async () => {
        try {
          await schedule(change)
        } catch (error) {
          const [[name, value]] = Object.entries(change) as [[string, unknown]]
          throw new ResourceError(`${key}.${name}: can't be ${value} here (${messageOf(error)})`)
        }
      })
    }
  }
}

/** Keeps what was refused, if that need not be the end. */
class Refusals {
  readonly messages: string[] = []

  constructor(private readonly onRefusal: Plan['host']['onRefusal']) {}

  /** @returns undefined when the system refused, and the run goes on without */
  async attempt<Result>(action: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof ResourceError)) throw error
      if (this.onRefusal === 'fail')
        throw new ResourceError(`${error.message}; host.onRefusal: continue would go on without`)
      const message = `${error.message}; the run went on without`
      if (!this.messages.includes(message)) this.messages.push(message)
      return undefined
    }
  }
}

/** In the order of the workers. With backend `linux-ksm` there is no worker for the last of these. */
function requestsOf({ guests, scanner, scannerThreads }: Plan): ThreadRequest[] {
  const ofGuests = guests.map(({ processors }): ThreadRequest => {
    return { key: 'guests', nice: undefined, class: 'SCHED_OTHER', processors }
  })
  const ofScanners = Array.from({ length: scanner.count }, () => ({ key: 'scanner', ...scannerThreads }))
  return [...ofGuests, ...ofScanners]
}

/** In this order: a change of class might touch the niceness. */
function changesOf({ class: schedulingClass, nice, processors }: ScannerThreadsPlan): SchedulingChange[] {
  const changes: SchedulingChange[] = []
  if (schedulingClass !== 'SCHED_OTHER') changes.push({ class: schedulingClass })
  if (nice !== undefined) changes.push({ nice })
  if (processors !== undefined) changes.push({ processors })
  return changes
}

function needsShell({ class: schedulingClass, processors }: ThreadRequest): boolean {
  return schedulingClass !== 'SCHED_OTHER' || processors !== undefined
}

/** Those of the run, which have been limited by now. */
function requireProcessors({ key, processors = [] }: ThreadRequest): true {
  if (processors.length === 0) return true
  const ofRun = allowedProcessors()
  if (ofRun === undefined)
    throw new ResourceError(`${key}.processors: this system does not tell which there are`)
  requireAmong(processors, ofRun, `${key}.processors`, 'the run may use')
  return true
}

function requireAccount({ guests }: Plan): true {
  const demands = guests.some(({ demand }) => demand.some((part) => part > 0))
  if (!demands || threadTimes(threadId()) !== undefined) return true
  throw new ResourceError(
    'guests.demand: this system keeps no account of the processor time of threads (/proc/thread-self/schedstat)',
  )
}

function withoutDemand(plan: Plan): Plan {
  return { ...plan, guests: plan.guests.map((guest) => ({ ...guest, demand: guest.demand.map(() => 0) })) }
}

/** A thread that has ended is nobody's to control. */
async function onThread(threadId: number, action: () => void | Promise<void>): Promise<void> {
  if (threadId === 0) throw new ResourceError("this system does not tell its threads' numbers")
  try {
    await action()
  } catch (error) {
    if (existsSync(`/proc/self/task/${threadId}`)) throw error
  }
}

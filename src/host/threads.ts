/**
 * The kernel's own account of a thread, in two files of /proc/self/task/TID (Linux):
 *
 *   schedstat  time on a processor, time runnable but waiting for one, and how often it was given one
 *              (Documentation/scheduler/sched-stats.rst)
 *   status     how often it gave its processor up, and how often it was taken from it (proc_pid_status(5))
 *
 * The time of a thread that runs is brought up to date at the timer's ticks, a wait is added when it ends. Off Linux there
 * is no such account: absent, not zero.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { isSystemError } from '../errors.js'
import { ProcFile, parseNumbers } from './proc-file.js'

export interface ThreadTimes {
  /** Time on a processor, ns. */
  cpuNs: number
  /** Time runnable but waiting for a processor, ns. */
  waitingNs: number
}

/** Counts since the thread began. */
export interface ThreadAccount extends ThreadTimes {
  /** How often it was given a processor. */
  slices: number
  voluntarySwitches: number
  involuntarySwitches: number
}

/** The calling thread's id at the system, 0 where the system doesn't tell. */
export function threadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

/** The account of one worker, whichever threads were it: of one that has ended it keeps what was last read. */
export class WorkerAccount {
  private threadId = 0
  private files: ThreadFiles | undefined
  private before: ThreadAccount | undefined
  private current: ThreadAccount | undefined

  /** @param directory where its threads' directories are */
  constructor(private readonly directory = '/proc/self/task') {}

  /** @param threadId of the thread that is the worker now, 0 if it is not known */
  read(threadId: number): ThreadAccount | undefined {
    if (threadId !== this.threadId) {
      this.close()
      this.before = this.total()
      this.current = undefined
      this.threadId = threadId
    }
    this.current = this.readFiles() ?? this.current
    return this.total()
  }

  /** Gives its files back; they are opened again if it is read again. */
  close(): void {
    this.files?.close()
    this.files = undefined
  }

  private readFiles(): ThreadAccount | undefined {
    if (this.threadId === 0) return undefined
    try {
      this.files ??= new ThreadFiles(`${this.directory}/${this.threadId}`)
      return this.files.read()
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.close()
      return undefined
    }
  }

  private total(): ThreadAccount | undefined {
    const { before, current } = this
    if (before === undefined || current === undefined) return current ?? before
    return {
      cpuNs: before.cpuNs + current.cpuNs,
      waitingNs: before.waitingNs + current.waitingNs,
      slices: before.slices + current.slices,
      voluntarySwitches: before.voluntarySwitches + current.voluntarySwitches,
      involuntarySwitches: before.involuntarySwitches + current.involuntarySwitches,
    }
  }
}

/** What is read, as bytes: one buffer for all, since nothing of it is kept. A `status` has some 1,500. */
const TEXT = Buffer.alloc(8192)
const TIMES = new Float64Array(3)
const SWITCHES = new Float64Array(2)
/** The line after it has the involuntary ones. */
const SWITCHES_LABEL = Buffer.from('\nvoluntary_ctxt_switches:')

/** Both files of one thread, kept open. */
class ThreadFiles {
  private readonly schedstat: ProcFile
  private readonly status: ProcFile
  private last: ThreadAccount | undefined

  constructor(directory: string) {
    this.schedstat = new ProcFile(`${directory}/schedstat`)
    try {
      this.status = new ProcFile(`${directory}/status`)
    } catch (error) {
      this.schedstat.close()
      throw error
    }
  }

  /** Undefined from a kernel that keeps no account: its schedstat is all zeros. */
  read(): ThreadAccount | undefined {
    if (parseNumbers(TEXT, 0, this.schedstat.readInto(TEXT), TIMES) < TIMES.length) return undefined
    const [cpuNs, waitingNs, slices] = TIMES as unknown as [number, number, number]
    if (slices === 0) return undefined
    // Not switched since, then: `status` takes the kernel five times as long as `schedstat`.
    if (cpuNs === this.last?.cpuNs && slices === this.last.slices) return this.last
    const end = this.status.readInto(TEXT)
    const at = TEXT.indexOf(SWITCHES_LABEL)
    if (at < 0 || parseNumbers(TEXT, at, end, SWITCHES) < SWITCHES.length) return undefined
    const [voluntarySwitches, involuntarySwitches] = SWITCHES as unknown as [number, number]
    this.last = { cpuNs, waitingNs, slices, voluntarySwitches, involuntarySwitches }
    return this.last
  }

  close(): void {
    this.schedstat.close()
    this.status.close()
  }
}

/**
 * The calling thread's time on a processor: what the kernel has counted of it up to the last tick, and all of it if the
 * thread has just slept.
 */
export class OwnProcessorTime {
  private file: ProcFile | undefined

  /** @throws the system's error where there is no such account */
  readNs(): number {
    this.file ??= new ProcFile('/proc/thread-self/schedstat')
    parseNumbers(TEXT, 0, this.file.readInto(TEXT), TIMES)
    return TIMES[0]!
  }

  close(): void {
    this.file?.close()
    this.file = undefined
  }
}

/** Undefined where there is no such account, or no such thread any more. */
export function threadTimes(threadId: number): ThreadTimes | undefined {
  return threadId === 0 ? undefined : readTimes(`/proc/self/task/${threadId}/schedstat`)
}

/** Of the thread whose file it is, of this process or another. */
export function readTimes(schedstat: string): ThreadTimes | undefined {
  try {
    const fields = readFileSync(schedstat, 'utf8').trim().split(' ').map(Number)
    const [cpuNs, waitingNs] = fields
    return cpuNs === undefined || waitingNs === undefined ? undefined : { cpuNs, waitingNs }
  } catch {
    return undefined
  }
}

/**
 * The kernel's own account of a thread: /proc/self/task/TID/schedstat (Linux, Documentation/scheduler/sched-stats.rst).
 * Off Linux there is none: absent, not zero.
 */
import { readFileSync, readlinkSync } from 'node:fs'

export interface ThreadTimes {
  /** Time on a processor, ns. */
  cpuNs: number
  /** Time runnable but waiting for a processor, ns. */
  waitingNs: number
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
export class WorkerTimes {
  private threadId = 0
  private before: ThreadTimes | undefined
  private current: ThreadTimes | undefined

  /** @param threadId of the thread that is the worker now */
  read(threadId: number): ThreadTimes | undefined {
    if (threadId !== this.threadId) {
      this.before = this.total()
      this.current = undefined
      this.threadId = threadId
    }
    this.current = threadTimes(threadId) ?? this.current
    return this.total()
  }

  private total(): ThreadTimes | undefined {
    const { before, current } = this
    if (before === undefined || current === undefined) return current ?? before
    return { cpuNs: before.cpuNs + current.cpuNs, waitingNs: before.waitingNs + current.waitingNs }
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

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

/** Undefined where there is no such account, or no such thread any more. */
export function threadTimes(threadId: number): ThreadTimes | undefined {
  if (threadId === 0) return undefined
  try {
    const fields = readFileSync(`/proc/self/task/${threadId}/schedstat`, 'utf8').trim().split(' ').map(Number)
    const [cpuNs, waitingNs] = fields
    return cpuNs === undefined || waitingNs === undefined ? undefined : { cpuNs, waitingNs }
  } catch {
    return undefined
  }
}

/**
 * How the system schedules one thread: its niceness by setpriority(2), which on Linux takes a thread's number, its class and
 * processors by chrt and taskset (util-linux), for which Node has no calls.
 */
import { setPriority } from 'node:os'
import { messageOf, ResourceError } from '../errors.js'
import type { Shell } from './shell.js'

/** sched(7), those that need no real-time priority. */
export const SCHEDULING_CLASSES = ['SCHED_OTHER', 'SCHED_BATCH', 'SCHED_IDLE'] as const
export type SchedulingClass = (typeof SCHEDULING_CLASSES)[number]

const CHRT_OPTIONS: Record<SchedulingClass, string> = {
  SCHED_OTHER: '--other',
  SCHED_BATCH: '--batch',
  SCHED_IDLE: '--idle',
}

/** @throws ResourceError when the system refuses */
export function setNiceness(threadId: number, nice: number): void {
  try {
    setPriority(threadId, nice)
  } catch (error) {
    const { info } = error as { info?: { message?: string } }
    throw new ResourceError(info?.message ?? messageOf(error))
  }
}

/** @throws ResourceError when the system refuses, or has no chrt */
export function setClass(shell: Shell, threadId: number, schedulingClass: SchedulingClass): Promise<void> {
  return shell.run('chrt', CHRT_OPTIONS[schedulingClass], '--pid', 0, threadId)
}

/** @throws ResourceError when the system refuses, or has no taskset */
export function setProcessors(shell: Shell, threadId: number, processors: readonly number[]): Promise<void> {
  return shell.run('taskset', '--cpu-list', '--pid', processors.join(','), threadId)
}

/**
 * How the system schedules one thread: its niceness by setpriority(2), which on Linux takes a thread's number, its class and
 * processors by chrt and taskset (util-linux), for which Node has no calls.
 */
import { setPriority } from 'node:os'
import { messageOf, ResourceError } from '../errors.js'

/** sched(7), those that need no real-time priority. */
export const SCHEDULING_CLASSES = ['SCHED_OTHER', 'SCHED_BATCH', 'SCHED_IDLE'] as const
export type SchedulingClass = (typeof SCHEDULING_CLASSES)[number]

const CHRT_OPTIONS: Record<SchedulingClass, string> = {
  SCHED_OTHER: '--other',
  SCHED_BATCH: '--batch',
  SCHED_IDLE: '--idle',
}

export interface Scheduling {
  class: SchedulingClass
  nice: number
  /** Numbers of those that the thread may use. */
  processors: readonly number[]
}

/** One of the three. */
export type SchedulingChange = { [Name in keyof Scheduling]: Pick<Scheduling, Name> }[keyof Scheduling]

/**
 * @param run runs one of the system's commands
 * @throws ResourceError when the system refuses, or has no such command; or what `run` returns fails with it
 */
export function setScheduling<Done>(
  threadId: number,
  change: SchedulingChange,
  run: (command: string, ...words: readonly (string | number)[]) => Done,
): Done | undefined {
  if ('class' in change) return run('chrt', CHRT_OPTIONS[change.class], '--pid', 0, threadId)
  if ('processors' in change)
    return run('taskset', '--cpu-list', '--pid', change.processors.join(','), threadId)
  setNiceness(threadId, change.nice)
  return undefined
}

function setNiceness(threadId: number, nice: number): void {
  try {
    setPriority(threadId, nice)
  } catch (error) {
    const { info } = error as { info?: { message?: string } }
    throw new ResourceError(info?.message ?? messageOf(error))
  }
}

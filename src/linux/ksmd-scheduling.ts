/**
 * How the system schedules ksmd: a kernel thread, which the kernel starts at niceness 5, but which root may schedule as any
 * other thread.
 */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ResourceError } from '../errors.js'
import { parseCpuList } from '../host/affinity.js'
import { runCommand } from '../host/run-command.js'
import {
  type Scheduling,
  type SchedulingChange,
  type SchedulingClass,
  setScheduling,
} from '../host/scheduling.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { findKsmd } from './ksmd.js'
import { readProcessStat } from './process-stat.js'
import { readIfThere } from './read-if-there.js'

/** linux/sched.h */
const CLASS_OF_POLICY: Record<number, SchedulingClass> = {
  0: 'SCHED_OTHER',
  3: 'SCHED_BATCH',
  5: 'SCHED_IDLE',
}

/** @throws ResourceError when ksmd can't be seen, or has a class that could not be put back */
export function readKsmdScheduling(paths: Pick<KsmPaths, 'proc'> = KSM_PATHS): Scheduling {
  const pid = requireKsmd(paths)
  const { nice, policy } = readProcessStat(pid, paths) ?? notSeen()
  const status = readIfThere(join(paths.proc, String(pid), 'status')) ?? notSeen()
  const schedulingClass = CLASS_OF_POLICY[policy]
  if (schedulingClass === undefined) throw new ResourceError('somebody gave ksmd a real-time class')
  const processors = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? notSeen()
  return { class: schedulingClass, nice, processors: parseCpuList(processors) }
}

/** @throws ResourceError when ksmd can't be seen, or the system refuses */
export function scheduleKsmd(change: SchedulingChange, paths: Pick<KsmPaths, 'proc'> = KSM_PATHS): void {
  setScheduling(requireKsmd(paths), change, runCommand)
}

/**
 * Changes what is not as it was: what was refused then might be refused again. The class comes first, since a change of it
 * might touch the niceness.
 * @throws ResourceError as scheduleKsmd
 */
export function putBackKsmd(before: Scheduling, paths: Pick<KsmPaths, 'proc'> = KSM_PATHS): void {
  const { class: schedulingClass, nice, processors } = before
  for (const change of [{ class: schedulingClass }, { nice }, { processors }]) {
    const now = readKsmdScheduling(paths)
    if (!isDeepStrictEqual(now, { ...now, ...change })) scheduleKsmd(change, paths)
  }
}

function requireKsmd(paths: Pick<KsmPaths, 'proc'>): number {
  return findKsmd(paths) ?? notSeen()
}

function notSeen(): never {
  throw new ResourceError("ksmd can't be seen from here")
}

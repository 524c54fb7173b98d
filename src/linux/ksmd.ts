/** ksmd, the kernel thread that scans: the one thread for the whole machine. */
import { join } from 'node:path'
import { readTimes, type ThreadTimes } from '../host/threads.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { processIds, readProcessStat } from './process-stat.js'

/** Its number, which stays the same until the next boot; undefined where it can't be seen, as from most containers. */
export function findKsmd(paths: Pick<KsmPaths, 'proc'> = KSM_PATHS): number | undefined {
  return processIds(paths).find((pid) => {
    const process = readProcessStat(pid, paths)
    return process?.comm === 'ksmd' && process.isKernelThread
  })
}

/** Its time on a processor and waiting for one since boot. */
export function readKsmdTimes(
  pid: number,
  { proc }: Pick<KsmPaths, 'proc'> = KSM_PATHS,
): ThreadTimes | undefined {
  return readTimes(join(proc, String(pid), 'schedstat'))
}

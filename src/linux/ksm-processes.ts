/** The processes that KSM has to do with: those with memory that it may merge, or has met, or has merged. */
import { isSystemError } from '../errors.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { type HostKsmStat, readKsmStat } from './ksm-stat.js'
import { processIds, readProcessStat } from './process-stat.js'

export interface KsmProcess extends HostKsmStat {
  pid: number
  /** As the process named itself: may hold any letters. */
  comm: string
}

export interface KsmProcesses {
  processes: KsmProcess[]
  /** How many more there are of other users, whose account only root may read. */
  unreadable: number
}

export function readKsmProcesses(paths: Pick<KsmPaths, 'proc'> = KSM_PATHS): KsmProcesses {
  const processes: KsmProcess[] = []
  let unreadable = 0
  for (const pid of processIds(paths)) {
    const stat = readableKsmStat(pid, paths)
    if (stat !== 'refused' && !concernsKsm(stat)) continue
    // One that has vanished in the meantime is left out.
    const process = readProcessStat(pid, paths)
    if (process === undefined) continue
    if (stat !== 'refused') processes.push({ pid, comm: process.comm, ...stat })
    else if (!process.isKernelThread) unreadable++
  }
  return { processes, unreadable }
}

function readableKsmStat(pid: number, paths: Pick<KsmPaths, 'proc'>): HostKsmStat | undefined | 'refused' {
  try {
    return readKsmStat(pid, paths)
  } catch (error) {
    if (isSystemError(error) && (error.code === 'EACCES' || error.code === 'EPERM')) return 'refused'
    throw error
  }
}

function concernsKsm(stat: HostKsmStat | undefined): stat is HostKsmStat {
  if (stat === undefined) return false
  const { ksm_rmap_items, ksm_zero_pages, ksm_merging_pages, ksm_merge_any, ksm_mergeable } = stat
  const pages = (ksm_rmap_items ?? 0) + (ksm_zero_pages ?? 0) + (ksm_merging_pages ?? 0)
  return pages > 0 || ksm_merge_any === true || ksm_mergeable === true
}

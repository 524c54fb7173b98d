/** /proc/PID/ksm_stat: what KSM does to one process. Fields that the kernel is too old for are undefined. */
import { join } from 'node:path'
import type { KsmStat } from '../ksm/counters.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { readIfThere } from './read-if-there.js'

export type HostKsmStat = { [Name in keyof KsmStat]: number | undefined } & {
  /** All its memory that can be is mergeable: prctl(PR_SET_MEMORY_MERGE). */
  ksm_merge_any: boolean | undefined
  /** Some of its memory is mergeable. */
  ksm_mergeable: boolean | undefined
}

/**
 * Undefined where there is no such process or it has no memory of its own, as kernel threads.
 * @throws the system's error, EACCES, for a process of another user
 */
export function readKsmStat(
  pid: number,
  { proc }: Pick<KsmPaths, 'proc'> = KSM_PATHS,
): HostKsmStat | undefined {
  const text = readIfThere(join(proc, String(pid), 'ksm_stat'))
  if (text === undefined || text === '') return undefined
  const values = new Map(text.split('\n').map((line) => line.split(/:? /) as [string, string]))
  const count = (name: keyof KsmStat) => (values.has(name) ? Number(values.get(name)) : undefined)
  const flag = (name: string) => (values.has(name) ? values.get(name) === 'yes' : undefined)
  return {
    ksm_rmap_items: count('ksm_rmap_items'),
    ksm_zero_pages: count('ksm_zero_pages'),
    ksm_merging_pages: count('ksm_merging_pages'),
    ksm_process_profit: count('ksm_process_profit'),
    ksm_merge_any: flag('ksm_merge_any'),
    ksm_mergeable: flag('ksm_mergeable'),
  }
}

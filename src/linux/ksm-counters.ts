/**
 * The counters of the host's KSM. A kernel that is too old for one has no file for it: undefined, not zero.
 * The files are read one after the other while ksmd works, so counters of one reading may be a few pages apart.
 */
import { join } from 'node:path'
import type { KernelKsmCounters } from '../ksm/counters.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { readIfThere } from './read-if-there.js'

export type HostKsmCounters = { [Name in keyof KernelKsmCounters]: number | undefined }

/** Of all memory, since boot. */
export interface KsmEvents {
  /** Copy-on-write breaks of KSM pages. */
  cow_ksm: number | undefined
  /** KSM pages that had to be copied when they came back from swap. */
  ksm_swpin_copy: number | undefined
}

export function readKsmCounter(
  name: keyof KernelKsmCounters,
  { sysfs }: Pick<KsmPaths, 'sysfs'> = KSM_PATHS,
): number | undefined {
  const text = readIfThere(join(sysfs, name))
  return text === undefined ? undefined : Number(text)
}

export function readKsmCounters(paths: Pick<KsmPaths, 'sysfs'> = KSM_PATHS): HostKsmCounters {
  const counter = (name: keyof KernelKsmCounters) => readKsmCounter(name, paths)
  return {
    pages_shared: counter('pages_shared'),
    pages_sharing: counter('pages_sharing'),
    pages_unshared: counter('pages_unshared'),
    pages_volatile: counter('pages_volatile'),
    pages_scanned: counter('pages_scanned'),
    pages_skipped: counter('pages_skipped'),
    full_scans: counter('full_scans'),
    ksm_zero_pages: counter('ksm_zero_pages'),
    stable_node_chains: counter('stable_node_chains'),
    stable_node_dups: counter('stable_node_dups'),
    general_profit: counter('general_profit'),
  }
}

/** /proc/vmstat */
export function readKsmEvents({ proc }: Pick<KsmPaths, 'proc'> = KSM_PATHS): KsmEvents {
  const text = readIfThere(join(proc, 'vmstat')) ?? ''
  const event = (name: keyof KsmEvents) => {
    const count = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]
    return count === undefined ? undefined : Number(count)
  }
  return { cow_ksm: event('cow_ksm'), ksm_swpin_copy: event('ksm_swpin_copy') }
}

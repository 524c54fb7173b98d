/** What of an observation the lab and the kernel must have alike, see ksm-cases.ts. */
import type { KernelKsmCounters } from '../../src/ksm/counters.js'
import type { KsmObservation } from './ksm-cases.js'

/** The lab counts no chains of nodes, and to the kernel an unmerge is a break of every page. */
export function comparable({ counters, stat, cow_ksm }: KsmObservation, unmerged: boolean): object {
  const { stable_node_chains, stable_node_dups, ...counted } = counters as KernelKsmCounters
  return { counters: counted, stat, ...(unmerged ? {} : { cow_ksm }) }
}

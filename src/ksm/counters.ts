/**
 * KSM's counters, under the kernel's own names and with its own meanings (Linux 6.18, mm/ksm.c;
 * Documentation/admin-guide/mm/ksm.rst). Of the lab's policy `ksm` and of the real kernel alike.
 *
 * They are the scanner's account: what a copy-on-write break takes away is subtracted only when the scanner next comes
 * to the page. `ksm_zero_pages` alone is kept up by the fault itself.
 */

/** sizeof(struct ksm_rmap_item), 64-bit kernels. */
const RMAP_ITEM_BYTES = 64
const PAGE_BYTES = 4096

/** /sys/kernel/mm/ksm, what is counted there. */
export interface KsmCounters {
  /** Stable nodes in use: frames that several pages share, or did. */
  pages_shared: number
  /** Mappings beyond the first of each stable node: pages saved. */
  pages_sharing: number
  /** Pages in the unstable tree: looked for, matched by none, and in reach of the next that is equal. */
  pages_unshared: number
  /** rmap_items of none of the above: pages that changed too fast, or were skipped. */
  pages_volatile: number
  /** Pages that were looked at since boot, or since the start of the run; not those skipped. */
  pages_scanned: number
  /** Pages that smart_scan passed over. */
  pages_skipped: number
  /** Completed passes over all mergeable memory; 0 again after an unmerge. */
  full_scans: number
  /** Mappings of the zero page placed by KSM (use_zero_pages). */
  ksm_zero_pages: number
  /** Bytes: what is saved, less what the rmap_items take. */
  general_profit: number
}

/** What the kernel counts besides; the lab, whose share table has no chains of nodes, does not. */
export interface KernelKsmCounters extends KsmCounters {
  /** Contents with more sharers than max_page_sharing, and the frames that they have together. */
  stable_node_chains: number
  stable_node_dups: number
}

/** /proc/PID/ksm_stat: of one process, here of one guest. */
export interface KsmStat {
  /** Pages that KSM keeps an item for: those that it has met. */
  ksm_rmap_items: number
  ksm_zero_pages: number
  /** Pages of it that map a stable node, first mappings included. */
  ksm_merging_pages: number
  /** Bytes; counts first mappings as saved too. */
  ksm_process_profit: number
}

/** Bytes (ksm.c, general_profit_show). */
export function generalProfit(pages_sharing: number, ksm_zero_pages: number, rmapItems: number): number {
  return (pages_sharing + ksm_zero_pages) * PAGE_BYTES - rmapItems * RMAP_ITEM_BYTES
}

/** Bytes (ksm.c, ksm_process_profit): generous to a process, whose first mappings save nothing. */
export function processProfit(stat: Omit<KsmStat, 'ksm_process_profit'>): number {
  return generalProfit(stat.ksm_merging_pages, stat.ksm_zero_pages, stat.ksm_rmap_items)
}

/**
 * Pages (ksm.c, pages_volatile_show). The counters are read one after the other, so the difference may be negative: 0
 * then, as there.
 */
export function pagesVolatile(
  rmapItems: number,
  {
    pages_shared,
    pages_sharing,
    pages_unshared,
  }: Pick<KsmCounters, 'pages_shared' | 'pages_sharing' | 'pages_unshared'>,
): number {
  return Math.max(0, rmapItems - pages_shared - pages_sharing - pages_unshared)
}

/** KSM's own counters, under the kernel's names: of policy `ksm` in the lab, of the kernel, and in `twinpage top`. */
import type { Entry } from './entry.js'

const RST = 'Documentation/admin-guide/mm/ksm.rst'
const SYSFS = '/sys/kernel/mm/ksm'

interface Rest extends Partial<Pick<Entry, 'aliases' | 'top' | 'metrics'>> {}

/** One that the kernel, the lab and the time series have under one name. */
function counter(name: string, unit: string, meaning: string, rest: Rest = {}): Entry {
  return {
    kind: 'counter',
    name,
    meaning,
    unit,
    columns: [`ksm.${name}`],
    fields: [`phases[].ksm.${name}`],
    ...rest,
    top: [`counters.${name}`, ...(rest.top ?? [])],
    kernel: [`${name} (${SYSFS})`],
    definedBy: `mm/ksm.c; ${RST}`,
  }
}

/** Of a process; the counts also of a guest in the lab. */
function ofProcess(name: string, meaning: string, rest: Partial<Entry> = {}): Entry {
  return {
    kind: 'counter',
    name,
    meaning,
    fields: [`phases[].guests.<guest>.ksm_stat.${name}`, `phases[].linux.ksm_stat.${name}`],
    top: [`processes[].${name}`],
    kernel: [`${name} (/proc/PID/ksm_stat)`],
    definedBy: `fs/proc/base.c, mm/ksm.c; ${RST}`,
    ...rest,
  }
}

export const KSM_COUNTERS: readonly Entry[] = [
  counter(
    'pages_shared',
    'pages',
    'stable nodes in use: frames that several pages share, or did when they were last looked at',
  ),
  counter('pages_sharing', 'pages', 'mappings beyond the first of each stable node: pages saved'),
  counter(
    'pages_unshared',
    'pages',
    'pages in the unstable tree: unchanged for a scan, looked for, and equal to nothing that was found',
    { metrics: ['twinpage_ksm_unshared_bytes'] },
  ),
  counter(
    'pages_volatile',
    'pages',
    'all other pages that KSM has met: they changed too fast for a tree, or were passed over',
    { metrics: ['twinpage_ksm_volatile_bytes'] },
  ),
  counter(
    'pages_scanned',
    'pages',
    'pages that the scanner looked at; not those that smart_scan passed over',
    {
      metrics: ['twinpage_ksm_scanned_pages_total'],
    },
  ),
  counter('pages_skipped', 'pages', 'pages that smart_scan passed over', {
    top: ['skippedPagesPerSecond'],
    metrics: ['twinpage_ksm_skipped_pages_total'],
  }),
  counter('full_scans', 'count', 'completed passes over all mergeable memory; 0 again after an unmerge', {
    metrics: ['twinpage_ksm_passes_total'],
  }),
  counter(
    'ksm_zero_pages',
    'pages',
    'mappings of the zero page made by KSM (use_zero_pages); the only counter that CoW faults keep up by themselves',
  ),
  counter(
    'general_profit',
    'bytes',
    'what is saved less what KSM takes for it: (pages_sharing + ksm_zero_pages) × 4096 − 64 for each page that it has met',
    { top: ['profitMiB'], metrics: ['twinpage_ksm_profit_bytes'] },
  ),
  {
    kind: 'counter',
    name: 'cow_ksm',
    meaning:
      "the kernel's count of copy-on-write breaks of KSM pages: over a phase, and from the start of the run in timeseries.csv; backend linux-ksm only",
    unit: 'count',
    columns: ['ksm.cow_ksm'],
    fields: ['phases[].ksm.cow_ksm', 'phases[].linux.cow_ksm'],
    top: ['events.cow_ksm'],
    metrics: ['twinpage_ksm_cow_breaks_total'],
    kernel: ['cow_ksm (/proc/vmstat)'],
    definedBy: `mm/memory.c; ${RST}`,
  },
  {
    kind: 'counter',
    name: 'zeroPageFaults',
    meaning:
      'CoW faults over a phase that met a page of zeros. Under use_zero_pages cow_ksm does not have them; backend linux-ksm only',
    unit: 'count',
    fields: ['phases[].linux.zeroPageFaults'],
    definedBy: 'docs/linux-ksm.md',
  },
  {
    kind: 'counter',
    name: 'ksm_swpin_copy',
    meaning: 'KSM pages that had to be copied when they came back from swap',
    unit: 'count',
    top: ['events.ksm_swpin_copy'],
    metrics: ['twinpage_ksm_swapin_copies_total'],
    kernel: ['ksm_swpin_copy (/proc/vmstat)'],
    definedBy: `mm/ksm.c; ${RST}`,
  },
  {
    kind: 'counter',
    name: 'stable_node_chains',
    meaning: 'contents with more sharers than max_page_sharing, each a chain of several frames',
    unit: 'count',
    top: ['counters.stable_node_chains'],
    metrics: ['twinpage_ksm_chains'],
    kernel: [`stable_node_chains (${SYSFS})`],
    definedBy: `mm/ksm.c; ${RST}`,
  },
  {
    kind: 'counter',
    name: 'stable_node_dups',
    meaning: 'the frames that these chains have together',
    unit: 'count',
    top: ['counters.stable_node_dups'],
    kernel: [`stable_node_dups (${SYSFS})`],
    definedBy: `mm/ksm.c; ${RST}`,
  },
  ofProcess(
    'ksm_rmap_items',
    'pages of the process (in the lab, of the guest) that KSM keeps an item on: those that it has met',
    { unit: 'pages', metrics: ['twinpage_ksm_process_rmap_items'] },
  ),
  ofProcess('ksm_merging_pages', 'its pages that map a stable node, first mappings included', {
    unit: 'pages',
    metrics: ['twinpage_ksm_process_merged_bytes'],
  }),
  ofProcess('ksm_zero_pages', 'its pages that KSM has mapped to the zero page', {
    name: 'ksm_stat.ksm_zero_pages',
    unit: 'pages',
    metrics: ['twinpage_ksm_process_zero_bytes'],
  }),
  ofProcess(
    'ksm_process_profit',
    'as general_profit, of one process; with first mappings as if they were saved, so that processes together have more than the host',
    { unit: 'bytes', metrics: ['twinpage_ksm_process_profit_bytes'] },
  ),
  ofProcess(
    'ksm_merge_any',
    'all memory of the process that can be is mergeable (prctl, PR_SET_MEMORY_MERGE)',
    {
      fields: ['phases[].linux.ksm_stat.ksm_merge_any'],
    },
  ),
  ofProcess('ksm_mergeable', 'some memory of the process is mergeable (madvise, MADV_MERGEABLE)', {
    fields: ['phases[].linux.ksm_stat.ksm_mergeable'],
  }),
  {
    kind: 'counter',
    name: 'passSeconds',
    meaning:
      'time of the last pass of ksmd, measured between two changes of full_scans while top watches: the kernel counts passes, but does not time them',
    unit: 'seconds',
    top: ['passSeconds'],
    definedBy: 'src/linux/ksm-activity.ts',
  },
  {
    kind: 'counter',
    name: 'unreadable processes',
    meaning: 'processes of other users, whose ksm_stat only root may read',
    unit: 'count',
    top: ['unreadableProcesses'],
    metrics: ['twinpage_ksm_unreadable_processes'],
    definedBy: 'src/linux/ksm-processes.ts',
  },
  {
    kind: 'counter',
    name: 'reading of top',
    meaning:
      "when `twinpage top` has read the figures (UTC), seconds since the reading before, each process's number and name, and what a reader must know, a line each",
    top: ['time', 'intervalSeconds', 'notes', 'processes[].pid', 'processes[].comm'],
    definedBy: 'src/report/ksm-report.ts',
  },
]

/** What guests count: stores and loads, copy-on-write faults and how long they took, what they waited for. */
import type { Entry } from './entry.js'

const COUNTERS = 'src/measure/counters.ts'
const LATENCIES = 'src/measure/latency-counts.ts'

export const FAULTS: readonly Entry[] = [
  {
    kind: 'counter',
    name: 'CoW faults',
    aliases: ['copy-on-write fault', 'CoW fault', 'cow_breaks', 'CoW break'],
    meaning:
      "stores that met a read-only page: the guest takes a frame, copies the shared one, maps the copy and stores. VMware's tools don't count them",
    unit: 'count, and per second of wall time',
    columns: ['cowFaults'],
    fields: [
      'phases[].cow.faults',
      'phases[].cow.faultsPerSecond',
      'phases[].guests.<guest>.cow.faults',
      'phases[].guests.<guest>.cow.faultsPerSecond',
    ],
    top: ['cowBreaksPerSecond'],
    metrics: ['twinpage_run_cow_faults_total', 'twinpage_guest_cow_faults_total'],
    kernel: ['cow_ksm (/proc/vmstat)'],
    definedBy: 'src/machine/mmu.ts; docs/protocol.md',
  },
  {
    kind: 'counter',
    name: 'cow.latencyNs',
    aliases: ['service time', 'CoW latency'],
    meaning:
      'service time of CoW faults: from the failed store to the finished one. Null when nothing was timed',
    unit: 'ns',
    fields: ['phases[].cow.latencyNs.<figure>', 'phases[].guests.<guest>.cow.latencyNs.<figure>'],
    definedBy: 'docs/results.md, Service time and intended start',
  },
  {
    kind: 'counter',
    name: 'cow.fromIntendedNs',
    aliases: ['intended start', 'from intended start', 'coordinated omission'],
    meaning:
      "the same CoW faults from the time at which the store's operation was to begin, however late the guest was for it: what a stall delays is told here, and not in the service time (coordinated omission)",
    unit: 'ns',
    fields: ['phases[].cow.fromIntendedNs.<figure>', 'phases[].guests.<guest>.cow.fromIntendedNs.<figure>'],
    definedBy: 'docs/results.md, Service time and intended start',
  },
  {
    kind: 'counter',
    name: 'percentiles',
    aliases: ['p50', 'p90', 'p99', 'p999', 'max', 'latencyNs.count', 'fromIntendedNs.count'],
    meaning:
      'of each latency: count, how many were timed; p50, p90, p99 and p999 (99.9 %), what so many of them did not exceed, to three digits; max, the longest, exactly',
    unit: 'ns; count',
    definedBy: 'src/measure/histograms.ts',
  },
  {
    kind: 'counter',
    name: 'parts of a CoW fault',
    aliases: [
      'cow.lock',
      'cow.allocation',
      'cow.copy',
      'cow.remap',
      'cow.store',
      'store.page',
      'hlog',
      'hgrm',
    ],
    meaning:
      'tags of latency/<guest>.hlog, for one fault in eight: lock (until the PTE was held), allocation (of a frame), copy, remap, store. Besides: swapIn, stall; and store and store.page, stores of a word and of a page that did not fault, one in 64, as the control',
    unit: 'ns',
    definedBy: LATENCIES,
  },
  {
    kind: 'counter',
    name: 'latency over time',
    aliases: ['latency/over-time.csv', 'heat map'],
    meaning:
      'CoW faults of all guests by how long they took, in the interval that ends at each sample: latency/over-time.csv, a column for each bucket, called by its shortest latency in ns',
    unit: 'count',
    definedBy: 'src/report/latency-over-time.ts',
  },
  {
    kind: 'counter',
    name: 'stores',
    meaning: '32-bit words stored; a whole page counts 1,024',
    unit: 'words, words/s',
    columns: ['stores'],
    fields: [
      'phases[].stores.count',
      'phases[].stores.perSecond',
      'phases[].guests.<guest>.stores.count',
      'phases[].guests.<guest>.stores.perSecond',
    ],
    metrics: ['twinpage_run_stores_total', 'twinpage_guest_stores_total'],
    definedBy: COUNTERS,
  },
  {
    kind: 'counter',
    name: 'loads',
    meaning: '32-bit words loaded',
    unit: 'words',
    fields: ['phases[].guests.<guest>.loads.count'],
    definedBy: COUNTERS,
  },
  {
    kind: 'counter',
    name: 'first touches',
    meaning: 'pages given a zeroed frame at their first touch',
    unit: 'pages',
    fields: ['phases[].guests.<guest>.firstTouches'],
    kernel: ['minor fault (of anonymous memory)'],
    definedBy: COUNTERS,
  },
  {
    kind: 'counter',
    name: 'lock waits',
    meaning: 'accesses that found their PTE held by a scanner or the reclaimer, and waited',
    unit: 'count',
    fields: ['phases[].guests.<guest>.lockWaits'],
    definedBy: COUNTERS,
  },
  {
    kind: 'counter',
    name: 'stalls',
    meaning:
      'times that a guest needed a frame and none was free; it waits for the reclaimer, for host.stallLimit at most',
    unit: 'count',
    fields: ['phases[].guests.<guest>.stalls'],
    definedBy: COUNTERS,
  },
  {
    kind: 'counter',
    name: 'missed',
    meaning:
      'open-loop operations that were due in a phase but not done when it had to end, 250 ms after its time',
    unit: 'count',
    fields: ['phases[].guests.<guest>.missed'],
    definedBy: COUNTERS,
  },
  {
    kind: 'counter',
    name: 'swap-outs',
    meaning: 'pages written to the swap file',
    unit: 'pages',
    columns: ['swapOuts'],
    fields: ['phases[].swap.outs'],
    metrics: ['twinpage_run_swap_outs_total'],
    vmware: ['SWW/s (esxtop, MB per second)'],
    definedBy: 'src/sharing/reclaimer.ts',
  },
  {
    kind: 'counter',
    name: 'swap-ins',
    meaning: 'pages brought back from the swap file, and how long the guest waited for them (latencyNs)',
    unit: 'pages; ns',
    columns: ['swapIns'],
    fields: ['phases[].swap.ins', 'phases[].swap.latencyNs.<figure>', 'phases[].guests.<guest>.swap.ins'],
    metrics: ['twinpage_run_swap_ins_total'],
    vmware: ['SWR/s (esxtop, MB per second)'],
    definedBy: 'src/machine/mmu.ts',
  },
  {
    kind: 'counter',
    name: 'reclaim merges',
    meaning: 'pages that the reclaimer shared instead of swapping them out',
    unit: 'pages',
    columns: ['reclaimMerges'],
    fields: ['phases[].swap.reclaimMerges'],
    definedBy: 'src/sharing/reclaimer.ts',
  },
]

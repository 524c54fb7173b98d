/** What a run says of itself and its phases, and of whether it can be trusted. */
import type { Entry } from './entry.js'

const SUMMARY = 'src/report/summary.ts'

export const RUN: readonly Entry[] = [
  {
    kind: 'counter',
    name: 'time',
    meaning:
      'scenario time: what the scenario file says, whatever the scale, since the start of the run. In timeseries.csv that of the sample; in summary.json where a phase began and ended',
    unit: 'scenario seconds',
    columns: ['timeSeconds'],
    fields: ['phases[].startSeconds', 'phases[].endSeconds'],
    metrics: ['twinpage_run_scenario_seconds'],
    definedBy: SUMMARY,
  },
  {
    kind: 'counter',
    name: 'phase',
    meaning: 'name of the phase that is on, or that ends with this sample',
    columns: ['phase'],
    fields: ['phases[].name'],
    definedBy: 'src/experiment/phases.ts',
  },
  {
    kind: 'counter',
    name: 'measured',
    aliases: ['warm-up'],
    meaning:
      'false for a warm-up: a phase that ends by scan passes and not by time. Its figures are given all the same',
    fields: ['phases[].measured'],
    definedBy: 'src/experiment/phases.ts',
  },
  {
    kind: 'counter',
    name: 'snapshot',
    meaning: "index of the trace's snapshot that the guests' memory equals in this line, else empty",
    columns: ['snapshot'],
    definedBy: 'docs/trace-format.md',
  },
  {
    kind: 'counter',
    name: 'paused',
    meaning:
      'whether a run with a live page is held: its guests and its scanners rest, and its time stands still',
    unit: '1: it is; 0: it goes on',
    metrics: ['twinpage_run_paused'],
    definedBy: 'src/live/metrics.ts',
  },
  {
    kind: 'counter',
    name: 'state',
    meaning:
      'complete, partial (interrupted) or failed; in manifest.json also running. A manifest that says running while no process has its pid is that of a run that was killed',
    fields: ['state'],
    definedBy: 'src/report/manifest.ts',
  },
  {
    kind: 'counter',
    name: 'messages',
    meaning: 'why the run failed, or what else the reader must know, a line each',
    fields: ['messages[]'],
    definedBy: SUMMARY,
  },
  {
    kind: 'counter',
    name: 'scenario',
    meaning: 'name of the scenario that ran',
    fields: ['scenario'],
    metrics: ['twinpage_run_info'],
    definedBy: SUMMARY,
  },
  {
    kind: 'counter',
    name: 'guests',
    meaning: 'the guests that ran: name and memory, as scaled',
    unit: 'MiB',
    fields: ['guests[].name', 'guests[].memoryMiB'],
    vmware: ['MEMSZ (esxtop, of a VM)'],
    definedBy: SUMMARY,
  },
  {
    kind: 'counter',
    name: 'contentDigest',
    meaning: "a digest over the digests of a guest's pages: equal in two runs when the guest stored the same",
    fields: ['guests[].contentDigest'],
    definedBy: 'src/guest/verify.ts',
  },
  {
    kind: 'counter',
    name: 'clockCostNs',
    meaning:
      'what one reading of the clock costs here and now; each latency contains one. Null when nothing was timed',
    unit: 'ns',
    fields: ['clockCostNs'],
    definedBy: 'src/measure/clock.ts',
  },
  {
    kind: 'counter',
    name: 'pagesVerified',
    meaning: 'pages whose bytes were checked at the end against the digest that their guest alone keeps',
    unit: 'pages',
    fields: ['integrity.pagesVerified'],
    definedBy: 'src/guest/verify.ts',
  },
  {
    kind: 'counter',
    name: 'mismatches',
    meaning: 'pages that did not hold what their guest wrote. Anything but 0: exit code 4',
    unit: 'pages',
    fields: ['integrity.mismatches'],
    definedBy: 'src/guest/verify.ts',
  },
  {
    kind: 'counter',
    name: 'leakedFrames',
    meaning:
      'frames that are neither free nor mapped. Anything but 0 or null (backend linux-ksm: not audited): exit code 4',
    unit: 'frames',
    fields: ['integrity.leakedFrames'],
    definedBy: 'src/machine/audit.ts',
  },
  {
    kind: 'counter',
    name: 'violations',
    meaning:
      'other violations that the audit of frames, references, PTEs and share table found. Anything but 0 or null (backend linux-ksm: not audited): exit code 4',
    unit: 'count',
    fields: ['integrity.violations'],
    definedBy: 'src/machine/audit.ts',
  },
  {
    kind: 'counter',
    name: 'findings',
    meaning: 'the first few of these findings, a line each, naming guest and PPN or MPN',
    fields: ['integrity.findings[]'],
    definedBy: 'src/machine/audit.ts',
  },
  {
    kind: 'counter',
    name: 'swapIsDirect',
    meaning:
      "whether the swap file did without the system's page cache, for which machine memory left no room: its swap-ins then wait for the disk. Null: there was none",
    fields: ['memory.swapIsDirect'],
    definedBy: 'src/machine/swap.ts',
  },
]

/** A run's figures for Prometheus, as its last sample has them. Memory is that of the scaled run. */
import type { GuestSample, Sample } from '../experiment/outcome.js'
import { PAGE_BYTES } from '../machine/layout.js'
import { family, labels, type Metric } from '../report/prometheus.js'
import type { Plan } from '../scenario/plan.js'

interface RunState {
  plan: Plan
  /** Undefined: there is none yet. */
  sample: Sample | undefined
  isPaused: boolean
}

const bytes = (pages: number | undefined) => (pages === undefined ? undefined : pages * PAGE_BYTES)

const RUN_METRICS: readonly Metric<Sample>[] = [
  {
    name: 'twinpage_run_scenario_seconds',
    help: 'Scenario time of the figures.',
    value: ({ timeSeconds }) => timeSeconds,
  },
  {
    name: 'twinpage_run_shared_bytes',
    help: 'Guest memory mapped to shared frames.',
    value: ({ sharedPages }) => bytes(sharedPages),
  },
  {
    name: 'twinpage_run_shared_common_bytes',
    help: 'Machine memory that shared frames take.',
    value: ({ sharedCommonPages }) => bytes(sharedCommonPages),
  },
  {
    name: 'twinpage_run_saved_bytes',
    help: 'Memory saved: shared less shared-common.',
    value: ({ savedPages }) => bytes(savedPages),
  },
  {
    name: 'twinpage_run_zero_bytes',
    help: 'Shared memory that holds only zeros.',
    value: ({ zeroPages }) => bytes(zeroPages),
  },
  {
    name: 'twinpage_run_opportunity_bytes',
    help: 'What a perfect, instant scanner would save.',
    value: ({ opportunityPages }) => bytes(opportunityPages),
  },
  {
    name: 'twinpage_run_footprint_bytes',
    help: 'Machine memory in use.',
    value: ({ footprintPages }) => bytes(footprintPages),
  },
  {
    name: 'twinpage_run_swapped_bytes',
    help: 'Guest memory in the swap file.',
    value: ({ swappedPages }) => bytes(swappedPages),
  },
  {
    name: 'twinpage_run_scanned_pages_total',
    help: 'Pages that the scanners have visited.',
    value: ({ scan }) => scan.pagesScanned,
  },
  {
    name: 'twinpage_run_asked_pages_total',
    help: 'Pages that the scanners were asked to visit.',
    value: ({ scan }) => scan.pagesAsked,
  },
  {
    name: 'twinpage_run_passes_total',
    help: 'Passes over all guests.',
    value: ({ scan }) => scan.passes,
  },
  {
    name: 'twinpage_run_merges_total',
    help: 'Pages remapped to a shared frame.',
    value: ({ scan }) => scan.merges,
  },
  {
    name: 'twinpage_run_scanner_cpu_seconds_total',
    help: 'Time of the scanners on a processor.',
    value: ({ scan }) => scan.cpuSeconds,
  },
  {
    name: 'twinpage_run_scanner_waiting_seconds_total',
    help: 'Time of the scanners runnable, but waiting for a processor.',
    value: ({ scan }) => scan.waitingSeconds,
  },
  {
    name: 'twinpage_run_cow_faults_total',
    help: 'Stores that met a read-only page.',
    value: ({ cowFaults }) => cowFaults,
  },
  { name: 'twinpage_run_stores_total', help: '32-bit words stored.', value: ({ stores }) => stores },
  {
    name: 'twinpage_run_swap_outs_total',
    help: 'Pages written to the swap file.',
    value: ({ swapOuts }) => swapOuts,
  },
  {
    name: 'twinpage_run_swap_ins_total',
    help: 'Pages brought back from it.',
    value: ({ swapIns }) => swapIns,
  },
]

const GUEST_METRICS: readonly Metric<GuestSample>[] = [
  {
    name: 'twinpage_guest_shared_bytes',
    help: 'Memory of a guest mapped to shared frames.',
    value: ({ sharedPages }) => bytes(sharedPages),
  },
  {
    name: 'twinpage_guest_saved_bytes',
    help: 'Its part of the memory saved.',
    value: ({ savedPages }) => bytes(savedPages),
  },
  {
    name: 'twinpage_guest_zero_bytes',
    help: 'Its shared memory that holds only zeros.',
    value: ({ zeroPages }) => bytes(zeroPages),
  },
  {
    name: 'twinpage_guest_swapped_bytes',
    help: 'Its memory in the swap file.',
    value: ({ swappedPages }) => bytes(swappedPages),
  },
  {
    name: 'twinpage_guest_cow_faults_total',
    help: 'Its stores that met a read-only page.',
    value: ({ cowFaults }) => cowFaults,
  },
  {
    name: 'twinpage_guest_stores_total',
    help: '32-bit words that it stored.',
    value: ({ stores }) => stores,
  },
]

export function runMetrics({ plan, sample, isPaused }: RunState): string {
  const { scenario, seed, engine, backend, scanner } = plan
  const info = labels({ scenario, seed: String(seed), engine, backend, policy: scanner.policy })
  const one = <Source>(source: Source, text = '') => [{ labels: text, source }]
  const guests = (sample?.guests ?? []).map((source, guest) => ({
    labels: labels({ guest: plan.guests[guest]!.name }),
    source,
  }))
  const lines = [
    ...family({ name: 'twinpage_run_info', help: 'What runs.', value: () => 1 }, one(plan, info)),
    ...family(
      { name: 'twinpage_run_paused', help: '1: the run is held.', value: () => Number(isPaused) },
      one(plan),
    ),
    ...(sample === undefined ? [] : RUN_METRICS.flatMap((metric) => family(metric, one(sample)))),
    ...GUEST_METRICS.flatMap((metric) => family(metric, guests)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

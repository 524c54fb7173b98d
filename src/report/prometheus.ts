/**
 * KSM's figures in Prometheus' text exposition format 0.0.4. Counters are given as the kernel counts them: whoever
 * scrapes makes rates of them. What this kernel does not tell is left out.
 */

import type { KsmReading } from '../linux/ksm-reading.js'
import { PAGE_BYTES } from '../machine/layout.js'

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const NS_PER_SECOND = 1e9
const MS_PER_SECOND = 1000

type Process = KsmReading['processes'][number]

export interface Metric<Source> {
  name: string
  help: string
  value: (source: Source) => number | undefined
}

const METRICS: readonly Metric<KsmReading>[] = [
  {
    name: 'twinpage_ksm_merged_bytes',
    help: 'Memory that maps merged pages, first mappings included.',
    value: ({ counters }) => bytes(sum(counters.pages_shared, counters.pages_sharing)),
  },
  {
    name: 'twinpage_ksm_merged_into_bytes',
    help: 'Memory that merged pages take.',
    value: ({ counters }) => bytes(counters.pages_shared),
  },
  {
    name: 'twinpage_ksm_zero_bytes',
    help: 'Memory that maps the zero page because KSM found it full of zeros.',
    value: ({ counters }) => bytes(counters.ksm_zero_pages),
  },
  {
    name: 'twinpage_ksm_saved_bytes',
    help: 'Memory saved: mappings of merged pages beyond the first, and of the zero page.',
    value: ({ counters }) => bytes(sum(counters.pages_sharing, counters.ksm_zero_pages ?? 0)),
  },
  {
    name: 'twinpage_ksm_profit_bytes',
    help: 'Memory saved, less what the items take that KSM keeps on pages.',
    value: ({ counters }) => counters.general_profit,
  },
  {
    name: 'twinpage_ksm_unshared_bytes',
    help: 'Memory that was looked for and matched by none.',
    value: ({ counters }) => bytes(counters.pages_unshared),
  },
  {
    name: 'twinpage_ksm_volatile_bytes',
    help: 'Memory that changed too fast to be merged, or was skipped.',
    value: ({ counters }) => bytes(counters.pages_volatile),
  },
  {
    name: 'twinpage_ksm_chains',
    help: 'Contents with more sharers than max_page_sharing.',
    value: ({ counters }) => counters.stable_node_chains,
  },
  {
    name: 'twinpage_ksm_scanned_pages_total',
    help: 'Pages looked at.',
    value: ({ counters }) => counters.pages_scanned,
  },
  {
    name: 'twinpage_ksm_skipped_pages_total',
    help: 'Pages that smart_scan passed over.',
    value: ({ counters }) => counters.pages_skipped,
  },
  {
    name: 'twinpage_ksm_passes_total',
    help: 'Passes over all mergeable memory; an unmerge begins them anew.',
    value: ({ counters }) => counters.full_scans,
  },
  {
    name: 'twinpage_ksm_cow_breaks_total',
    help: 'Merged pages copied because they were written to.',
    value: ({ events }) => events.cow_ksm,
  },
  {
    name: 'twinpage_ksm_swapin_copies_total',
    help: 'Merged pages copied because they came back from swap.',
    value: ({ events }) => events.ksm_swpin_copy,
  },
  {
    name: 'twinpage_ksmd_cpu_seconds_total',
    help: 'Time of ksmd on a processor.',
    value: ({ ksmd }) => divided(ksmd?.cpuNs, NS_PER_SECOND),
  },
  {
    name: 'twinpage_ksmd_waiting_seconds_total',
    help: 'Time of ksmd runnable, but waiting for a processor.',
    value: ({ ksmd }) => divided(ksmd?.waitingNs, NS_PER_SECOND),
  },
  {
    name: 'twinpage_ksm_run',
    help: '0: off. 1: scanning. 2: off, and all unmerged.',
    value: ({ settings }) => settings.run,
  },
  {
    name: 'twinpage_ksm_batch_pages',
    help: 'Pages of a batch (pages_to_scan).',
    value: ({ settings }) => settings.pages_to_scan,
  },
  {
    name: 'twinpage_ksm_sleep_seconds',
    help: 'Sleep between two batches (sleep_millisecs).',
    value: ({ settings }) => divided(settings.sleep_millisecs, MS_PER_SECOND),
  },
  {
    name: 'twinpage_ksm_unreadable_processes',
    help: 'Processes whose account only root may read.',
    value: ({ unreadable }) => unreadable,
  },
]

const PROCESS_METRICS: readonly Metric<Process>[] = [
  {
    name: 'twinpage_ksm_process_merged_bytes',
    help: 'Memory of a process that maps merged pages, first mappings included.',
    value: ({ ksm_merging_pages }) => bytes(ksm_merging_pages),
  },
  {
    name: 'twinpage_ksm_process_zero_bytes',
    help: 'Memory of a process that maps the zero page because KSM found it full of zeros.',
    value: ({ ksm_zero_pages }) => bytes(ksm_zero_pages),
  },
  {
    name: 'twinpage_ksm_process_profit_bytes',
    help: 'Merged memory of a process, less what the items take; first mappings count as saved.',
    value: ({ ksm_process_profit }) => ksm_process_profit,
  },
  {
    name: 'twinpage_ksm_process_rmap_items',
    help: 'Pages of a process that KSM keeps an item on.',
    value: ({ ksm_rmap_items }) => ksm_rmap_items,
  },
]

export function prometheusText(reading: KsmReading): string {
  const host = METRICS.flatMap((metric) => family(metric, [{ labels: '', source: reading }]))
  const processes = reading.processes.map((source) => ({ labels: labelsOf(source), source }))
  const ofProcesses = PROCESS_METRICS.flatMap((metric) => family(metric, processes))
  return [...host, ...ofProcesses].map((line) => `${line}\n`).join('')
}

/** HELP, TYPE and samples of one metric; nothing where there are no samples. */
export function family<Source>(
  { name, help, value }: Metric<Source>,
  sources: readonly { labels: string; source: Source }[],
): string[] {
  const samples = sources.flatMap(({ labels, source }) => {
    const amount = value(source)
    return amount === undefined ? [] : [`${name}${labels} ${amount}`]
  })
  if (samples.length === 0) return []
  const type = name.endsWith('_total') ? 'counter' : 'gauge'
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples]
}

function labelsOf({ pid, comm }: Process): string {
  return labels({ pid: String(pid), comm })
}

/** Names and values, as they stand behind a metric's name. */
export function labels(values: Record<string, string>): string {
  const quoted = Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`)
  return `{${quoted.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function bytes(pages: number | undefined): number | undefined {
  return pages === undefined ? undefined : pages * PAGE_BYTES
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by
}

/** What KSM of the host is doing, as lines for people, no wider than a terminal of 80 columns. */
import { printable } from '../errors.js'
import type { HostKsmSettings } from '../linux/ksm-settings.js'
import { padEndTo, shortenedTo } from './columns.js'
import { bytesToMiB, type KsmReport } from './ksm-report.js'
import { metric, percent } from './table.js'
import { pagesToMiB } from './units.js'

const LABEL_WIDTH = 10
const NAME_WIDTH = 18
const NOTHING = '-'

type Process = KsmReport['processes'][number]

export function ksmLines(report: KsmReport): string[] {
  const { processes, notes } = report
  const figures = Object.entries(figuresOf(report)).map(([label, text]) => label.padEnd(LABEL_WIDTH) + text)
  return [
    ...figures,
    ...notes.map((note) => `Note: ${note}`),
    ...(processes.length === 0 ? [] : ['', heading(), ...processes.map(row)]),
  ]
}

function figuresOf(report: KsmReport): Record<string, string> {
  const { mergedMiB, mergedIntoMiB, zeroMiB, savedMiB, profitMiB, passSeconds, counters } = report
  const profit = profitMiB === null ? NOTHING : mebibytes(profitMiB)
  const pass = passSeconds === null ? NOTHING : `${metric(passSeconds)} s`
  return {
    merged: `${mebibytes(mergedMiB)} into ${mebibytes(mergedIntoMiB)}, zero pages ${mebibytes(zeroMiB)}`,
    saved: `${mebibytes(savedMiB)}, profit ${profit}`,
    scan: `${rate(report.scannedPagesPerSecond)} pages/s, ${rate(report.skippedPagesPerSecond)} skipped/s`,
    passes: `${counters.full_scans ?? NOTHING}, time of the last ${pass}`,
    ksmd: `${percent(report.ksmdCpuRatio)} of a processor, waits for one ${percent(report.ksmdWaitingRatio)}`,
    CoW: `${rate(report.cowBreaksPerSecond)} breaks/s`,
    settings: settingsText(report.settings),
  }
}

function settingsText(settings: Partial<HostKsmSettings>): string {
  const { run, pages_to_scan, sleep_millisecs, use_zero_pages, smart_scan, max_page_sharing } = settings
  const { advisor_mode, advisor_target_scan_time } = settings
  return [
    `run ${run}`,
    `${pages_to_scan} pages/${sleep_millisecs} ms`,
    `zero ${use_zero_pages ?? NOTHING}`,
    `smart ${smart_scan ?? NOTHING}`,
    `sharing ${max_page_sharing ?? NOTHING}`,
    advisor_mode === 'scan-time' ? `advisor ${advisor_target_scan_time} s` : 'no advisor',
  ].join(', ')
}

/** A column of the processes' table: its heading, its width with the space before it, and the text of its cell. */
interface Column {
  heading: string
  width: number
  cell: (process: Process) => string
}

const COLUMNS: readonly Column[] = [
  {
    heading: 'merged MiB',
    width: 12,
    cell: ({ ksm_merging_pages }) => figure(ksm_merging_pages, pagesToMiB),
  },
  { heading: 'zero pages', width: 12, cell: ({ ksm_zero_pages }) => whole(ksm_zero_pages) },
  {
    heading: 'profit MiB',
    width: 12,
    cell: ({ ksm_process_profit }) => figure(ksm_process_profit, bytesToMiB),
  },
  { heading: 'rmap items', width: 12, cell: ({ ksm_rmap_items }) => whole(ksm_rmap_items) },
]

function heading(): string {
  const headings = COLUMNS.map(({ heading, width }) => heading.padStart(width))
  return `${'pid'.padStart(8)}  ${'name'.padEnd(NAME_WIDTH)}${headings.join('')}`
}

function row(process: Process): string {
  const name = padEndTo(shortenedTo(printable(process.comm), NAME_WIDTH), NAME_WIDTH)
  const cells = COLUMNS.map(({ cell, width }) => cell(process).padStart(width))
  return `${String(process.pid).padStart(8)}  ${name}${cells.join('')}`
}

function figure(value: number | undefined, toMiB: (value: number) => number): string {
  return value === undefined ? NOTHING : toMiB(value).toFixed(2)
}

function whole(value: number | undefined): string {
  return value === undefined ? NOTHING : value.toLocaleString('en-US')
}

function rate(perSecond: number | null): string {
  return perSecond === null ? NOTHING : metric(perSecond)
}

function mebibytes(amount: number): string {
  return `${amount.toFixed(2)} MiB`
}

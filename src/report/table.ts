/**
 * The text that a run ends with: its figures in two tables, no wider than a terminal of 80 columns, and below
 * them what the reader must know to trust them.
 */
import type { IntegrityReport, KsmSample, PhaseSummary, Summary } from '../experiment/outcome.js'
import { PAGE_BYTES } from '../machine/layout.js'
import { columnsOf, shortenedTo, wrapped } from './columns.js'
import { memoryUnit, shortened, type Unit } from './units.js'

const WIDTH = 80
const PHASE_WIDTH = 14
const NOTHING = '-'
const NS_PER_US = 1000

/** A column: two lines of heading, its width with the space before it, and the text of its cell. */
interface Column {
  heading: readonly [string, string]
  width: number
  cell: (phase: PhaseSummary) => string
}

/** @returns lines that each end with a line break. */
export function summaryTable(summary: Summary): string {
  const { phases } = summary
  const memory = memoryUnit(Math.max(...phases.map(largestMiB), 0))
  const blocks = [
    titleLines(summary),
    [
      `Memory at the end of each phase, in ${memory.name} at full size`,
      ...table(memoryColumns(memory), phases),
    ],
    [
      `Activity over each phase, per second of ${summary.engine === 'stepped' ? 'virtual' : 'wall'} time`,
      ...table(activityColumns(summary), phases),
    ],
    ...(summary.policy === 'ksm'
      ? [['KSM at the end of each phase, in pages', ...table(KSM_COLUMNS, phases)]]
      : []),
    closingLines(summary),
  ]
  return blocks.map((lines) => lines.map((line) => `${line.trimEnd()}\n`).join('')).join('\n')
}

function titleLines({ scenario, seed, state, scale, backend, scanners }: Summary): string[] {
  const on = backend === 'lab' ? '' : `, on ${backend}`
  const by = scanners === 1 ? '' : `, ${scanners} scanners`
  const facts = `seed ${seed}, ${state}${on}${by}, scale: memory 1/${scale.memory}, time 1/${scale.time}`
  const line = `${scenario}: ${facts}`
  return columnsOf(line) <= WIDTH ? [line] : [shortenedTo(scenario, WIDTH), ...inWidth(facts)]
}

function memoryColumns({ size }: Unit): Column[] {
  const amount = (ofPhase: (phase: PhaseSummary) => number) => (phase: PhaseSummary) =>
    fixed(ofPhase(phase) / size)
  return [
    { heading: ['', 'shared'], width: 8, cell: amount(({ fullSize }) => fullSize.sharedMiB) },
    { heading: ['', 'common'], width: 8, cell: amount(({ fullSize }) => fullSize.sharedCommonMiB) },
    { heading: ['', 'saved'], width: 8, cell: amount(({ fullSize }) => fullSize.savedMiB) },
    { heading: ['oppor-', 'tunity'], width: 8, cell: amount(({ fullSize }) => fullSize.opportunityMiB) },
    { heading: ['', 'captured'], width: 10, cell: ({ captureRatio }) => percent(captureRatio) },
    { heading: ['foot-', 'print'], width: 8, cell: amount(({ fullSize }) => fullSize.footprintMiB) },
    { heading: ['', 'zero'], width: 8, cell: amount(({ fullSize }) => fullSize.zeroMiB) },
    { heading: ['', 'swapped'], width: 8, cell: amount(({ fullSize }) => fullSize.swappedMiB) },
  ]
}

const KSM_COLUMNS: Column[] = [
  { heading: ['pages_', 'shared'], width: 9, cell: ksmPages('pages_shared') },
  { heading: ['pages_', 'sharing'], width: 9, cell: ksmPages('pages_sharing') },
  { heading: ['pages_', 'unshared'], width: 9, cell: ksmPages('pages_unshared') },
  { heading: ['pages_', 'volatile'], width: 9, cell: ksmPages('pages_volatile') },
  { heading: ['ksm_zero', '_pages'], width: 9, cell: ksmPages('ksm_zero_pages') },
  { heading: ['full_', 'scans'], width: 8, cell: ksmPages('full_scans') },
  { heading: ['profit', 'MiB'], width: 9, cell: ({ ksm }) => profitMiB(ksm?.general_profit) },
]

/** Above, the column has no room for every digit. */
const KSM_PAGES_WHOLE_MAX = 1e7

function ksmPages(counter: keyof KsmSample): Column['cell'] {
  return ({ ksm }) => {
    const count = ksm?.[counter]
    return count === undefined ? NOTHING : count < KSM_PAGES_WHOLE_MAX ? String(count) : metric(count)
  }
}

function profitMiB(bytes: number | undefined): string {
  return bytes === undefined ? NOTHING : fixed(bytes / 2 ** 20)
}

function activityColumns({ scale, scanners }: Summary): Column[] {
  // Of several scanners' threads, what is so of each on average.
  const ofScanTime = (phase: PhaseSummary, seconds: number | null) => {
    const wallSeconds = (phase.endSeconds - phase.startSeconds) / scale.time
    return percent(seconds === null || wallSeconds <= 0 ? null : seconds / (scanners * wallSeconds))
  }
  return [
    { heading: ['stores', '/s'], width: 7, cell: ({ stores }) => metric(stores.perSecond) },
    { heading: ['scanned', '/s'], width: 8, cell: ({ scan }) => metric(scan.pagesPerSecond) },
    { heading: ['asked', '/s'], width: 7, cell: ({ scan }) => metricIfKnown(scan.pagesAskedPerSecond) },
    { heading: ['scan', 'passes'], width: 7, cell: ({ scan }) => metric(scan.passes) },
    { heading: ['scan', 'CPU'], width: 8, cell: (phase) => ofScanTime(phase, phase.scan.cpuSeconds) },
    { heading: ['scan', 'waits'], width: 8, cell: (phase) => ofScanTime(phase, phase.scan.waitingSeconds) },
    { heading: ['CoW', '/s'], width: 7, cell: ({ cow }) => metric(cow.faultsPerSecond) },
    { heading: ['p50', 'µs'], width: 7, cell: ({ cow }) => microseconds(cow.latencyNs?.p50) },
    { heading: ['p99', 'µs'], width: 7, cell: ({ cow }) => microseconds(cow.latencyNs?.p99) },
  ]
}

/** Where the system tells. */
function utilisationLines({ phases }: Summary): string[] {
  const known = phases.flatMap(({ name, host }) => (host === undefined ? [] : [{ name, host }]))
  if (known.length === 0) return []
  const { processors } = known[0]!.host
  const which =
    processors.length === 1 ? `processor ${processors[0]} was` : `${processors.length} processors were`
  const parts = known.map(({ name, host }) => `${name} ${percent(host.utilisation)}`)
  return [`The run's ${which} busy: ${parts.join(', ')}`]
}

function table(columns: readonly Column[], phases: readonly PhaseSummary[]): string[] {
  const row = (first: string, cells: readonly string[]) =>
    first.padEnd(PHASE_WIDTH) + cells.map((cell, index) => cell.padStart(columns[index]!.width)).join('')
  const headings = [0, 1].map((line) =>
    row(
      line === 0 ? '' : 'phase',
      columns.map(({ heading }) => heading[line]!),
    ),
  )
  const rows = phases.map((phase) =>
    row(
      shortened(phase.name, PHASE_WIDTH),
      columns.map(({ cell }) => cell(phase)),
    ),
  )
  return [...headings, ...rows]
}

function closingLines(summary: Summary): string[] {
  const { integrity, memory, clockCostNs, messages } = summary
  const bytes = memory.metadataBytesPerPage
  return [
    ...inWidth(integrityLine(integrity)),
    ...integrity.findings.flatMap((finding) => inWidth(`- ${finding}`)),
    ...utilisationLines(summary).flatMap(inWidth),
    `Metadata: ${bytes.toFixed(1)} bytes for each page, ${((100 * bytes) / PAGE_BYTES).toFixed(2)} % of memory`,
    clockCostNs === null
      ? 'Stepped on a virtual clock: no latencies, and no times of threads'
      : `Latencies are those of CoW faults; each includes a reading of the clock, ${clockCostNs.toFixed(0)} ns`,
    ...messages.flatMap((message) => inWidth(`Note: ${message}`)),
  ]
}

/** Whether every page held what its guest wrote. */
export function integrityLine({
  pagesVerified,
  mismatches,
  leakedFrames,
  violations,
}: IntegrityReport): string {
  const verdict = mismatches + (leakedFrames ?? 0) + (violations ?? 0) === 0 ? 'ok' : 'BROKEN'
  const frames =
    leakedFrames === null ? 'frames not audited' : `${leakedFrames} leaks, ${violations} violations`
  const counts = `${mismatches} mismatches, ${frames}`
  return `Integrity ${verdict}: ${pagesVerified} pages verified, ${counts}`
}

function largestMiB({ fullSize }: PhaseSummary): number {
  return Math.max(...Object.values(fullSize))
}

function fixed(value: number): string {
  return value.toFixed(value < 1000 ? 2 : 0)
}

export function percent(ratio: number | null): string {
  return ratio === null ? NOTHING : `${(100 * ratio).toFixed(1)} %`
}

function microseconds(latencyNs: number | undefined): string {
  return latencyNs === undefined ? NOTHING : metric(latencyNs / NS_PER_US)
}

const METRIC_UNITS = [
  { size: 1e9, suffix: 'G' },
  { size: 1e6, suffix: 'M' },
  { size: 1e3, suffix: 'k' },
]
const ONE = { size: 1, suffix: '' }

/** Three significant digits, or a small whole number as it is: 0.25, 2, 58.3, 583, 12.3k, 1.20M. */
export function metric(value: number): string {
  // From 999.5 on a figure of three digits would round to 1000.
  const { size, suffix } = METRIC_UNITS.find((unit) => value >= 0.9995 * unit.size) ?? ONE
  if (size === 1 && Number.isInteger(value)) return String(value)
  const scaled = value / size
  return scaled.toFixed(scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0) + suffix
}

function metricIfKnown(value: number | null): string {
  return value === null ? NOTHING : metric(value)
}

function inWidth(text: string): string[] {
  return wrapped(text, WIDTH)
}

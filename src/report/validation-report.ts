/** The report of a validation: its shape, and its text in Markdown, with tables that read well as plain text too. */
import { atEndOf, type Metric, type Metrics, meanOf, overTimeOf } from '../validate/metrics.js'
import { COUNTERS, type Counter } from '../validate/points.js'
import type { Range } from '../validate/statistics.js'
import { markdownTable } from './markdown.js'

/** What a validation leaves beside the directories of its scenarios. */
export const VALIDATION_FILES = {
  json: 'validate.json',
  markdown: 'validate.md',
  page: 'report.html',
  /** A directory. */
  figures: 'figures',
} as const

export interface ScenarioComparison {
  name: string
  /** Of how many replicates: those that were run to their end on both backends. */
  replicates: number
  /** Of each replicate. */
  seeds: number[]
  phases: string[]
  metrics: Metrics
}

export interface ValidationReport {
  state: 'complete' | 'partial' | 'failed'
  /** What the reader must know, such as of a phase that ended at its limit. */
  messages: string[]
  /** Those that have a replicate. */
  scenarios: ScenarioComparison[]
}

/**
 * @param hasFigures whether each scenario's chart is named, for a reader that shows pictures
 * @returns lines that each end with a line break.
 */
export function validationMarkdown(
  { state, messages, scenarios }: ValidationReport,
  hasFigures = false,
): string {
  const blocks = [
    ['# The lab and the kernel'],
    [`${sentenceOf(state)} Figures are medians over the replicates; errors are in percent of the kernel's.`],
    ...messages.map((message) => [`Note: ${message}`]),
    ...scenarios.flatMap((scenario) => scenarioBlocks(scenario, hasFigures ? figureOf(scenario) : [])),
  ]
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

function sentenceOf(state: ValidationReport['state']): string {
  if (state === 'complete') return 'Complete.'
  return state === 'partial' ? 'Partial: stopped before its end.' : 'Failed before its end.'
}

function figureOf({ name }: ScenarioComparison): string[][] {
  const file = `${VALIDATION_FILES.figures}/${encodeURIComponent(name)}.svg`
  return [[`![${name}: pages_sharing, pages_shared and pages_unshared over time](${file})`]]
}

function scenarioBlocks(
  { name, replicates, seeds, phases, metrics }: ScenarioComparison,
  figure: string[][],
): string[][] {
  const runs = replicates === 1 ? '1 replicate, seed' : `${replicates} replicates, seeds`
  const columns = replicates === 1 ? COLUMNS : [...COLUMNS, ...RANGE_COLUMNS]
  const distance: Column = {
    heading: 'distance',
    cell: (_, counter) => percent(metrics[overTimeOf(counter)]!.errorPercent),
  }
  return [
    [`## ${name}: ${runs} ${seeds.join(', ')}`],
    ...figure,
    ...phases.map((phase) =>
      table(`end of ${phase}`, (counter) => metrics[atEndOf(counter, phase)]!, columns),
    ),
    table('mean over time', (counter) => metrics[meanOf(counter)]!, [...columns, distance]),
    ["distance: how far the curves are apart in the mean over time, in percent of the kernel's maximum"],
  ]
}

interface Column {
  heading: string
  cell: (metric: Metric, counter: Counter) => string
}

const COLUMNS: readonly Column[] = [
  { heading: 'lab', cell: ({ lab }) => amount(lab!) },
  { heading: 'kernel', cell: ({ kernel }) => amount(kernel!) },
  { heading: 'error', cell: ({ errorPercent }) => signedPercent(errorPercent) },
]

const RANGE_COLUMNS: readonly Column[] = [
  { heading: 'lab min–max', cell: ({ labRange }) => range(labRange!) },
  { heading: 'kernel min–max', cell: ({ kernelRange }) => range(kernelRange!) },
]

/** A row for each counter that was ever anything but 0, columns padded. */
function table(title: string, metricOf: (counter: Counter) => Metric, columns: readonly Column[]): string[] {
  const counters = COUNTERS.filter((counter) => !isNothing(metricOf(counter)))
  if (counters.length === 0) return [`${title}: all counters are 0`]
  const rows = [
    [title, ...columns.map(({ heading }) => heading)],
    ...counters.map((counter) => [counter, ...columns.map(({ cell }) => cell(metricOf(counter), counter))]),
  ]
  return markdownTable(rows)
}

function isNothing({ labRange, kernelRange }: Metric): boolean {
  return labRange![1] === 0 && kernelRange![1] === 0
}

/** Whole from 100 on, and where it is whole anyway. */
function amount(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(1)
}

function range([min, max]: Range): string {
  return `${amount(min)}–${amount(max)}`
}

/** Of nothing, something: no percentage. */
const NO_PERCENT = 'not 0'

function percent(value: number | null): string {
  return value === null ? NO_PERCENT : `${value.toFixed(2)} %`
}

function signedPercent(value: number | null): string {
  return value !== null && value > 0 ? `+${percent(value)}` : percent(value)
}

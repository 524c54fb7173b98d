/** The figures as a table, with a bar for each ratio, and the machine that they are of. */
import { describeMachine } from '../../src/report/manifest.js'
import { metric } from '../../src/report/table.js'
import { rangeOf } from '../../src/validate/statistics.js'
import { type Figure, ratiosOf } from './measure.js'

/** A bar's half, to one side of 1; two characters double the ratio. */
const BAR_CHARACTERS = 10
const CHARACTERS_PER_DOUBLING = 2

const HEADINGS = [
  'figure',
  'value',
  'unit',
  'reference',
  'ratio',
  'min–max',
  'behind 1/32 … 1 … 32 ahead',
  'compared with',
]
const IS_LEFT = [true, false, true, false, false, false, true, true]

export function figuresText(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figures.map(cellsOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) =>
        IS_LEFT[column] ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  )
  return [...lines, '', machineText()].join('\n')
}

function cellsOf(figure: Figure): string[] {
  const { name, value, unit, reference, referenceValue, ratio } = figure
  return [
    name,
    metric(value),
    unit,
    referenceValue === null ? '-' : metric(referenceValue),
    ratio === null ? '-' : ratio.toFixed(2),
    ratio === null ? '-' : spreadText(figure),
    ratio === null ? '' : bar(ratio),
    reference ?? '',
  ]
}

/** The smallest and the largest ratio of a round. */
export function spreadText(figure: Figure): string {
  const [min, max] = rangeOf(ratiosOf(figure))
  return `${min.toFixed(2)}–${max.toFixed(2)}`
}

/** From 1 in the middle to the right if we are ahead, to the left if behind, on a logarithmic scale. */
export function bar(ratio: number): string {
  const characters = Math.round(Math.log2(ratio) * CHARACTERS_PER_DOUBLING)
  const length = Math.min(BAR_CHARACTERS, Math.abs(characters))
  const isAhead = characters > 0
  const behind = (isAhead ? '' : '█'.repeat(length)).padStart(BAR_CHARACTERS)
  return `${behind}│${isAhead ? '█'.repeat(length) : ''}`
}

export function machineText(): string {
  const { cpuModel, processors, memoryBytes, kernel, platform } = describeMachine()
  const memoryGiB = (memoryBytes / 2 ** 30).toFixed(0)
  return `${cpuModel}, ${processors} processors, ${memoryGiB} GiB, ${platform} ${kernel}, Node ${process.versions.node}`
}

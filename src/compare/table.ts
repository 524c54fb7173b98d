/** A comparison for people: who is compared, then a table for each phase, in as many parts as the width asks for. */
import { printable } from '../errors.js'
import { metric } from '../report/table.js'
import { memoryUnit, shortened } from '../report/units.js'
import type { ComparedFigure, ComparedGroup, ComparedPhase, Comparison, GroupFigure } from './comparison.js'
import { showDifference } from './groups.js'

const NOTHING = '-'
/** Differences of one group that are listed; `--json` has all. */
const LISTED_MAX = 8
const GAP = '  '

/** @returns lines that each end with a line break. */
export function comparisonTable({ groups, phases }: Comparison, columns: number): string {
  const blocks = [
    groups.flatMap((group, index) => groupLines(group, index === 0)),
    ...phases.flatMap((phase) => phaseBlocks(phase, groups, columns)),
    ...(groups.some(({ replicates }) => replicates !== null)
      ? [['Figures are means; in parentheses the 95 % interval of the ratio']]
      : []),
  ]
  return blocks.map((lines) => lines.map((line) => `${line.trimEnd()}\n`).join('')).join('\n')
}

function groupLines(
  { name, scenario, seeds, differsIn, replicates, machineDiffersIn }: ComparedGroup,
  isBaseline: boolean,
): string[] {
  const many = `${seeds.length} ${seeds.length === 1 ? 'run, seed' : 'runs, seeds'} ${seeds.join(', ')}`
  const how = isBaseline ? ' (baseline)' : replicates === null ? '' : ` (${replicates})`
  const listed = [...differsIn, ...machineDiffersIn]
  return [
    `${name}  ${shortened(printable(scenario), 30)}: ${shortened(many, 34)}${how}`,
    ...listed
      .slice(0, LISTED_MAX)
      .map((difference) => `   differs in ${printable(difference.key)}: ${showDifference(difference)}`),
    ...(listed.length > LISTED_MAX ? [`   and in ${listed.length - LISTED_MAX} more; --json has them`] : []),
  ]
}

function phaseBlocks({ name, figures }: ComparedPhase, groups: ComparedGroup[], columns: number): string[][] {
  const rows = figures.filter(({ groups }) => groups.some(({ mean }) => mean !== null))
  const memory = memoryUnit(Math.max(0, ...rows.filter(({ unit }) => unit === 'MiB').flatMap(meansOf)))
  const shown = rows.map((figure) => {
    const { suffix, size } = UNITS[figure.unit] ?? { suffix: memory.name, size: memory.size }
    const label = suffix === '' ? figure.label : `${figure.label}, ${suffix}`
    return {
      label,
      cells: figure.groups.map((cell) => amount(cell.mean, size)),
      ratios: figure.groups.map(ratio),
    }
  })
  const head = shortened(printable(name), 20)
  const labels = column([head, ...shown.map(({ label }) => label)], 'left')
  const ofGroup = (index: number) => [
    column([groups[index]!.name, ...shown.map(({ cells }) => cells[index]!)]),
    ...(index === 0
      ? []
      : [column([`${groups[index]!.name}/A`, ...shown.map(({ ratios }) => ratios[index]!)])]),
  ]
  const fixed = [labels, ...ofGroup(0)]
  const parts: string[][][] = [fixed]
  for (let index = 1; index < groups.length; index++) {
    const wider = [...parts.at(-1)!, ...ofGroup(index)]
    // A part has one group at least, however narrow the terminal.
    if (widthOf(wider) <= columns || parts.at(-1)!.length === fixed.length) parts[parts.length - 1] = wider
    else parts.push([...fixed, ...ofGroup(index)])
  }
  return parts.map((part) => labels.map((_, row) => part.map((cells) => cells[row]!).join(GAP)))
}

/** Divide by `size`; memory's unit depends on the largest figure. */
const UNITS: Partial<Record<ComparedFigure['unit'], { suffix: string; size: number }>> = {
  part: { suffix: '%', size: 0.01 },
  ns: { suffix: 'µs', size: 1000 },
  '/s': { suffix: '/s', size: 1 },
  s: { suffix: 's', size: 1 },
  '': { suffix: '', size: 1 },
}

function meansOf({ groups }: ComparedFigure): number[] {
  return groups.map(({ mean }) => mean ?? 0)
}

function amount(value: number | null, size: number): string {
  return value === null ? NOTHING : compact(value / size)
}

function ratio({ ratio, interval }: GroupFigure): string {
  if (ratio === null) return NOTHING
  return interval === null
    ? compact(ratio)
    : `${compact(ratio)} (${compact(interval[0])}–${compact(interval[1])})`
}

/** As `metric`, but never 0.00 for what is not 0. */
function compact(value: number): string {
  return value !== 0 && Math.abs(value) < 0.1 ? value.toPrecision(2) : metric(value)
}

function column(cells: readonly string[], side: 'left' | 'right' = 'right'): string[] {
  const width = Math.max(...cells.map(({ length }) => length))
  return cells.map((cell) => (side === 'left' ? cell.padEnd(width) : cell.padStart(width)))
}

function widthOf(part: readonly (readonly string[])[]): number {
  return part.reduce((sum, cells) => sum + cells[0]!.length, (part.length - 1) * GAP.length)
}

/** A comparison for people: who is compared, then a table for each phase, in as many parts as the width asks for. */
import { printable } from '../errors.js'
import { markdownTable } from '../report/markdown.js'
import { metric } from '../report/table.js'
import { memoryUnit, shortened, type Unit } from '../report/units.js'
import type { ComparedGroup, ComparedPhase, Comparison, GroupFigure } from './comparison.js'
import { showDifference } from './differences.js'
import type { FigureUnit } from './figures.js'

const NOTHING = '-'
/** Differences of one group, and seeds with gaps between them, that are listed; `--json` has all. */
const DIFFERENCES_MAX = 8
const SEEDS_MAX = 4

/** @returns lines that each end with a line break. */
export function comparisonTable({ groups, phases }: Comparison, columns: number): string {
  const blocks = [
    groups.flatMap((group, index) => groupLines(group, index === 0)),
    ...phases.flatMap((phase) => phaseBlocks(phase, groups, columns)),
    ...(groups.some(({ replicates }) => replicates !== null)
      ? [['Figures are means; in parentheses the 95 % interval of the ratio']]
      : []),
  ]
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n')
}

function groupLines(
  { name, scenario, seeds, differsIn, replicates, machineDiffersIn }: ComparedGroup,
  isBaseline: boolean,
): string[] {
  const how = isBaseline ? ' (baseline)' : replicates === null ? '' : ` (${replicates})`
  const all = [...differsIn, ...machineDiffersIn]
  return [
    `${name}  ${shortened(printable(scenario), 24)}: ${runsAndSeeds(seeds)}${how}`,
    ...all
      .slice(0, DIFFERENCES_MAX)
      .map((difference) => `   differs in ${printable(difference.key)}: ${showDifference(difference)}`),
    ...(all.length > DIFFERENCES_MAX
      ? [`   and in ${all.length - DIFFERENCES_MAX} more; --json has them`]
      : []),
  ]
}

/** `6 runs, seeds 1000 to 1005`, `2 runs, seeds 1, 7`, `9 runs, 8 seeds from 1 to 99`. */
function runsAndSeeds(seeds: readonly number[]): string {
  const runs = seeds.length === 1 ? '1 run' : `${seeds.length} runs`
  const distinct = [...new Set(seeds)]
  const [first, last] = [distinct[0]!, distinct.at(-1)!]
  if (distinct.length === 1) return `${runs}, seed ${first}`
  if (distinct.length > 2 && last - first === distinct.length - 1) return `${runs}, seeds ${first} to ${last}`
  if (distinct.length <= SEEDS_MAX) return `${runs}, seeds ${distinct.join(', ')}`
  return `${runs}, ${distinct.length} seeds from ${first} to ${last}`
}

/** What all groups have none of is left out. */
function phaseBlocks({ name, figures }: ComparedPhase, groups: ComparedGroup[], columns: number): string[][] {
  const rows = figures.filter((figure) => figure.groups.some(({ mean }) => mean !== null && mean !== 0))
  const memory = rows
    .filter(({ unit }) => unit === 'MiB')
    .flatMap((row) => row.groups.map(({ mean }) => mean ?? 0))
  const units = { ...UNITS, MiB: memoryUnit(Math.max(0, ...memory)) }
  const labels = rows.map(({ label, unit }) => (unit === '' ? label : `${label}, ${units[unit].name}`))
  const baseline = groups[0]!.name
  const columnsOf = (index: number) => {
    const group = groups[index]!.name
    const amounts = rows.map((row) => amount(row.groups[index]!, units[row.unit]))
    if (index === 0) return [[group, ...amounts]]
    const ratios = rows.map((row) => ratio(row.groups[index]!))
    return [
      [group, ...amounts],
      [`${group}/${baseline}`, ...ratios],
    ]
  }
  const fixed = [[shortened(printable(name), 20), ...labels], ...columnsOf(0)]
  const parts: string[][] = []
  let part = fixed
  for (let index = 1; index < groups.length; index++) {
    const wider = [...part, ...columnsOf(index)]
    // A part has one group at least, however narrow the terminal.
    if (part === fixed || tableOf(wider)[0]!.length <= columns) part = wider
    else {
      parts.push(tableOf(part))
      part = [...fixed, ...columnsOf(index)]
    }
  }
  return [...parts, tableOf(part)]
}

/** Memory's depends on the largest figure. */
const UNITS: Record<Exclude<FigureUnit, 'MiB'>, Unit> = {
  part: { name: '%', size: 0.01 },
  ns: { name: 'µs', size: 1000 },
  '/s': { name: '/s', size: 1 },
  s: { name: 's', size: 1 },
  '': { name: '', size: 1 },
}

function tableOf(columns: readonly (readonly string[])[]): string[] {
  return markdownTable(columns[0]!.map((_, row) => columns.map((cells) => cells[row]!)))
}

/** As other tables have it, but never 0.00 for what is not 0. */
function amount({ mean }: GroupFigure, { size }: Unit): string {
  if (mean === null) return NOTHING
  const value = mean / size
  return value !== 0 && value < 0.1 ? value.toPrecision(2) : metric(value)
}

/** `1.10 (0.09–2.05)`: two decimals, or as many as a ratio below 0.1 needs for two digits, and one above 10 for three. */
function ratio({ ratio, interval }: GroupFigure): string {
  if (ratio === null) return NOTHING
  const power = ratio === 0 ? 0 : Math.floor(Math.log10(ratio))
  const decimals = Math.min(6, Math.max(0, power < 0 ? 1 - power : 2 - power))
  const text = ratio.toFixed(decimals)
  return interval === null ? text : `${text} (${interval.map((end) => end.toFixed(decimals)).join('–')})`
}

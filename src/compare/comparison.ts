/** The comparison of runs as data: what `--json` prints, and what the tables are made of. */
import { Prng, seedOf } from '../random/prng.js'
import { mean } from '../study/statistics.js'
import type { Difference } from './differences.js'
import { doubtsAbout } from './doubts.js'
import { FIGURES, type Figure, type FigureUnit, readFigure } from './figures.js'
import {
  arePaired,
  type Group,
  groupRuns,
  machineDifferences,
  optionDifferences,
  phasesOf,
  seedsOf,
} from './groups.js'
import { pairedRatio, type Ratio, unpairedRatio } from './ratio.js'
import type { FoundRuns } from './runs.js'

export interface Comparison {
  /** The first is the baseline. */
  groups: ComparedGroup[]
  phases: ComparedPhase[]
  warnings: string[]
}

export interface ComparedGroup {
  name: string
  scenario: string
  /** By run, as directories and the values of figures are. */
  seeds: number[]
  directories: string[]
  /** Options that are not the baseline's; none: it is the baseline, or only the machine differs. */
  differsIn: Difference[]
  machineDiffersIn: Difference[]
  /** How intervals of its ratios are made; null: too few replicates, or it is the baseline. */
  replicates: 'paired' | 'unpaired' | null
}

export interface ComparedPhase {
  name: string
  figures: ComparedFigure[]
}

export interface ComparedFigure {
  path: string
  label: string
  unit: FigureUnit
  /** In the order of the groups. */
  groups: GroupFigure[]
}

/** The baseline's ratio is null. */
export interface GroupFigure extends Ratio {
  /** Null: that run has none. */
  values: (number | null)[]
  mean: number | null
}

export function compareRuns({ runs, warnings }: FoundRuns): Comparison {
  const groups = groupRuns(runs)
  const [baseline] = groups as [Group]
  const common = [...phasesOf(baseline)].filter((phase) =>
    groups.every((group) => phasesOf(group).has(phase)),
  )
  return {
    groups: groups.map((group) => describe(baseline, group)),
    phases: common.map((name) => ({ name, figures: FIGURES.map((figure) => compare(groups, name, figure)) })),
    warnings: [...warnings, ...doubtsAbout(groups)],
  }
}

function describe(baseline: Group, group: Group): ComparedGroup {
  const hasIntervals = group !== baseline && Math.min(group.runs.length, baseline.runs.length) >= 2
  return {
    name: group.name,
    scenario: group.runs[0]!.manifest.scenario,
    seeds: seedsOf(group),
    directories: group.runs.map(({ directory }) => directory),
    differsIn: optionDifferences(baseline, group),
    machineDiffersIn: machineDifferences(baseline, group),
    replicates: !hasIntervals ? null : arePaired(baseline, group) ? 'paired' : 'unpaired',
  }
}

function compare(groups: readonly Group[], phase: string, figure: Figure): ComparedFigure {
  const { path, label, unit } = figure
  const valuesOf = ({ runs }: Group) => runs.map(({ summary }) => readFigure(summary, phase, figure))
  const [baseline] = groups as [Group]
  const below = valuesOf(baseline)
  return {
    path,
    label,
    unit,
    groups: groups.map((group) => {
      const values = valuesOf(group)
      const known = values.filter(isKnown)
      const random = new Prng(seedOf('compare', phase, path, group.name))
      return {
        values,
        mean: known.length === 0 ? null : mean(known),
        ...(group === baseline
          ? { ratio: null, interval: null }
          : ratioOf(below, values, arePaired(baseline, group), random)),
      }
    }),
  }
}

type Values = readonly (number | null)[]

function ratioOf(below: Values, above: Values, isPaired: boolean, random: Prng): Ratio {
  if (!isPaired) return unpairedRatio(below.filter(isKnown), above.filter(isKnown), random)
  const runs = below.flatMap((_, run) => (isKnown(below[run]!) && isKnown(above[run]!) ? [run] : []))
  return pairedRatio(
    runs.map((run) => below[run]!),
    runs.map((run) => above[run]!),
    random,
  )
}

function isKnown(value: number | null): value is number {
  return value !== null
}

/** The comparison of runs as data: what `--json` prints, and what the tables are made of. */
import { printable } from '../errors.js'
import { Prng, seedOf } from '../random/prng.js'
import { type Interval, mean } from '../study/statistics.js'
import { FIGURES, type Figure, type FigureUnit, readFigure } from './figures.js'
import {
  type Difference,
  type Group,
  groupRuns,
  machineDifferences,
  optionDifferences,
  showDifference,
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
  /** In the order of the group's runs; null: that run has none. */
  values: (number | null)[]
  mean: number | null
}

export function compareRuns({ runs, warnings }: FoundRuns): Comparison {
  const groups = groupRuns(runs)
  const baseline = groups[0]!
  const phasesOf = ({ runs }: Group) =>
    new Set(runs.flatMap(({ summary }) => summary.phases.map(({ name }) => name)))
  const ofGroups = groups.map(phasesOf)
  const all = [...new Set(ofGroups.flatMap((phases) => [...phases]))]
  const common = all.filter((phase) => ofGroups.every((phases) => phases.has(phase)))
  const unshared = all
    .filter((phase) => !common.includes(phase))
    .map((phase) => {
      const having = groups.filter((_, index) => ofGroups[index]!.has(phase)).map(({ name }) => name)
      return printable(`phase ${phase} is not compared: only ${having.join(', ')} has it`)
    })
  return {
    groups: groups.map((group) => describe(baseline, group)),
    phases: common.map((name) => ({ name, figures: FIGURES.map((figure) => compare(groups, name, figure)) })),
    warnings: [
      ...warnings,
      ...(groups.length === 1 ? ['all runs have the same options: there is nothing to compare them to'] : []),
      ...groups.slice(1).flatMap((group) => differencesOf(baseline, group)),
      ...unshared,
    ],
  }
}

function describe(baseline: Group, group: Group): ComparedGroup {
  return {
    name: group.name,
    scenario: group.runs[0]!.manifest.scenario,
    seeds: seedsOf(group),
    directories: group.runs.map(({ directory }) => directory),
    differsIn: optionDifferences(baseline, group),
    machineDiffersIn: machineDifferences(baseline, group),
    replicates:
      group === baseline || Math.min(group.runs.length, baseline.runs.length) < 2
        ? null
        : isPaired(baseline, group)
          ? 'paired'
          : 'unpaired',
  }
}

/** What makes a comparison doubtful; that options differ is what it is for. */
function differencesOf(baseline: Group, group: Group): string[] {
  const [a, b] = [baseline.runs[0]!, group.runs[0]!]
  const machine = machineDifferences(baseline, group)
  const { memory, time } = b.summary.scale
  const scenario = `${group.name} is of scenario ${b.manifest.scenario}, ${baseline.name} of ${a.manifest.scenario}`
  const scale =
    `${group.name} has another scale than ${baseline.name}: memory is compared at full size; rates, times, ` +
    'latencies and counts are those of the scaled runs'
  const unlike = machine.map((difference) => `${difference.key} ${showDifference(difference)}`).join('; ')
  return [
    ...(a.manifest.scenario === b.manifest.scenario ? [] : [scenario]),
    ...(machine.length === 0 ? [] : [`${group.name} is of another machine than ${baseline.name}: ${unlike}`]),
    ...(a.summary.scale.memory === memory && a.summary.scale.time === time ? [] : [scale]),
  ].map(printable)
}

function compare(groups: readonly Group[], phase: string, figure: Figure): ComparedFigure {
  const { path, label, unit } = figure
  const values = groups.map(({ runs }) => runs.map(({ summary }) => readFigure(summary, phase, figure)))
  return {
    path,
    label,
    unit,
    groups: groups.map((group, index) => {
      const known = values[index]!.filter(isKnown)
      const random = new Prng(seedOf('compare', phase, path, index))
      const ratio =
        index === 0
          ? { ratio: null, interval: null as Interval | null }
          : ratioOf(groups[0]!, values[0]!, group, values[index]!, random)
      return { values: values[index]!, mean: known.length === 0 ? null : mean(known), ...ratio }
    }),
  }
}

type Values = readonly (number | null)[]

function ratioOf(baseline: Group, below: Values, group: Group, above: Values, random: Prng): Ratio {
  if (isPaired(baseline, group) && below.every(isKnown) && above.every(isKnown)) {
    const order = seedsOf(baseline).map((seed) => seedsOf(group).indexOf(seed))
    return pairedRatio(
      below,
      order.map((run) => above[run]!),
      random,
    )
  }
  return unpairedRatio(below.filter(isKnown), above.filter(isKnown), random)
}

/** With the same seed guests make the same choices, so what differs then is not the seed's doing. */
function isPaired(baseline: Group, group: Group): boolean {
  const seeds = new Set(seedsOf(baseline))
  const others = seedsOf(group)
  return (
    seeds.size === baseline.runs.length &&
    others.length === seeds.size &&
    new Set([...seeds, ...others]).size === seeds.size &&
    new Set(others).size === seeds.size
  )
}

function seedsOf({ runs }: Group): number[] {
  return runs.map(({ manifest }) => manifest.seed)
}

function isKnown(value: number | null): value is number {
  return value !== null
}

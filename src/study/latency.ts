/**
 * Latency of CoW faults by the levels of each factor: what all guests of all complete runs at a level have recorded, added up.
 * Of the phases that the responses are about, or else of all that are measured; a phase in which no fault was timed is left out.
 */
import type { PercentileChart } from '../charts/percentiles.js'
import type { LatencyNs } from '../measure/histograms.js'
import { addLatenciesOf, type FaultLatencies, noLatencies } from '../report/latency-logs.js'
import { type Cell, levelName } from './design.js'
import { nameWithUnit } from './labels.js'
import type { Factor, Study } from './study.js'

/** Of one phase at one level of one factor. */
export interface LevelLatencies extends FaultLatencies {
  factor: Factor
  level: number
}

/** The same in figures; null: no fault was timed. */
export interface LatencyFigure {
  phase: string
  factor: string
  level: string
  latencyNs: LatencyNs | null
  fromIntendedNs: LatencyNs | null
}

/** In the order of the run's phases. */
export function phasesAskedFor(
  { responses }: Pick<Study, 'responses'>,
  phases: readonly { name: string; measured: boolean }[],
): string[] {
  const named = phases.filter(({ name }) => responses.some(({ path }) => path.startsWith(`phases.${name}.`)))
  return (named.length > 0 ? named : phases.filter(({ measured }) => measured)).map(({ name }) => name)
}

/** @param runs directories of complete runs, each with the index of its cell */
export function latenciesByLevel(
  { factors }: Pick<Study, 'factors'>,
  cells: readonly Cell[],
  phases: readonly string[],
  runs: readonly { cell: number; path: string }[],
): LevelLatencies[] {
  const all = phases.flatMap((phase) =>
    factors.flatMap((factor) =>
      factor.levels.map((_, level): LevelLatencies => ({ ...noLatencies(phase), factor, level })),
    ),
  )
  for (const { cell, path } of runs) {
    const { levels } = cells[cell]!
    addLatenciesOf(
      path,
      all.filter(({ factor, level }) => levels[factors.indexOf(factor)] === level),
    )
  }
  const isTimed = (phase: string) => all.some((entry) => entry.phase === phase && entry.service.count > 0)
  return all.filter(({ phase }) => isTimed(phase))
}

export function latencyFigures(latencies: readonly LevelLatencies[]): LatencyFigure[] {
  return latencies.map(({ phase, factor, level, service, fromIntended }) => ({
    phase,
    factor: factor.name,
    level: levelName(factor, level),
    latencyNs: service.figures(),
    fromIntendedNs: fromIntended.figures(),
  }))
}

/** figures/latency-FACTOR.svg: a row of panels for each phase, a curve for each level. */
export function latencyChart(
  study: Study,
  factor: Factor,
  latencies: readonly LevelLatencies[],
): PercentileChart {
  const own = latencies.filter((entry) => entry.factor === factor)
  const phases = [...new Set(own.map(({ phase }) => phase))]
  return {
    title: `${study.name}: latency of CoW faults by ${nameWithUnit(factor.name, factor.unit)}`,
    subtext: 'of all guests in all complete runs at each level',
    rows: phases.map((phase) => ({
      title: phase,
      curves: own
        .filter((entry) => entry.phase === phase)
        .map(({ level, service, fromIntended }) => ({
          name: levelName(factor, level),
          service: service.curve(),
          fromIntended: fromIntended.curve(),
        })),
    })),
  }
}

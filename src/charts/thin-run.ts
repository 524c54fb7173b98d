/** A run cut down to what its charts show: the samples in which they peak, and the columns that they read. */
import { curveChartsOf } from './charts.js'
import { type CurveChart, stackOf } from './curves.js'
import type { LatencyOverTime, RunView, TimeSeries } from './run-view.js'
import { keptSamples } from './thin.js'
import type { Values } from './values.js'

/**
 * Charts and their texts are the same of it, but for what lies closer together than can be seen.
 *
 * @param samplesMax more only where the extremes of all curves in all phases alone are more
 */
export function thinRun(run: RunView, samplesMax: number): RunView {
  const { series, latencyOverTime } = run
  const read = new Set<string>()
  const charts = curveChartsOf({ ...run, series: { ...series, columns: noting(read, series.columns) } })
  const kept = samplesOf(charts, series.phase, samplesMax)
  return {
    ...run,
    series: partOf(series, kept, read),
    latencyOverTime: latencyOverTime && addedUp(latencyOverTime, kept),
  }
}

/** Notes which columns are asked for. */
function noting(read: Set<string>, columns: TimeSeries['columns']): TimeSeries['columns'] {
  return new Proxy(columns, {
    get: (all, name: string) => {
      read.add(name)
      return all[name]
    },
  })
}

/** Of what is known of an interval, its other end is kept too: charts make it of the difference. */
function samplesOf(charts: readonly CurveChart[], phase: readonly string[], samplesMax: number): number[] {
  if (phase.length <= samplesMax) return [...phase.keys()]
  const levels = charts.filter(({ told }) => !told.isOfIntervals).flatMap(curvesOf)
  const intervals = charts.filter(({ told }) => told.isOfIntervals).flatMap(curvesOf)
  const forLevels = (samplesMax * levels.length) / (levels.length + 2 * intervals.length)
  const ends = keptSamples(phase, intervals, (samplesMax - forLevels) / 2)
  const kept = new Set([
    ...keptSamples(phase, levels, forLevels),
    ...ends.flatMap((sample) => (sample === 0 ? [sample] : [sample - 1, sample])),
  ])
  return [...kept].sort((a, b) => a - b)
}

/** All that is drawn or told. */
function curvesOf({ panels, told }: CurveChart): Values[] {
  const drawn = panels.flatMap(({ bands, lines }) => [
    ...stackOf(bands),
    ...lines.map(({ values }) => values),
  ])
  return [...drawn, ...told.curves.map(({ values }) => values)]
}

function partOf(series: TimeSeries, kept: readonly number[], names: ReadonlySet<string>): TimeSeries {
  const at = <Value>(values: readonly Value[]) => kept.map((sample) => values[sample]!)
  const columns = Object.entries(series.columns).filter(([name]) => names.has(name))
  return {
    timeSeconds: at(series.timeSeconds),
    phase: at(series.phase),
    columns: Object.fromEntries(columns.map(([name, values]) => [name, at(values)])),
  }
}

/** Of samples that are not kept the faults count in the next one that is. */
function addedUp({ bucketsNs, counts }: LatencyOverTime, kept: readonly number[]): LatencyOverTime {
  return {
    bucketsNs,
    counts: kept.map((sample, index) => {
      const since = counts.slice((kept[index - 1] ?? -1) + 1, sample + 1)
      return bucketsNs.map((_, bucket) => since.reduce((sum, ofSample) => sum + ofSample[bucket]!, 0))
    }),
  }
}

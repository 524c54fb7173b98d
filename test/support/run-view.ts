/** The made-up run of sample-run.ts as charts see it, read back from the lines that it would have left. */
import type { LineSeriesOption } from 'echarts/charts'
import type { ChartOption } from '../../src/charts/chart.js'
import type { RunView } from '../../src/charts/run-view.js'
import { parseTimeSeries } from '../../src/charts/time-series.js'
import type { Sample } from '../../src/experiment/outcome.js'
import { latencyOverTimeCsv, parseLatencyOverTime } from '../../src/report/latency-over-time.js'
import { timeSeriesHeader, timeSeriesLine } from '../../src/report/timeseries.js'
import { sampleRun } from './sample-run.js'

/** @param change of its samples */
export function runView(
  guests: readonly string[],
  change: (samples: readonly Sample[]) => readonly Sample[] = (samples) => samples,
): RunView {
  const { plan, samples: all, phases } = sampleRun(guests)
  const samples = change(all)
  return {
    scenario: plan.scenario,
    seed: plan.seed,
    policy: 'tps',
    scale: plan.scale,
    guests: [...guests],
    threads: [],
    phases: phases.map(({ name, measured, start, end }) => ({
      name,
      measured,
      startSeconds: start.timeSeconds,
      endSeconds: end.timeSeconds,
    })),
    series: parseTimeSeries([timeSeriesHeader(guests, 'tps', []), ...samples.map(timeSeriesLine)].join('')),
    latencies: [],
    latencyOverTime: parseLatencyOverTime(latencyOverTimeCsv(samples) ?? ''),
  }
}

/** Those that the legend names. */
export function namedSeries(option: ChartOption): LineSeriesOption[] {
  return (option.series as LineSeriesOption[]).filter(({ name }) => name !== undefined)
}

export function lastPoint({ data }: LineSeriesOption): number[] {
  return data!.at(-1) as number[]
}

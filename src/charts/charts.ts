/** All charts of a run, in the order of its report. */
import type { Chart } from './chart.js'
import { type CurveChart, drawCurves } from './curves.js'
import { latencyChart } from './latency.js'
import { latencyOverTimeChart } from './latency-over-time.js'
import { cowChart, scanChart } from './rates.js'
import { reasonsChart } from './reasons.js'
import type { RunView } from './run-view.js'
import { sharedChart } from './shared.js'
import type { Theme } from './theme.js'
import { threadsChart } from './threads.js'

export function chartsOf(run: RunView, theme: Theme): Chart[] {
  const { latencyOverTime } = run
  return [
    ...curveChartsOf(run).map((chart) => drawCurves(run, theme, chart)),
    latencyChart(run, theme),
    ...(latencyOverTime === null ? [] : [latencyOverTimeChart(run, latencyOverTime, theme)]),
  ]
}

/** Those of curves over time. */
export function curveChartsOf(run: RunView): CurveChart[] {
  return [
    sharedChart(run),
    ...(run.policy === 'tps' ? [reasonsChart(run)] : []),
    scanChart(run),
    ...(run.threads.length > 0 ? [threadsChart(run)] : []),
    cowChart(run),
  ]
}

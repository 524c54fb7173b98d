/** CoW faults of all guests by percentile: a curve for each measured phase that has any. */
import type { Chart } from './chart.js'
import { drawPercentiles } from './percentiles.js'
import type { LatencyCurve, PhaseLatencies, RunView } from './run-view.js'
import { duration } from './text.js'
import type { Theme } from './theme.js'

export function latencyChart(
  { scenario, latencies }: Pick<RunView, 'scenario' | 'latencies'>,
  theme: Theme,
): Chart {
  const title = `${scenario}: latency of CoW faults`
  const curves = latencies.map(({ phase, ...times }) => ({ name: phase, ...times }))
  const subtext = curves.length === 0 ? 'none was timed' : 'of all guests, by measured phase'
  return {
    name: 'latency',
    title,
    text: textOf(latencies),
    isOverTime: false,
    ...drawPercentiles(theme, { title, subtext, rows: [{ title: '', curves }] }),
  }
}

function textOf(latencies: readonly PhaseLatencies[]): string {
  if (latencies.length === 0) return 'Latency of CoW faults by percentile: none was timed.'
  const phases = latencies.map(({ phase, service, fromIntended }) => {
    const both = (of: (curve: LatencyCurve) => string) =>
      fromIntended.count === 0 ? of(service) : `${of(service)} (${of(fromIntended)})`
    const within = (nines: number) => both((curve) => timeAt(curve, nines))
    const longest = both(({ points }) => duration(points.at(-1)!.ns))
    return `${phase}, ${service.count.toLocaleString('en-US')} faults: half are done within ${within(HALF)}, 99 % within ${within(2)}, the longest took ${longest}.`
  })
  return `Latency of CoW faults by percentile: service time and, in brackets, time from the intended start. ${phases.join(' ')}`
}

/** As nines. */
const HALF = Math.log10(2)

/** Of the first point at or beyond it: a curve of few faults ends before 99 %. */
function timeAt({ points }: LatencyCurve, nines: number): string {
  return duration((points.find((point) => point.nines >= nines) ?? points.at(-1)!).ns)
}

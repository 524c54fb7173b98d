/** CoW faults of all guests by percentile: a curve for each measured phase that has any. */
import type { Chart } from './chart.js'
import { drawPercentiles } from './percentiles.js'
import type { PhaseLatencies, RunView } from './run-view.js'
import { duration } from './text.js'
import type { Theme } from './theme.js'

export function latencyChart({ scenario, latencies }: RunView, theme: Theme): Chart {
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
    const at = (nines: number) => `${timeAt(service, nines)} (${timeAt(fromIntended, nines)})`
    const most = [service, fromIntended].map(({ points }) => duration(points.at(-1)!.ns))
    return `${phase}, ${service.count.toLocaleString('en-US')} faults: half are done within ${at(HALF)}, 99 % within ${at(2)}, the longest took ${most[0]} (${most[1]}).`
  })
  return `Latency of CoW faults by percentile: service time and, in brackets, time from the intended start. ${phases.join(' ')}`
}

/** As nines. */
const HALF = Math.log10(2)

/** Of the first point at or beyond it: there are few beyond 99 % in a curve of few faults. */
function timeAt({ points }: PhaseLatencies['service'], nines: number): string {
  return duration((points.find((point) => point.nines >= nines) ?? points.at(-1)!).ns)
}

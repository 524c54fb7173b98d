/** A run as charts and pages see it, read from its results directory alone: what they show can be made again at any time. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PhaseLatencies, PhaseView, RunView } from '../charts/run-view.js'
import { parseTimeSeries } from '../charts/time-series.js'
import type { Summary } from '../experiment/outcome.js'
import { addLatenciesOf, noLatencies } from './latency-logs.js'
import { LATENCY_OVER_TIME, parseLatencyOverTime } from './latency-over-time.js'

const CPU_SECONDS = 'cpuSeconds.'

/** @throws the system's error where summary.json or timeseries.csv can't be read */
export function readRunView(directory: string): RunView {
  const read = (name: string) => readFileSync(join(directory, name), 'utf8')
  const summary = JSON.parse(read('summary.json')) as Summary
  const { scenario, seed, policy, scale } = summary
  const series = parseTimeSeries(read('timeseries.csv'))
  const names = Object.keys(series.columns)
  const phases = summary.phases.map(({ name, measured, startSeconds, endSeconds }) => ({
    name,
    measured,
    startSeconds,
    endSeconds,
  }))
  return {
    scenario,
    seed,
    policy,
    scale,
    guests: summary.guests.map(({ name }) => name),
    threads: names
      .filter((name) => name.startsWith(CPU_SECONDS))
      .map((name) => name.slice(CPU_SECONDS.length)),
    phases,
    series,
    latencies: latenciesOf(directory, phases),
    latencyOverTime: existsSync(join(directory, LATENCY_OVER_TIME))
      ? parseLatencyOverTime(read(LATENCY_OVER_TIME))
      : null,
  }
}

/** Of the measured phases that have any. */
function latenciesOf(directory: string, phases: readonly PhaseView[]): PhaseLatencies[] {
  const measured = phases.filter((phase) => phase.measured).map(({ name }) => noLatencies(name))
  addLatenciesOf(directory, measured)
  return measured
    .filter(({ service }) => service.count > 0)
    .map(({ phase, service, fromIntended }) => ({
      phase,
      service: service.curve(),
      fromIntended: fromIntended.curve(),
    }))
}

/**
 * latency/over-time.csv: CoW faults of all guests by how long they took, in the interval that ends at each sample. A column
 * for each bucket that was met, called by the shortest latency of it in ns (measure/latency-buckets.ts).
 */
import type { LatencyOverTime } from '../charts/run-view.js'
import { parseCsv } from '../charts/time-series.js'
import type { Sample } from '../experiment/outcome.js'
import { bucketStartNs, LATENCY_BUCKETS } from '../measure/latency-buckets.js'
import { csvLine, decimals3 } from './timeseries.js'

export const LATENCY_OVER_TIME = 'latency/over-time.csv'

/** @returns undefined where nothing was timed */
export function latencyOverTimeCsv(samples: readonly Sample[]): string | undefined {
  const last = samples.at(-1)?.cowLatencies
  if (last === undefined) return undefined
  const met = Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => bucket).filter(
    (bucket) => last[bucket]! > 0,
  )
  const lines = samples.map(({ timeSeconds, cowLatencies }, index) => {
    const before = samples[index - 1]?.cowLatencies
    const counts = met.map((bucket) => cowLatencies![bucket]! - (before?.[bucket] ?? 0))
    return csvLine([decimals3(timeSeconds), ...counts])
  })
  return [csvLine(['timeSeconds', ...met.map(bucketStartNs)]), ...lines].join('')
}

export function parseLatencyOverTime(csv: string): LatencyOverTime {
  const [[, ...buckets] = [], ...lines] = parseCsv(csv)
  return { bucketsNs: buckets.map(Number), counts: lines.map(([, ...counts]) => counts.map(Number)) }
}

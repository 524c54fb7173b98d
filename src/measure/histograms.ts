/**
 * Latency histograms, in nanoseconds: what guests recorded (latency-counts.ts), merged and printed on the main thread.
 * The one module that knows the histogram library (HdrHistogram).
 */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { LATENCY_LIMIT_NS, type RecordedLatencies } from './latency-counts.js'

/** A distribution in a few figures, in ns. */
export interface LatencyNs {
  count: number
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
}

/** Count, percentiles and exact maximum of all recordings together; null when they hold nothing. */
export function latencyOf(recordings: readonly RecordedLatencies[]): LatencyNs | null {
  const merged = histogramOf(recordings)
  if (merged.totalCount === 0) return null
  const max = Math.max(...recordings.map(({ maxNs }) => maxNs))
  // A percentile is the top of its bucket, which may lie above the largest value that was recorded.
  const percentile = (percent: number) => Math.min(merged.getValueAtPercentile(percent), max)
  return {
    count: merged.totalCount,
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    p999: percentile(99.9),
    max,
  }
}

/** The percentile distribution of all recordings together as .hgrm text: one column of values, in ns. */
export function percentileText(recordings: readonly RecordedLatencies[]): string {
  const ticksPerHalfDistance = 5
  const nsPerUnit = 1
  return histogramOf(recordings).outputPercentileDistribution(ticksPerHalfDistance, nsPerUnit)
}

/** A recording in HdrHistogram's compressed V2 encoding (base64), as interval logs hold it. */
export function encodeLatencies(recording: RecordedLatencies): string {
  return encodeIntoCompressedBase64(histogramOf([recording]))
}

function histogramOf(recordings: readonly RecordedLatencies[]): Histogram {
  const histogram = build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_LIMIT_NS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  })
  for (const { buckets } of recordings) {
    for (let i = 0; i < buckets.length; i += 2) histogram.recordValueWithCount(buckets[i]!, buckets[i + 1]!)
  }
  return histogram
}

/**
 * Latency histograms, in nanoseconds: recorded on a guest's thread, merged and printed on the main thread.
 * The one module that knows the histogram library (HdrHistogram).
 *
 * Recording uses the library's WebAssembly form: a quarter of the cost of its JavaScript form, no garbage.
 * One histogram takes 112 KiB: 28 half-buckets of 1,024 counts of 4 bytes, which cover 0 ns … 100 s with
 * 3 significant digits. It never grows, so that no store pays for a resize. Packed counts would take 3 KiB
 * but cost ten times as much to record.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
  initWebAssembly,
} from 'hdr-histogram-js'

/** Longest latency told apart: a longer one is recorded as this, so that counts stay exact. */
export const LATENCY_LIMIT_NS = 100e9

/** Counts of merged histograms may pass 2³²; those of one guest in one phase do not. */
const RECORDED_COUNT_BITS = 32
const MERGED_COUNT_BITS = 64

/** A histogram in HdrHistogram's compressed V2 encoding (base64), values in ns. */
export interface EncodedHistogram {
  /** What was timed: `cow` (the whole fault), `cow.lock`, `cow.allocation`, `cow.copy`, `cow.remap`, `store` (the control), `swapIn`, `stall`. */
  metric: string
  encoded: string
  count: number
  maxNs: number
}

/** A distribution in a few figures, in ns. */
export interface LatencyNs {
  count: number
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
}

/** Loads the library's WebAssembly: once per thread, before its first `LatencyHistogram`. */
export function initHistograms(): Promise<void> {
  return initWebAssembly()
}

/** Records latencies on the thread that made it. */
export class LatencyHistogram {
  private readonly histogram: Histogram = build({
    bitBucketSize: RECORDED_COUNT_BITS,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_LIMIT_NS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: true,
  })

  /** @param valueNs not negative; a fraction is dropped. */
  recordNs(valueNs: number): void {
    this.histogram.recordValue(Math.min(valueNs, LATENCY_LIMIT_NS))
  }

  encode(metric: string): EncodedHistogram {
    return {
      metric,
      encoded: encodeIntoCompressedBase64(this.histogram),
      count: this.histogram.totalCount,
      maxNs: this.histogram.maxValue,
    }
  }

  reset(): void {
    this.histogram.reset()
  }
}

/** Count, percentiles and exact maximum of all histograms together; null when they hold nothing. */
export function latencyOf(histograms: readonly EncodedHistogram[]): LatencyNs | null {
  const merged = merge(histograms)
  if (merged.totalCount === 0) return null
  const max = Math.max(...histograms.map(({ maxNs }) => maxNs))
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

/** The percentile distribution of all histograms together as .hgrm text: one column of values, in ns. */
export function percentileText(histograms: readonly EncodedHistogram[]): string {
  const ticksPerHalfDistance = 5
  const nsPerUnit = 1
  return merge(histograms).outputPercentileDistribution(ticksPerHalfDistance, nsPerUnit)
}

function merge(histograms: readonly EncodedHistogram[]): Histogram {
  const filled = histograms.filter(({ count }) => count > 0)
  const [first, ...others] = filled.map(({ encoded }) =>
    decodeFromCompressedBase64(encoded, MERGED_COUNT_BITS),
  )
  if (first === undefined) return build({ bitBucketSize: MERGED_COUNT_BITS })
  for (const other of others) first.add(other)
  return first
}

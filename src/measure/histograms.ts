/**
 * Latency histograms, in nanoseconds: what guests recorded (latency-counts.ts), merged and printed on the main thread.
 * The one module that knows the histogram library (HdrHistogram).
 */
import { build, encodeIntoCompressedBase64, type Histogram, HistogramLogReader } from 'hdr-histogram-js'
import type { LatencyCurve } from '../charts/run-view.js'
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

/** Points of a percentile curve from one nine to the next. */
const POINTS_PER_NINE = 20

/** Latencies that were recorded apart, added up. */
export class Latencies {
  private readonly histogram = emptyHistogram()
  private maxNs = 0

  get count(): number {
    return this.histogram.totalCount
  }

  addRecording({ buckets, maxNs }: RecordedLatencies): void {
    for (let i = 0; i < buckets.length; i += 2)
      this.histogram.recordValueWithCount(buckets[i]!, buckets[i + 1]!)
    this.maxNs = Math.max(this.maxNs, maxNs)
  }

  /** @param logged of a log, which keeps no maximum but that of its buckets */
  addLogged(logged: Histogram): void {
    this.histogram.add(logged)
    this.maxNs = Math.max(this.maxNs, logged.maxValue)
  }

  /** Count, percentiles and maximum; null when nothing was recorded. */
  figures(): LatencyNs | null {
    if (this.count === 0) return null
    return {
      count: this.count,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      max: this.maxNs,
    }
  }

  /** From the shortest to the longest, which stands at the percentile above which it is alone. */
  curve(): LatencyCurve {
    const { count } = this
    if (count === 0) return { count, points: [] }
    const lastNines = Math.log10(count)
    const points = Array.from({ length: Math.ceil(lastNines * POINTS_PER_NINE) }, (_, index) => {
      const nines = index / POINTS_PER_NINE
      return { nines, ns: this.percentile(100 - 100 / 10 ** nines) }
    })
    return { count, points: [...points, { nines: lastNines, ns: this.maxNs }] }
  }

  /** The top of its bucket may lie above the largest value that was recorded. */
  private percentile(percent: number): number {
    return Math.min(this.histogram.getValueAtPercentile(percent), this.maxNs)
  }
}

export function mergedLatencies(recordings: readonly RecordedLatencies[]): Latencies {
  const merged = new Latencies()
  for (const recording of recordings) merged.addRecording(recording)
  return merged
}

/** Count, percentiles and exact maximum of all recordings together; null when they hold nothing. */
export function latencyOf(recordings: readonly RecordedLatencies[]): LatencyNs | null {
  return mergedLatencies(recordings).figures()
}

/** Adds what a log (as report/latency.ts writes it) has under some tags to what each of them stands for. */
export function addLog(log: string, byTag: ReadonlyMap<string, readonly Latencies[]>): void {
  // Other histograms need not be decoded.
  const isWanted = (line: string) => byTag.has(/^Tag=([^,]*),/.exec(line)?.[1] ?? '')
  const lines = log.split('\n').filter((line) => line.startsWith('#') || isWanted(line))
  const reader = new HistogramLogReader(lines.join('\n'), 64)
  for (let next = reader.nextIntervalHistogram(); next; next = reader.nextIntervalHistogram()) {
    for (const latencies of byTag.get(next.tag)!) latencies.addLogged(next)
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

function emptyHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_LIMIT_NS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  })
}

function histogramOf(recordings: readonly RecordedLatencies[]): Histogram {
  const histogram = emptyHistogram()
  for (const { buckets } of recordings) {
    for (let i = 0; i < buckets.length; i += 2) histogram.recordValueWithCount(buckets[i]!, buckets[i + 1]!)
  }
  return histogram
}

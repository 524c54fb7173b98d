/**
 * Latencies as they are recorded on a guest's thread: counts in HdrHistogram's own buckets (Tene; 3 significant digits),
 * so that histograms.ts turns them into its histograms without loss.
 *
 *   value below 2,048 ns     one count for each ns
 *   [2^(10+b), 2^(11+b))     1,024 counts, each 2^b ns wide
 *
 * 28 × 1,024 counts of 4 bytes, 112 KiB, reach beyond 100 s. Recording is a few integer operations: no library is loaded
 * into the guest's thread, which would take longer than the thread itself to start, and a store pays for no call.
 */

/** Longest latency told apart: a longer one is recorded as this, so that counts stay exact. */
export const LATENCY_LIMIT_NS = 100e9

const HALF_BUCKET_SHIFT = 10
const HALF_BUCKET = 1 << HALF_BUCKET_SHIFT
/** Leading zeros of the largest value that has a count of its own. */
const UNIT_LEADING_ZEROS = 21
const COUNTS = 28 * HALF_BUCKET
const INT32_LIMIT = 2 ** 31

/** What was recorded of one metric, without the empty counts: plain data. */
export interface RecordedLatencies {
  /** What was timed: `cow` (the whole fault), `cow.fromIntended`, `cow.lock`, `cow.allocation`, `cow.copy`, `cow.remap`, `cow.store`, `store` and `store.page` (the control), `swapIn`, `stall`. */
  metric: string
  count: number
  /** Exact. */
  maxNs: number
  /** Pairs of a latency in ns, the lowest of its bucket, and how often the bucket was met. */
  buckets: Float64Array
}

export class LatencyCounts {
  private readonly counts = new Int32Array(COUNTS)
  private maxNs = 0

  /** @param valueNs not negative; a fraction is dropped */
  recordNs(valueNs: number): void {
    const ns = valueNs < LATENCY_LIMIT_NS ? Math.floor(valueNs) : LATENCY_LIMIT_NS
    if (ns > this.maxNs) this.maxNs = ns
    this.counts[indexOf(ns)]! += 1
  }

  /** Everything recorded since the last call; empties the counts. */
  take(metric: string): RecordedLatencies {
    const { maxNs } = this
    const pairs: number[] = []
    let count = 0
    for (let index = 0; index < COUNTS; index++) {
      const times = this.counts[index]!
      if (times === 0) continue
      pairs.push(lowestNs(index), times)
      count += times
    }
    this.counts.fill(0)
    this.maxNs = 0
    return { metric, count, maxNs, buckets: Float64Array.from(pairs) }
  }
}

function indexOf(ns: number): number {
  if (ns >= INT32_LIMIT) {
    const bucket = Math.floor(Math.log2(ns)) - HALF_BUCKET_SHIFT
    return bucket * HALF_BUCKET + Math.floor(ns / 2 ** bucket)
  }
  const bucket = UNIT_LEADING_ZEROS - Math.clz32(ns | (2 * HALF_BUCKET - 1))
  return (bucket << HALF_BUCKET_SHIFT) + (ns >>> bucket)
}

function lowestNs(index: number): number {
  const bucket = Math.max(0, (index >>> HALF_BUCKET_SHIFT) - 1)
  return (index - bucket * HALF_BUCKET) * 2 ** bucket
}

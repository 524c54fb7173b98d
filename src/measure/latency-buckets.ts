/**
 * Buckets in which latencies are counted while a run goes: four in each octave, equally wide, from 64 ns to beyond 100 s, and
 * one for all below. A guest's thread counts its CoW faults by them in its row of the counters.
 *
 *   bucket 0               [0, 64)
 *   bucket 1 + 4 o + q     [2^(6+o) × (1 + q/4), 2^(6+o) × (1 + (q+1)/4)),  o = 0 … 30
 */

const FIRST_OCTAVE = 6
const PER_OCTAVE_SHIFT = 2
const PER_OCTAVE = 1 << PER_OCTAVE_SHIFT
const OCTAVES = 31
export const LATENCY_BUCKETS = 1 + OCTAVES * PER_OCTAVE

const INT32_LIMIT = 2 ** 31

/** @param ns not negative; what is longer than 2^37 ns counts as the longest */
export function latencyBucketOf(ns: number): number {
  if (ns < 1 << FIRST_OCTAVE) return 0
  if (ns < INT32_LIMIT) {
    const octave = 31 - Math.clz32(ns)
    const quarter = (ns >>> (octave - PER_OCTAVE_SHIFT)) & (PER_OCTAVE - 1)
    return 1 + ((octave - FIRST_OCTAVE) << PER_OCTAVE_SHIFT) + quarter
  }
  const octave = Math.floor(Math.log2(ns))
  const quarter = Math.floor(ns / 2 ** (octave - PER_OCTAVE_SHIFT)) - PER_OCTAVE
  return Math.min(LATENCY_BUCKETS - 1, 1 + (octave - FIRST_OCTAVE) * PER_OCTAVE + quarter)
}

/** The shortest latency of a bucket; of the one behind the last, where that ends. */
export function bucketStartNs(bucket: number): number {
  if (bucket === 0) return 0
  const octave = Math.floor((bucket - 1) / PER_OCTAVE)
  const quarter = (bucket - 1) % PER_OCTAVE
  return 2 ** (FIRST_OCTAVE + octave - PER_OCTAVE_SHIFT) * (PER_OCTAVE + quarter)
}

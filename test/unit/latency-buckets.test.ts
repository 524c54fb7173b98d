/** The buckets of latencies over time: one for each latency, four an octave, in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  COW_LATENCIES,
  counterRow,
  createCounters,
  GUEST,
  readCowLatencies,
} from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'
import { bucketStartNs, LATENCY_BUCKETS, latencyBucketOf } from '../../src/measure/latency-buckets.js'

test('each latency up to 100 s lies in its bucket, which is no wider than a quarter of it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 100e9, noNaN: true }), fc.boolean(), (ns, isSmall) => {
      const latency = isSmall ? ns % 10_000 : ns
      const bucket = latencyBucketOf(latency)
      const [start, end] = [bucketStartNs(bucket), bucketStartNs(bucket + 1)]
      assert(start <= latency && latency < end, `${latency} in [${start}, ${end})`)
      assert(bucket === 0 || end - start <= start / 4)
    }),
    { numRuns: 2000 },
  )
})

test('each bucket begins where the one before ends, and holds where it begins', () => {
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    const start = bucketStartNs(bucket)
    assert.equal(latencyBucketOf(start), bucket)
    if (bucket > 0) assert.equal(latencyBucketOf(start - 0.5), bucket - 1)
  }
  assert.equal(latencyBucketOf(1e12), LATENCY_BUCKETS - 1)
})

test('a guest’s buckets lie in its own row of the counters, beside what else it counts', () => {
  const counters = createCounters(3)
  const rows = [0, 1, 2].map((thread) => counterRow(counters, thread))
  const histograms = new GuestHistograms()
  for (const [thread, row] of rows.entries()) row[GUEST.stores] = thread + 1
  for (const ns of [0, 2000, 1e12]) histograms.recordFault(rows[1]!, 0, 0, ns)
  const all = readCowLatencies(rows)
  assert.equal(all.length, LATENCY_BUCKETS)
  assert.equal(
    all.reduce((sum, count) => sum + count, 0),
    3,
  )
  assert.deepEqual(
    all.flatMap((count, bucket) => (count > 0 ? [bucket] : [])),
    [0, latencyBucketOf(2000), LATENCY_BUCKETS - 1],
  )
  assert.deepEqual(
    rows.map((row) => [
      row[GUEST.stores],
      row.subarray(COW_LATENCIES).reduce((sum, count) => sum + count, 0),
    ]),
    [
      [1, 0],
      [2, 3],
      [3, 0],
    ],
  )
})

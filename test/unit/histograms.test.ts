import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { latencyOf, percentileText } from '../../src/measure/histograms.js'
import { LATENCY_LIMIT_NS, LatencyCounts } from '../../src/measure/latency-counts.js'

const latencyNs = fc.integer({ min: 0, max: LATENCY_LIMIT_NS })

function encoded(valuesNs: readonly number[]) {
  const histogram = new LatencyCounts()
  for (const value of valuesNs) histogram.recordNs(value)
  const result = histogram.take('cow')
  return result
}

/** The smallest value that at least so many of a thousand values do not exceed. */
function nearestRank(valuesNs: readonly number[], perMille: number): number {
  const rank = Math.ceil((valuesNs.length * perMille) / 1000)
  return valuesNs.toSorted((a, b) => a - b)[rank - 1]!
}

test('percentiles agree with sorting, to three significant digits, and the maximum is exact', () => {
  fc.assert(
    fc.property(fc.array(latencyNs, { minLength: 1, maxLength: 300 }), (values) => {
      const latency = latencyOf([encoded(values)])!
      const ranks = { p50: 500, p90: 900, p99: 990, p999: 999 }
      for (const [name, perMille] of Object.entries(ranks) as [keyof typeof ranks, number][]) {
        const exact = nearestRank(values, perMille)
        assert.ok(Math.abs(latency[name] - exact) <= exact / 1000, `${name}: ${latency[name]} for ${exact}`)
      }
      assert.equal(latency.max, Math.max(...values))
      assert.equal(latency.count, values.length)
    }),
    { numRuns: 50 },
  )
})

test('histograms merge to what one histogram would have recorded', () => {
  fc.assert(
    fc.property(fc.array(fc.array(latencyNs), { maxLength: 4 }), (guests) => {
      assert.deepEqual(latencyOf(guests.map(encoded)), latencyOf([encoded(guests.flat())]))
    }),
    { numRuns: 30 },
  )
})

test('nothing recorded has no latency', () => {
  assert.equal(latencyOf([]), null)
  assert.equal(latencyOf([encoded([])]), null)
})

test('a latency above the limit is counted, as the limit', () => {
  const latency = latencyOf([encoded([1000, 3 * LATENCY_LIMIT_NS])])
  assert.equal(latency?.count, 2)
  assert.equal(latency?.max, LATENCY_LIMIT_NS)
})

test('taking what was recorded forgets it', () => {
  const histogram = new LatencyCounts()
  histogram.recordNs(9_000_000)
  histogram.take('store')
  histogram.recordNs(700)
  const { count, maxNs } = histogram.take('store')
  assert.deepEqual({ count, maxNs }, { count: 1, maxNs: 700 })
})

test('the percentile text counts up to all values and states its maximum in ns', () => {
  const text = percentileText([encoded([500, 600, 700]), encoded([1500])])
  assert.match(text, /Value\s+Percentile\s+TotalCount/)
  assert.match(text, /^\s*1500\.000\s+1\.0+\s+4\s*$/m)
  assert.match(text, /#\[Max\s+=\s+1500\.000, Total count\s+=\s+4\]/)
})

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import {
  initHistograms,
  LATENCY_LIMIT_NS,
  LatencyHistogram,
  latencyOf,
  percentileText,
} from '../../src/measure/histograms.js'

before(initHistograms)

const latencyNs = fc.integer({ min: 0, max: LATENCY_LIMIT_NS })

function encoded(valuesNs: readonly number[]) {
  const histogram = new LatencyHistogram()
  for (const value of valuesNs) histogram.recordNs(value)
  const result = histogram.encode('cow')
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

test('reset forgets what was recorded', () => {
  const histogram = new LatencyHistogram()
  histogram.recordNs(9_000_000)
  histogram.reset()
  histogram.recordNs(700)
  const { count, maxNs } = histogram.encode('store')
  assert.deepEqual({ count, maxNs }, { count: 1, maxNs: 700 })
})

test('the percentile text counts up to all values and states its maximum in ns', () => {
  const text = percentileText([encoded([500, 600, 700]), encoded([1500])])
  assert.match(text, /Value\s+Percentile\s+TotalCount/)
  assert.match(text, /^\s*1500\.000\s+1\.0+\s+4\s*$/m)
  assert.match(text, /#\[Max\s+=\s+1500\.000, Total count\s+=\s+4\]/)
})

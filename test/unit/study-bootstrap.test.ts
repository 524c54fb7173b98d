/** Do the intervals hold what they promise? They are tried on data whose truth is known. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Prng } from '../../src/random/prng.js'
import { Factorial } from '../../src/study/anova.js'
import { meanInterval, shareIntervals } from '../../src/study/bootstrap.js'
import { studentQuantile } from '../../src/study/statistics.js'

/** Standard normal numbers (Box and Muller). */
function normal(random: Prng): number {
  return Math.sqrt(-2 * Math.log(1 - random.nextFraction())) * Math.cos(2 * Math.PI * random.nextFraction())
}

describe("Student's quantile at 97.5 %", () => {
  const published: [degreesOfFreedom: number, quantile: number][] = [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ]
  for (const [degreesOfFreedom, quantile] of published) {
    test(`of ${degreesOfFreedom}`, () =>
      assert.equal(studentQuantile(degreesOfFreedom).toFixed(3), quantile.toFixed(3)))
  }
})

describe('the interval of a mean', () => {
  for (const count of [3, 5, 10]) {
    test(`of ${count} normal values holds the truth in 95 % of cases`, () => {
      const random = new Prng(count)
      const trials = 400
      let held = 0
      for (let trial = 0; trial < trials; trial++) {
        const [low, high] = meanInterval(
          Array.from({ length: count }, () => 10 + normal(random)),
          random,
        )!
        if (low <= 10 && 10 <= high) held++
      }
      assert(held / trials > 0.92 && held / trials < 0.985, `${held} of ${trials}`)
    })
  }

  test('holds the mean, does not depend on the order, and is the same for the same seed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 8 }),
        (values) => {
          const [low, high] = meanInterval(values, new Prng(1))!
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length
          const rounding = 1e-9 * (1 + Math.abs(mean))
          assert(low <= mean + rounding && mean - rounding <= high)
          assert.deepEqual(meanInterval(values, new Prng(1)), [low, high])
        },
      ),
      { numRuns: 30 },
    )
  })

  test('of equal values is a point; of one value there is none', () => {
    assert.deepEqual(meanInterval([3, 3, 3], new Prng(1)), [3, 3])
    assert.equal(meanInterval([3], new Prng(1)), undefined)
  })
})

describe('the interval of a share', () => {
  /** Of a factor in 2 × 3 cells of five replicates. */
  const truths = { nothing: 0, some: 0.3, much: 0.7 }
  const noises: Record<string, (random: Prng, cell: number) => number> = {
    'cells vary alike': normal,
    'cells vary differently': (random, cell) => Math.sqrt(cell % 2 === 0 ? 0.1 : 1.9) * normal(random),
    'values are skewed': (random) => -Math.log(1 - random.nextFraction()) - 1,
  }
  for (const [name, truth] of Object.entries(truths)) {
    for (const [where, noise] of Object.entries(noises)) {
      test(`holds the truth in about 95 % of cases where a factor explains ${name} and ${where}`, () => {
        const random = new Prng(3)
        const factorial = new Factorial([2, 3])
        const size = Math.sqrt(truth / (1 - truth))
        const trials = 200
        let held = 0
        for (let trial = 0; trial < trials; trial++) {
          const observations = Array.from({ length: 6 }, (_, cell) =>
            Array.from({ length: 5 }, () => (cell < 3 ? -size : size) + noise(random, cell)),
          )
          const [low, high] = shareIntervals(factorial, observations, random, 400)[0]!
          assert(low >= 0 && high <= 1 && low <= high)
          if (low <= truth && truth <= high) held++
        }
        assert(held / trials > 0.86, `${held} of ${trials}`)
      })
    }
  }

  test('is [0, 0] for what has no effect where nothing is left to chance', () => {
    const observations = [
      [1, 1, 1],
      [1, 1, 1],
      [2, 2, 2],
      [2, 2, 2],
    ]
    const [a, b, both] = shareIntervals(new Factorial([2, 2]), observations, new Prng(1), 100)
    assert.deepEqual({ a, b, both }, { a: [1, 1], b: [0, 0], both: [0, 0] })
  })
})

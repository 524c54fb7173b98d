import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Prng } from '../../src/random/prng.js'
import { Zipf } from '../../src/random/zipf.js'
import { isPlausible } from '../support/chi-square.js'

function probabilities(size: number, exponent: number): number[] {
  const weights = Array.from({ length: size }, (_, rank) => (rank + 1) ** -exponent)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

function draw(zipf: Zipf, size: number, draws: number): number[] {
  const counts = new Array<number>(size).fill(0)
  for (let n = 0; n < draws; n++) counts[zipf.next()]! += 1
  return counts
}

/** Ranks so rare that a count says nothing are taken together. */
function pool(counts: number[], expected: number[], draws: number): [number[], number[]] {
  const common = expected.findLastIndex((probability) => probability * draws >= 8) + 1
  if (common === expected.length) return [counts, expected]
  const tail = (values: number[]) => values.slice(common).reduce((sum, value) => sum + value, 0)
  return [
    [...counts.slice(0, common), tail(counts)],
    [...expected.slice(0, common), tail(expected)],
  ]
}

// 1 is where the integral becomes a logarithm; 10 is the most that a scenario may ask for.
for (const exponent of [0.1, 0.5, 0.99, 1, 1.01, 1.5, 3]) {
  for (const size of [2, 3, 50, 1000]) {
    test(`exponent ${exponent} over ${size} ranks follows the exact distribution`, () => {
      const draws = 50_000
      const counts = draw(new Zipf(size, exponent, new Prng(size)), size, draws)
      const [pooled, expected] = pool(counts, probabilities(size, exponent), draws)
      assert.ok(isPlausible(pooled, expected), `${pooled.slice(0, 10)} … of ${draws}`)
    })
  }
}

test('at exponent 10 all but one access in a thousand goes to the first rank', () => {
  const [first] = draw(new Zipf(100, 10, new Prng(3)), 100, 100_000)
  assert.ok(first! > 99_800 && first! < 99_990, `${first}`)
})

test('every rank lies within the size, whatever size and exponent', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 24 }),
      fc.double({ min: 0.001, max: 10, noNaN: true }),
      fc.integer(),
      (size, exponent, seed) => {
        const zipf = new Zipf(size, exponent, new Prng(seed))
        for (let n = 0; n < 50; n++) {
          const rank = zipf.next()
          assert.ok(Number.isInteger(rank) && rank >= 0 && rank < size, `${rank}`)
        }
      },
    ),
  )
})

test('one rank is always the first', () => {
  const zipf = new Zipf(1, 1.2, new Prng(1))
  for (let n = 0; n < 100; n++) assert.equal(zipf.next(), 0)
})

/** The analysis of variance against published tables, and what must hold of any data. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Prng } from '../../src/random/prng.js'
import { Factorial, type VarianceTable, varianceTable } from '../../src/study/anova.js'

function tableOf(
  levelCounts: readonly number[],
  observations: readonly (readonly number[])[],
): VarianceTable {
  const factorial = new Factorial(levelCounts)
  return varianceTable(factorial.terms, factorial.decompose(observations))
}

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  assert(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`)
}

/** Terms in order, then what varies within cells, whether between replicates or not, and the total. */
function assertSums(table: VarianceTable, expected: readonly number[], tolerance: number): void {
  const within = table.replicates.sumOfSquares + table.residual.sumOfSquares
  const sums = [...table.terms.map(({ sumOfSquares }) => sumOfSquares), within, table.totalSumOfSquares]
  assert.equal(sums.length, expected.length)
  for (const [index, sum] of sums.entries()) assertNear(sum, expected[index]!, tolerance, `sum ${index}`)
}

describe('published tables of variance come out', () => {
  test('battery life, 3 × 3 (Montgomery, Design and Analysis of Experiments, 5.3)', () => {
    const table = tableOf(
      [3, 3],
      [
        [130, 155, 74, 180],
        [34, 40, 80, 75],
        [20, 70, 82, 58],
        [150, 188, 159, 126],
        [136, 122, 106, 115],
        [25, 70, 58, 45],
        [138, 110, 168, 160],
        [174, 120, 150, 139],
        [96, 104, 82, 60],
      ],
    )
    assertSums(table, [10683.72, 39118.72, 9613.78, 18230.75, 77646.97], 0.005)
    assert.deepEqual(
      table.terms.map(({ degreesOfFreedom }) => degreesOfFreedom),
      [2, 2, 4],
    )
  })

  test('target detection, 3 × 2 in four complete blocks (Montgomery, 5.6)', () => {
    const table = tableOf(
      [3, 2],
      [
        [90, 96, 100, 92],
        [86, 84, 92, 81],
        [102, 106, 105, 96],
        [87, 90, 97, 80],
        [114, 112, 108, 98],
        [93, 91, 95, 83],
      ],
    )
    assertSums(table, [335.58, 1066.67, 77.08, 402.17 + 166.33, 2047.83], 0.01)
    assertNear(table.replicates.sumOfSquares, 402.17, 0.005, 'blocks')
    assertNear(table.residual.sumOfSquares, 166.33, 0.005, 'residual')
    assert.equal(table.residual.degreesOfFreedom, 15)
  })

  test('fill height, 3 × 2 × 2: the interaction of all three is what is left (Montgomery, 5.4)', () => {
    const table = tableOf(
      [3, 2, 2],
      [
        [-3, -1],
        [-1, 0],
        [-1, 0],
        [1, 1],
        [0, 1],
        [2, 1],
        [2, 3],
        [6, 5],
        [5, 4],
        [7, 6],
        [7, 9],
        [10, 11],
      ],
    )
    assertSums(table, [252.75, 45.375, 22.042, 5.25, 0.583, 1.042, 1.083, 8.5, 336.625], 0.0005)
    assert.equal(table.terms.at(-1)!.degreesOfFreedom, 2)
  })

  test('tooth growth, 2 × 3 (R, datasets::ToothGrowth)', () => {
    const table = tableOf(
      [2, 3],
      [
        [15.2, 21.5, 17.6, 9.7, 14.5, 10, 8.2, 9.4, 16.5, 9.7],
        [19.7, 23.3, 23.6, 26.4, 20, 25.2, 25.8, 21.2, 14.5, 27.3],
        [25.5, 26.4, 22.4, 24.5, 24.8, 30.9, 26.4, 27.3, 29.4, 23],
        [4.2, 11.5, 7.3, 5.8, 6.4, 10, 11.2, 11.2, 5.2, 7],
        [16.5, 16.5, 15.2, 17.3, 22.5, 17.3, 13.6, 14.5, 18.8, 15.5],
        [23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3, 29.5],
      ],
    )
    assertSums(table, [205.35, 2426.43, 108.32, 712.11, 3452.21], 0.005)
  })
})

/** Any factorial of one to four factors, with observations in it. */
const factorials = fc
  .tuple(
    fc.array(fc.integer({ min: 2, max: 3 }), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 2, max: 5 }),
  )
  .chain(([levelCounts, replicates]) => {
    const cells = levelCounts.reduce((product, count) => product * count, 1)
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    const values = fc.array(value, { minLength: replicates, maxLength: replicates })
    return fc.record({
      levelCounts: fc.constant(levelCounts),
      observations: fc.array(values, { minLength: cells, maxLength: cells }),
    })
  })

function sumOfAll(
  { terms, replicates, residual }: VarianceTable,
  of: 'sumOfSquares' | 'etaSquared' | 'omegaSquared',
) {
  return [...terms, replicates, residual].reduce((sum, share) => sum + share[of]!, 0)
}

describe('of any observations', () => {
  test('sums of squares and degrees of freedom add up to the total, shares of both kinds to 1', () => {
    fc.assert(
      fc.property(factorials, ({ levelCounts, observations }) => {
        const table = tableOf(levelCounts, observations)
        const all = observations.flat()
        const centre = all.reduce((sum, value) => sum + value, 0) / all.length
        const total = all.reduce((sum, value) => sum + (value - centre) ** 2, 0)
        assertNear(sumOfAll(table, 'sumOfSquares'), total, 1e-6 + 1e-9 * total, 'total')
        const degrees = [...table.terms, table.replicates, table.residual]
        assert.equal(
          degrees.reduce((sum, { degreesOfFreedom }) => sum + degreesOfFreedom, 0),
          all.length - 1,
        )
        if (table.totalSumOfSquares === 0) return
        assertNear(sumOfAll(table, 'etaSquared'), 1, 1e-9, 'η²')
        assertNear(sumOfAll(table, 'omegaSquared'), 1, 1e-9, 'ω²')
      }),
    )
  })

  test('the order of replicates changes nothing', () => {
    fc.assert(
      fc.property(factorials, ({ levelCounts, observations }) => {
        const turned = observations.map((values) => [...values.slice(1), values[0]!])
        const [one, other] = [tableOf(levelCounts, observations), tableOf(levelCounts, turned)]
        const size = 1e-6 + 1e-9 * one.totalSumOfSquares
        for (const [index, term] of one.terms.entries())
          assertNear(other.terms[index]!.sumOfSquares, term.sumOfSquares, size, `term ${index}`)
        assertNear(other.residual.sumOfSquares, one.residual.sumOfSquares, size, 'residual')
      }),
    )
  })

  test('each observation is the sum of what it is taken apart into', () => {
    fc.assert(
      fc.property(factorials, ({ levelCounts, observations }) => {
        const { grandMean, effects, replicateEffects, residuals } = new Factorial(levelCounts).decompose(
          observations,
        )
        for (const [cell, values] of observations.entries())
          for (const [replicate, value] of values.entries()) {
            const ofTerms = effects.reduce((sum, effect) => sum + effect[cell]!, 0)
            const sum = grandMean + ofTerms + replicateEffects[replicate]! + residuals[cell]![replicate]!
            assertNear(sum, value, 1e-6, 'sum')
          }
      }),
    )
  })
})

describe('what was planted is found', () => {
  const random = new Prng(7)
  const noise = () => random.nextFraction() - 0.5
  /** 2 × 3 × 2 cells, 20 replicates. */
  const observe = (value: (a: number, b: number, c: number, replicate: number) => number) =>
    Array.from({ length: 12 }, (_, cell) =>
      Array.from({ length: 20 }, (_, replicate) =>
        value(Math.floor(cell / 6), Math.floor(cell / 2) % 3, cell % 2, replicate),
      ),
    )

  test('a main effect: its share is that of the variance that was planted', () => {
    const table = tableOf(
      [2, 3, 2],
      observe((a) => a + noise()),
    )
    // Of a: 0.5² = 0.25; of the noise: 1/12.
    assertNear(table.terms[0]!.omegaSquared!, 0.25 / (0.25 + 1 / 12), 0.05, 'a')
    for (const { omegaSquared } of table.terms.slice(1)) assertNear(omegaSquared!, 0, 0.03, 'others')
  })

  test('an interaction without main effects', () => {
    const table = tableOf(
      [2, 3, 2],
      observe((a, _, c) => (a === c ? 1 : 0) + noise()),
    )
    assertNear(table.terms[4]!.omegaSquared!, 0.75, 0.05, 'a × c')
    assertNear(table.terms[0]!.omegaSquared! + table.terms[2]!.omegaSquared!, 0, 0.03, 'a and c')
  })

  test('an interaction of three factors is among the higher ones', () => {
    const table = tableOf(
      [2, 3, 2],
      observe((a, b, c) => (a + b + c) % 2),
    )
    assert(table.terms.at(-1)!.etaSquared! > 0.8)
  })

  test('what differs between replicates is no residual', () => {
    const table = tableOf(
      [2, 3, 2],
      observe((a, _b, _c, replicate) => a + replicate),
    )
    assertNear(table.residual.sumOfSquares, 0, 1e-9, 'residual')
    assert(table.replicates.etaSquared! > 0.9)
  })
})

test('of a response that did not vary there are no shares, even if its mean is rounded', () => {
  const table = tableOf([3], [Array(7).fill(0.1), Array(7).fill(0.1), Array(7).fill(0.1)])
  assert.equal(table.totalSumOfSquares, 0)
  assert.equal(table.terms[0]!.etaSquared, null)
  assert.equal(table.terms[0]!.omegaSquared, null)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mix32, Prng, seedOf } from '../../src/random/prng.js'
import { isPlausible } from '../support/chi-square.js'

/** First numbers of the authors' xoshiro128starstar.c from the state 1, 2, 3, 4, as in the rand_xoshiro crate. */
const PUBLISHED = [
  11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
]

const MASK = 0xffff_ffffn

function withState(...[s0, s1, s2, s3]: [number, number, number, number]): Prng {
  return Object.assign(new Prng(0), { s0, s1, s2, s3 })
}

/** xoshiro128** 1.1 once more, from its description, in whole numbers of any size. */
function* reference(state: readonly number[]): Generator<number, never> {
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & MASK
  let [s0, s1, s2, s3] = state.map((word) => BigInt(word) & MASK) as [bigint, bigint, bigint, bigint]
  for (;;) {
    yield Number((rotate((s1 * 5n) & MASK, 7n) * 9n) & MASK)
    const shifted = (s1 << 9n) & MASK
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotate(s3, 11n)
  }
}

function take(prng: Prng, count: number): number[] {
  return Array.from({ length: count }, () => prng.nextInt32())
}

const states = fc.array(fc.integer(), { minLength: 4, maxLength: 4 }) as fc.Arbitrary<
  [number, number, number, number]
>

test('gives the published numbers of xoshiro128**', () => {
  assert.deepEqual(
    take(withState(1, 2, 3, 4), PUBLISHED.length).map((number) => number >>> 0),
    PUBLISHED,
  )
})

test('follows xoshiro128** from every state', () => {
  fc.assert(
    fc.property(states, (state) => {
      const expected = reference(state)
      for (const number of take(withState(...state), 200)) assert.equal(number >>> 0, expected.next().value)
    }),
  )
})

test('numbers are signed 32-bit integers, and the same seed gives the same ones', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const numbers = take(new Prng(seed), 20)
      assert.deepEqual(take(new Prng(seed), 20), numbers)
      assert.deepEqual(take(new Prng(seed + 2 ** 32), 20), numbers, 'the low 32 bits of the seed count')
      for (const number of numbers) assert.equal(number | 0, number)
    }),
  )
})

test('no seed leads to the state of zeros, which would give zeros for ever', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      assert.ok(take(new Prng(seed), 8).some((number) => number !== 0))
    }),
  )
})

test('fractions lie in [0, 1) and bounded numbers below their bound', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
      const prng = new Prng(seed)
      for (let n = 0; n < 50; n++) {
        const fraction = prng.nextFraction()
        assert.ok(fraction >= 0 && fraction < 1)
        const number = prng.nextBelow(bound)
        assert.ok(Number.isInteger(number) && number >= 0 && number < bound)
      }
    }),
  )
  assert.equal(withState(0, -1, 0, 0).nextBelow(1), 0)
})

test('bounded numbers are uniform', () => {
  const bound = 60
  const counts = new Array<number>(bound).fill(0)
  const prng = new Prng(2013)
  for (let n = 0; n < 60_000; n++) counts[prng.nextBelow(bound)]! += 1
  assert.ok(isPlausible(counts, new Array(bound).fill(1 / bound)))
})

test('mixing sends no two words to the same word', () => {
  // Each step undone: x ^= x >>> 15 twice over, and multiplication by the inverses modulo 2^32.
  const unmix = (mixed: number) => {
    let x = mixed ^ (mixed >>> 15) ^ (mixed >>> 30)
    x = Math.imul(x, 0x97132227)
    x ^= (x >>> 15) ^ (x >>> 30)
    x = Math.imul(x, 0x333c4925)
    return x ^ (x >>> 16)
  }
  assert.equal(Math.imul(0x735a2d97, 0x97132227), 1)
  assert.equal(Math.imul(0x21f0aaad, 0x333c4925), 1)
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (x) => assert.equal(unmix(mix32(x)), x)),
  )
})

test('a seed depends on every part, and on their order', () => {
  const part = fc.oneof(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.string({ minLength: 1, maxLength: 12 }))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.nat(3), (parts, at) => {
      const changed = parts.slice()
      const index = at % parts.length
      const old = changed[index]!
      changed[index] = typeof old === 'number' ? (old + 1) | 0 : `${old}x`
      assert.equal(seedOf(...parts), seedOf(...parts))
      assert.notEqual(seedOf(...changed), seedOf(...parts))
    }),
  )
  assert.notEqual(seedOf('activity', 1, 2), seedOf('activity', 2, 1))
  assert.notEqual(seedOf('activity', 0, 1), seedOf('activity', 1, 0))
  assert.notEqual(seedOf('ab'), seedOf('ba'))
})

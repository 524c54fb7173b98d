import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Permutation } from '../../src/random/permutation.js'
import { isPlausible } from '../support/chi-square.js'

function all(permutation: Permutation, size: number): number[] {
  return Array.from({ length: size }, (_, index) => permutation.at(index))
}

function assertBijective(numbers: readonly number[]): void {
  const seen = new Uint8Array(numbers.length)
  for (const number of numbers) {
    assert.ok(Number.isInteger(number) && number >= 0 && number < numbers.length, `${number} is outside`)
    assert.equal(seen[number], 0, `${number} comes twice`)
    seen[number] = 1
  }
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 5000 }),
  fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom(-1, 0, 1))
    .map(([bits, beside]) => Math.max(1, 2 ** bits + beside)),
)

test('sends the numbers below any size to those same numbers, each once', () => {
  fc.assert(
    fc.property(sizes, fc.integer(), (size, seed) => assertBijective(all(new Permutation(size, seed), size))),
  )
})

test('is bijective just beyond a power of four, where most values have to be walked on', () => {
  assertBijective(all(new Permutation(2 ** 16 + 1, 7), 2 ** 16 + 1))
})

test('stays below its size among as many pages as guests can have', () => {
  const size = 2 ** 24
  const permutation = new Permutation(size, 5)
  const seen = new Set<number>()
  for (let index = 0; index < size; index += 9973) seen.add(permutation.at(index))
  assert.equal(seen.size, Math.ceil(size / 9973))
  for (const number of seen) assert.ok(number >= 0 && number < size)
})

test('the same seed gives the same permutation, and a new seed another one of the same numbers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 300 }), fc.integer(), fc.integer(), (size, seed, other) => {
      fc.pre((seed | 0) !== (other | 0))
      const permutation = new Permutation(size, seed)
      const first = all(permutation, size)
      assert.deepEqual(all(new Permutation(size, seed), size), first)
      permutation.reseed(other)
      const second = all(permutation, size)
      assertBijective(second)
      assert.notDeepEqual(second, first)
      permutation.reseed(seed)
      assert.deepEqual(all(permutation, size), first)
    }),
  )
})

test('over many seeds every number comes to every place equally often', () => {
  const size = 64
  const permutation = new Permutation(size, 0)
  const counts = new Array<number>(size * size).fill(0)
  for (let seed = 0; seed < 20_000; seed++) {
    permutation.reseed(seed)
    for (let index = 0; index < size; index++) counts[index * size + permutation.at(index)]! += 1
  }
  for (let index = 0; index < size; index++) {
    const places = counts.slice(index * size, (index + 1) * size)
    assert.ok(isPlausible(places, new Array(size).fill(1 / size)), `index ${index}: ${places}`)
  }
})

test('tells which index is sent to a number', () => {
  fc.assert(
    fc.property(sizes, fc.integer(), (size, seed) => {
      const permutation = new Permutation(size, seed)
      assert.deepEqual(
        all(permutation, size).map((number) => permutation.indexOf(number)),
        Array.from({ length: size }, (_, index) => index),
      )
    }),
    { numRuns: 30 },
  )
})

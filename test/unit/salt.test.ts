import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { saltKeys, saltNumbers } from '../../src/sharing/salt.js'

const salts = fc.array(fc.option(fc.constantFrom(0, 1, 2, 2 ** 32 - 1), { nil: undefined }), {
  minLength: 2,
  maxLength: 8,
})

/** May these two guests share, by the words of Mem.ShareForceSalting? */
function mayShare(
  all: readonly (number | undefined)[],
  one: number,
  other: number,
  force: 0 | 1 | 2,
): boolean {
  const [a, b] = [all[one], all[other]]
  if (force === 0 || one === other) return true
  if (force === 1) return (a ?? 0) === (b ?? 0)
  return a !== undefined && a === b
}

for (const force of [0, 1, 2] as const) {
  test(`ShareForceSalting ${force}: equal keys for those who may share, and for nobody else`, () => {
    fc.assert(
      fc.property(salts, (all) => {
        const { low, high } = saltKeys(all, force)
        for (let one = 0; one < all.length; one++) {
          for (let other = 0; other < all.length; other++) {
            const equal = low[one] === low[other] && high[one] === high[other]
            assert.equal(equal, mayShare(all, one, other, force), `guests ${one} and ${other} of ${all}`)
          }
        }
      }),
    )
  })
}

test('without salting hashes stay as they are', () => {
  assert.deepEqual(saltKeys([undefined, 3, 0], 0), { low: new Int32Array(3), high: new Int32Array(3) })
  const { low, high } = saltKeys([undefined, 0], 1)
  assert.deepEqual([...low, ...high], [0, 0, 0, 0])
})

test('both halves of the hash are salted, each by a number of its own', () => {
  const { low, high } = saltKeys([1, 2, undefined], 2)
  assert.equal(new Set([...low, ...high]).size, 6)
})

test('a salt means the same whichever guest has it, and a guest index is no salt', () => {
  const one = saltKeys([7, undefined], 2)
  const other = saltKeys([undefined, 7], 2)
  assert.equal(one.low[0], other.low[1])
  const { low } = saltKeys([undefined, 0, undefined, 1, 2], 2)
  assert.equal(new Set(low).size, 5)
})

test('as numbers, salts are equal for those whose keys are, and -1 for those who do not share', () => {
  fc.assert(
    fc.property(salts, fc.constantFrom(0, 1, 2), fc.nat(), (all, force, outsider) => {
      const { low, high } = saltKeys(all, force)
      const isOutside = (guest: number) => guest === outsider % all.length
      const numbers = saltNumbers(
        all.map((salt, guest) => ({ salt, share: !isOutside(guest) })),
        force,
      )
      numbers.forEach((number, guest) => {
        if (isOutside(guest)) {
          assert.equal(number, -1)
          return
        }
        const equals = numbers.flatMap((other, index) => (other === number ? [index] : []))
        const alike = numbers.flatMap((_, index) =>
          low[index] === low[guest] && high[index] === high[guest] && !isOutside(index) ? [index] : [],
        )
        assert.deepEqual(equals, alike)
        assert.ok(number >= 0 && number < all.length)
      })
    }),
  )
})

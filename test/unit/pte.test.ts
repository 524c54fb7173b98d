import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FRAMES_MAX } from '../../src/machine/layout.js'
import {
  ABSENT_PTE,
  HINTED,
  INELIGIBLE,
  isIdlePrivate,
  LOCKED,
  mpnOf,
  PRESENT,
  privatePte,
  SHARED,
  SWAPPED,
  SWAPPED_PTE,
  sharedPte,
  storedTo,
  UNTOUCHED,
  WRITABLE,
} from '../../src/machine/pte.js'

const FLAGS = [PRESENT, WRITABLE, LOCKED, SHARED, SWAPPED, INELIGIBLE, UNTOUCHED, HINTED]
const ALL_FLAGS = FLAGS.reduce((all, flag) => all | flag, 0)

const mpns = fc.oneof(
  fc.integer({ min: 0, max: FRAMES_MAX - 1 }),
  fc.constantFrom(0, 1, 2 ** 23 - 1, 2 ** 23, FRAMES_MAX - 1),
)
const flagSets = fc.subarray(FLAGS).map((flags) => flags.reduce((set, flag) => set | flag, 0))

test('every flag is one bit of its own, below the frame number', () => {
  for (const flag of FLAGS) assert.equal(Math.log2(flag) % 1, 0)
  assert.equal(
    ALL_FLAGS,
    FLAGS.reduce((sum, flag) => sum + flag, 0),
    'a bit with two meanings',
  )
  assert.equal(mpnOf(ALL_FLAGS), 0)
})

test('a frame number of 24 bits survives every combination of flags', () => {
  fc.assert(
    fc.property(mpns, flagSets, (mpn, flags) => {
      for (const pte of [privatePte(mpn), sharedPte(mpn)]) {
        assert.equal(mpnOf(pte | flags), mpn)
        assert.equal(mpnOf(pte & ~flags), mpn)
      }
    }),
  )
})

test('a PTE is a signed 32-bit word, as compare-and-exchange returns it', () => {
  fc.assert(
    fc.property(mpns, flagSets, (mpn, flags) => {
      const words = new Int32Array(new SharedArrayBuffer(4))
      for (const pte of [privatePte(mpn) | flags, sharedPte(mpn) | flags]) {
        words[0] = pte
        assert.equal(words[0], pte)
      }
    }),
  )
})

test('a private page is present and writable, a shared one present and read-only', () => {
  fc.assert(
    fc.property(mpns, (mpn) => {
      assert.equal(privatePte(mpn) & ALL_FLAGS, PRESENT | WRITABLE)
      assert.equal(sharedPte(mpn) & ALL_FLAGS, PRESENT | SHARED)
    }),
  )
  assert.equal(ABSENT_PTE, 0)
  assert.equal(SWAPPED_PTE, SWAPPED)
})

test('a store clears every mark of a private page, and nothing else', () => {
  const marks = fc.subarray([INELIGIBLE, UNTOUCHED, HINTED])
  fc.assert(
    fc.property(mpns, marks, (mpn, set) => {
      const pte = set.reduce((word, mark) => word | mark, privatePte(mpn))
      assert.equal(storedTo(pte), privatePte(mpn))
    }),
  )
})

test('no two states, frames or locks of a page are one word', () => {
  const pages = fc.record({
    mpn: mpns,
    state: fc.constantFrom(
      'absent',
      'swapped',
      'private',
      'ineligible',
      'untouched',
      'hinted',
      'shared' as const,
    ),
    locked: fc.boolean(),
  })
  const wordOf = ({ mpn, state, locked }: { mpn: number; state: string; locked: boolean }) => {
    const words = {
      absent: ABSENT_PTE,
      swapped: SWAPPED_PTE,
      private: privatePte(mpn),
      ineligible: privatePte(mpn) | INELIGIBLE,
      untouched: privatePte(mpn) | UNTOUCHED,
      hinted: privatePte(mpn) | UNTOUCHED | HINTED,
      shared: sharedPte(mpn),
    }
    return words[state as keyof typeof words] | (locked ? LOCKED : 0)
  }
  fc.assert(
    fc.property(pages, pages, (one, other) => {
      const isFramed = one.state !== 'absent' && one.state !== 'swapped'
      const same =
        one.state === other.state && one.locked === other.locked && (!isFramed || one.mpn === other.mpn)
      assert.equal(wordOf(one) === wordOf(other), same)
      assert.equal(mpnOf(wordOf(one)), isFramed ? one.mpn : 0)
    }),
    { numRuns: 1000 },
  )
})

test('only an unlocked private page may be taken, whatever its frame and its marks', () => {
  fc.assert(
    fc.property(mpns, flagSets, (mpn, flags) => {
      const pte = (privatePte(mpn) & ~ALL_FLAGS) | flags
      const isPrivate = [PRESENT, WRITABLE].every((flag) => (flags & flag) !== 0)
      const isHeld = [LOCKED, SHARED].some((flag) => (flags & flag) !== 0)
      assert.equal(isIdlePrivate(pte), isPrivate && !isHeld)
    }),
  )
  assert.equal(isIdlePrivate(ABSENT_PTE), false)
  assert.equal(isIdlePrivate(SWAPPED_PTE), false)
})

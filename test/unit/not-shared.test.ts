import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NotShared } from '../../src/experiment/not-shared.js'
import { REASONS } from '../../src/experiment/reasons.js'
import { HINTED, INELIGIBLE, privatePte, UNTOUCHED } from '../../src/machine/pte.js'

const CONTENTS = 4
/** Guests 0 and 1 share with each other, guest 2 with itself alone, guest 3 with nobody. */
const SALTS = [0, 0, 1, -1]
/** Pages from here on are overdue. */
const OVERDUE = 100

const SCANNED = privatePte(1) | UNTOUCHED | HINTED
const STORED_TO = privatePte(1)
const FALSE_MATCH = privatePte(1) | INELIGIBLE

interface Copy {
  content: number
  guest: number
  /** Undefined: a shared frame. */
  page?: { page: number; pte: number }
}

function reasons(copies: readonly Copy[]) {
  const lag = { isOverdue: (page: number) => page >= OVERDUE }
  const notShared = new NotShared(SALTS, CONTENTS, lag)
  notShared.begin()
  for (const { content, guest, page } of copies) {
    if (page === undefined) notShared.addShared(content, guest)
    else notShared.addPrivate(content, guest, page.page, page.pte)
  }
  return notShared.byReason()
}

const NOTHING = { secondLook: 0, rateLimited: 0, starved: 0, ineligible: 0, salted: 0 }

function privateCopy(pte: number, { guest = 0, page = 1 } = {}): Copy {
  return { content: 1, guest, page: { page, pte } }
}

test('a content that one page holds, or one shared frame, is not missed', () => {
  assert.deepEqual(reasons([privateCopy(STORED_TO)]), NOTHING)
  assert.deepEqual(reasons([{ content: 1, guest: 0 }]), NOTHING)
})

for (const [what, pte, page, reason] of [
  ['stored to since', STORED_TO, 1, 'rateLimited'],
  ['stored to since, and overdue', STORED_TO, OVERDUE, 'starved'],
  ['scanned', SCANNED, 1, 'secondLook'],
  ['scanned, and overdue if it were not', SCANNED, OVERDUE, 'secondLook'],
  ['a false match', FALSE_MATCH, 1, 'ineligible'],
] as const) {
  test(`a page beside a shared frame, ${what}: ${reason}`, () => {
    const copies: Copy[] = [{ content: 1, guest: 0 }, privateCopy(pte, { page, guest: 1 })]
    assert.deepEqual(reasons(copies), { ...NOTHING, [reason]: 1 })
    assert.deepEqual(reasons(copies.toReversed()), { ...NOTHING, [reason]: 1 })
  })
}

test('of two pages the one that sharing is closer to is kept', () => {
  const pages = [privateCopy(SCANNED), privateCopy(STORED_TO, { guest: 1 })]
  assert.deepEqual(reasons(pages), { ...NOTHING, rateLimited: 1 })
  assert.deepEqual(reasons(pages.toReversed()), { ...NOTHING, rateLimited: 1 })
})

test('each salt keeps a copy, and all of these but one are salted apart', () => {
  const copies = [
    privateCopy(STORED_TO),
    privateCopy(STORED_TO, { guest: 1 }),
    privateCopy(SCANNED, { guest: 2 }),
  ]
  assert.deepEqual(reasons(copies), { ...NOTHING, rateLimited: 1, salted: 1 })
})

test('who does not share is ineligible, and keeps a copy only where nobody else does', () => {
  const outside = privateCopy(STORED_TO, { guest: 3 })
  assert.deepEqual(reasons([outside, outside]), { ...NOTHING, ineligible: 1 })
  const copies = [outside, privateCopy(SCANNED), outside]
  assert.deepEqual(reasons(copies), { ...NOTHING, ineligible: 2 })
  assert.deepEqual(reasons(copies.toReversed()), { ...NOTHING, ineligible: 2 })
})

test('in whatever order they come, all copies but one of each content are missed, each for one reason', () => {
  const copy = fc.record({
    content: fc.nat(CONTENTS - 1),
    guest: fc.nat(SALTS.length - 1),
    page: fc.option(
      fc.record({
        page: fc.constantFrom(1, OVERDUE),
        pte: fc.constantFrom(SCANNED, STORED_TO, FALSE_MATCH, privatePte(1) | UNTOUCHED),
      }),
      { nil: undefined },
    ),
  }) as fc.Arbitrary<Copy>
  fc.assert(
    fc.property(fc.array(copy, { maxLength: 20 }), (copies) => {
      const missed = reasons(copies)
      const contents = new Set(copies.map(({ content }) => content))
      assert.equal(
        REASONS.reduce((sum, reason) => sum + missed[reason], 0),
        copies.length - contents.size,
      )
      assert.deepEqual(reasons(copies.toReversed()), missed)
    }),
  )
})

test('a sample begins anew', () => {
  const notShared = new NotShared(SALTS, CONTENTS, { isOverdue: () => false })
  for (let sample = 0; sample < 2; sample++) {
    notShared.begin()
    notShared.addPrivate(1, 0, 1, STORED_TO)
    notShared.addPrivate(1, 1, 2, STORED_TO)
    assert.deepEqual(notShared.byReason(), { ...NOTHING, rateLimited: 1 })
  }
})

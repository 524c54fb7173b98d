import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownedBy } from '../../src/machine/frames.js'
import {
  ABSENT_PTE,
  HINTED,
  isIdlePrivate,
  privatePte,
  SHARED,
  sharedPte,
  UNTOUCHED,
} from '../../src/machine/pte.js'
import { type HostOptions, scanCounts, TestHost } from '../support/host.js'

const CONTENT = 4

/** A host whose guests all hold the same content in page 0. */
function hostOfEqualPages(options: HostOptions = {}): TestHost {
  const host = new TestHost(options)
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  return host
}

function word(host: TestHost, guest: number, ppn: number): number {
  return host.guests[guest]!.mmu.load(ppn, 0)
}

test('a page that matches nothing leaves a hint, which costs its guest nothing', () => {
  const host = hostOfEqualPages()
  const pte = host.pte(0, 0)
  assert.equal(host.visit(0, 0), false)
  assert.equal(host.pte(0, 0), pte | UNTOUCHED | HINTED)
  assert.equal(host.state(host.mpn(0, 0)), ownedBy(0))
  host.guests[0]!.mmu.store(0, 0, Int32Array.of(1), 1)
  assert.equal(host.pte(0, 0), pte)
  assert.deepEqual(scanCounts(host.scanRow), { pagesScanned: 1, pagesHashed: 1 })
  host.assertIntact()
})

test('a hinted page that nobody stored to is not hashed again, though it be loaded from', () => {
  const host = hostOfEqualPages()
  host.visit(0, 0)
  word(host, 0, 0)
  const before = host.metadata()
  assert.equal(host.visit(0, 0), false)
  assert.deepEqual(host.metadata(), before)
  assert.deepEqual(scanCounts(host.scanRow), { pagesScanned: 2, pagesHashed: 1 })
})

test('a match with a hint makes the hinted frame the shared one, and frees the other', () => {
  const host = hostOfEqualPages()
  const [hinted, duplicate] = [host.mpn(0, 0), host.mpn(1, 0)]
  const free = host.freeFrames()
  const read = word(host, 0, 0)
  host.visit(0, 0)
  assert.equal(host.visit(1, 0), true)
  assert.equal(host.pte(0, 0), sharedPte(hinted))
  assert.equal(host.pte(1, 0), sharedPte(hinted))
  assert.equal(host.state(hinted), 2)
  assert.equal(host.state(duplicate), 0)
  assert.equal(host.freeFrames(), free + 1)
  assert.deepEqual([word(host, 0, 0), word(host, 1, 0)], [read, read])
  // Neither is hashed again: the hinted page's PTE says that its hash holds.
  assert.deepEqual(scanCounts(host.scanRow), { pagesScanned: 2, pagesHashed: 2, pagesCompared: 1, merges: 1 })
  host.assertIntact()
})

test('a match with a shared frame joins it', () => {
  const host = hostOfEqualPages({ guests: [4, 4, 4, 4], frames: 20 })
  for (let guest = 0; guest < 4; guest++) host.visit(guest, 0)
  const shared = host.mpn(0, 0)
  for (let guest = 0; guest < 4; guest++) assert.equal(host.pte(guest, 0), sharedPte(shared))
  assert.equal(host.state(shared), 4)
  assert.equal(host.freeFrames(), 20 - 1)
  assert.equal(scanCounts(host.scanRow).merges, 3)
  host.assertIntact()
})

test('pages of one guest share with each other', () => {
  const host = new TestHost({ guests: [8] })
  for (let ppn = 0; ppn < 8; ppn++) host.guests[0]!.contents.writeKnown(ppn, 1 + (ppn % 2))
  host.pass()
  assert.equal(host.freeFrames(), 64 - 2)
  host.assertIntact()
})

test('a shared page is visited, but not hashed again; an absent one is not even counted', () => {
  const host = hostOfEqualPages()
  host.pass()
  assert.equal(scanCounts(host.scanRow).pagesScanned, 2)
  const { pagesHashed } = scanCounts(host.scanRow)
  host.pass()
  assert.equal(scanCounts(host.scanRow).pagesScanned, 4)
  assert.equal(scanCounts(host.scanRow).pagesHashed, pagesHashed)
  assert.equal(host.pte(0, 1), ABSENT_PTE)
})

test('a zero page is shared at first sight, though nobody else has one', () => {
  const host = new TestHost()
  host.guests[0]!.mmu.load(3, 0)
  const mpn = host.mpn(0, 3)
  assert.equal(host.visit(0, 3), false, 'no frame came free')
  assert.equal(host.pte(0, 3), sharedPte(mpn))
  assert.equal(host.state(mpn), 1)
  host.guests[1]!.mmu.load(5, 0)
  assert.equal(host.visit(1, 5), true)
  assert.equal(host.state(mpn), 2)
  assert.equal(scanCounts(host.scanRow).merges, 1)
  host.assertIntact()
})

test('pages that differ in one bit of their last word stay apart', () => {
  const host = hostOfEqualPages()
  host.guests[1]!.mmu.store(0, 1023, Int32Array.of(host.guests[1]!.mmu.load(0, 1023) ^ (1 << 31)), 1)
  host.pass()
  host.pass()
  assert.ok(isIdlePrivate(host.pte(0, 0)) && isIdlePrivate(host.pte(1, 0)))
  assert.deepEqual(scanCounts(host.scanRow), { pagesScanned: 4, pagesHashed: 2 })
})

test('frames on both sides of a seam between segments share', () => {
  const host = new TestHost({ frames: 40, guests: [20, 20] })
  for (let ppn = 0; ppn < 20; ppn++) for (const { contents } of host.guests) contents.writeKnown(ppn, 1 + ppn)
  const segments = (guest: number) =>
    new Set(Array.from({ length: 20 }, (_, ppn) => host.mpn(guest, ppn) >> 4))
  assert.ok(segments(0).size > 1 && segments(1).size > 1)
  host.pass()
  assert.equal(host.freeFrames(), 20)
  host.assertIntact()
})

test('contents come and go: what was shared, broken and made equal again is shared again', () => {
  const host = hostOfEqualPages()
  host.pass()
  for (const { mmu } of host.guests) mmu.zero(0)
  host.pass()
  assert.equal(host.mpn(0, 0), host.mpn(1, 0))
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  host.pass()
  assert.equal(host.mpn(0, 0), host.mpn(1, 0))
  assert.equal(host.state(host.mpn(0, 0)), 2)
  host.assertIntact()
})

const salted: [HostOptions, boolean][] = [
  [{ forceSalting: 0 }, true],
  [{ forceSalting: 0, salts: [1, 2] }, true],
  [{ forceSalting: 1 }, true],
  [{ forceSalting: 1, salts: [undefined, 0] }, true],
  [{ forceSalting: 1, salts: [1, undefined] }, false],
  [{ forceSalting: 1, salts: [5, 5] }, true],
  [{ forceSalting: 2 }, false],
  [{ forceSalting: 2, salts: [5, 5] }, true],
  [{ forceSalting: 2, salts: [5, 6] }, false],
]
for (const [options, share] of salted) {
  test(`equal pages and zero pages ${share ? 'share' : 'stay apart'}: ${JSON.stringify(options)}`, () => {
    const host = hostOfEqualPages(options)
    for (const { mmu, contents } of host.guests) {
      mmu.load(1, 0)
      contents.writeKnown(2, CONTENT)
    }
    host.pass()
    for (const ppn of [0, 1, 2]) assert.equal(host.mpn(0, ppn) === host.mpn(1, ppn), share, `PPN ${ppn}`)
    // Within a guest, sharing is always allowed; and zero pages are shared at first sight under any salt.
    for (const guest of [0, 1]) {
      assert.equal(host.mpn(guest, 0), host.mpn(guest, 2))
      assert.notEqual(host.pte(guest, 1) & SHARED, 0)
    }
    host.assertIntact()
  })
}

test('a guest that is left alone shares with nobody', () => {
  const host = hostOfEqualPages({ guests: [4, 4, 4], share: [true, false, true] })
  host.pass()
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
  assert.equal(host.mpn(0, 0), host.mpn(2, 0))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HINTED, INELIGIBLE, privatePte, sharedPte, UNTOUCHED } from '../../src/machine/pte.js'
import { scanCounts, TestHost } from '../support/host.js'

/** A host on which every page has the same hash, but for the zero page. */
function hostOfOneHash(options = {}): TestHost {
  const host = new TestHost(options)
  for (const { kernels } of [host.scannerView, host.reclaimerView]) {
    const { hash } = kernels
    kernels.hash = (mpn) => {
      if (kernels.isZero(mpn)) hash.call(kernels, mpn)
      else kernels.hashLow = kernels.hashHigh = 1
    }
  }
  return host
}

test('equal hash, other bytes: the visited page is ineligible, the hint stays', () => {
  const host = hostOfOneHash()
  host.guests[0]!.contents.writeKnown(0, 1)
  host.guests[1]!.contents.writeKnown(0, 2)
  host.visit(0, 0)
  assert.equal(host.visit(1, 0), false)
  assert.equal(host.pte(0, 0), privatePte(host.mpn(0, 0)) | UNTOUCHED | HINTED)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)) | UNTOUCHED | INELIGIBLE)
  assert.equal(scanCounts(host.scanRow).falseMatches, 1)
  assert.equal(scanCounts(host.scanRow).merges, undefined)
  host.assertIntact()
})

test('equal hash as a shared frame, other bytes: ineligible, and the frame keeps its references', () => {
  const host = hostOfOneHash({ guests: [2, 2, 2] })
  for (const guest of [0, 1]) host.guests[guest]!.contents.writeKnown(0, 1)
  host.guests[2]!.contents.writeKnown(0, 2)
  host.pass()
  assert.equal(host.pte(0, 0), sharedPte(host.mpn(1, 0)))
  assert.equal(host.state(host.mpn(0, 0)), 2)
  assert.equal(host.pte(2, 0), privatePte(host.mpn(2, 0)) | UNTOUCHED | INELIGIBLE)
  assert.equal(scanCounts(host.scanRow).falseMatches, 1)
  host.assertIntact()
})

test('an ineligible page is passed over until its guest stores to it, then shared with its like', () => {
  const host = hostOfOneHash()
  host.guests[0]!.contents.writeKnown(0, 1)
  host.guests[1]!.contents.writeKnown(0, 2)
  host.pass()
  const { pagesHashed, pagesScanned } = scanCounts(host.scanRow)
  host.visit(1, 0)
  assert.equal(scanCounts(host.scanRow).pagesHashed, pagesHashed)
  assert.equal(scanCounts(host.scanRow).pagesScanned, pagesScanned! + 1)
  host.guests[1]!.contents.writeKnown(0, 1)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
  assert.equal(host.visit(1, 0), true)
  assert.equal(host.mpn(0, 0), host.mpn(1, 0))
  host.assertIntact()
})

test('a page that changes under the eyes of a visitor who leaves no hint stays eligible', () => {
  const host = hostOfOneHash()
  host.guests[0]!.contents.writeKnown(0, 1)
  host.guests[1]!.contents.writeKnown(0, 1)
  host.visit(0, 0)
  const { kernels } = host.scannerView
  const { hash } = kernels
  kernels.hash = (mpn) => {
    hash.call(kernels, mpn)
    // It had the hash of the others when it was hashed, and has another by the time that it is locked.
    kernels.hash = hash
    host.guests[1]!.mmu.zero(0)
  }
  assert.equal(host.visit(1, 0, false), false)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
  assert.deepEqual(
    [scanCounts(host.scanRow).pagesCompared, scanCounts(host.scanRow).falseMatches],
    [1, undefined],
  )
  host.assertIntact()
})

test('a shared frame whose sharers all leave while the scanner compares it is freed by the scanner', () => {
  const host = hostOfOneHash({ guests: [2, 2, 2] })
  for (const guest of [0, 1]) host.guests[guest]!.contents.writeKnown(0, 1)
  host.pass()
  const shared = host.mpn(0, 0)
  host.guests[2]!.contents.writeKnown(0, 2)
  const { kernels } = host.scannerView
  const { equal } = kernels
  kernels.equal = (mpn, other) => {
    for (const guest of [0, 1]) host.guests[guest]!.mmu.zero(0)
    assert.equal(host.state(shared), 1)
    return equal.call(kernels, mpn, other)
  }
  const free = host.freeFrames()
  assert.equal(host.visit(2, 0), false)
  assert.equal(host.state(shared), 0)
  // The guests took one frame each for their copies, and the shared one is free again.
  assert.equal(host.freeFrames(), free - 2 + 1)
  host.assertIntact()
})

test('an ineligible page is swapped out like another, and comes back eligible', (t) => {
  const host = hostOfOneHash({ swap: true, frames: 20, guests: [1, 1] })
  t.after(() => host.close())
  host.guests[0]!.contents.writeKnown(0, 1)
  host.guests[1]!.contents.writeKnown(0, 2)
  host.pass()
  assert.notEqual(host.pte(1, 0) & INELIGIBLE, 0)
  host.reclaim(20)
  assert.equal(host.freeFrames(), 20)
  host.guests[1]!.mmu.load(0, 0)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
  host.assertIntact()
})

test('however many pages have one hash, only equal bytes share, and no page is corrupted', () => {
  const host = hostOfOneHash({ guests: [12, 12] })
  for (const { contents } of host.guests) for (let ppn = 0; ppn < 12; ppn++) contents.writeKnown(ppn, ppn % 4)
  for (let passes = 0; passes < 3; passes++) host.pass()
  // The zero page and the first content share; the rest is ineligible.
  const frames = (ppn: number) => [host.mpn(0, ppn), host.mpn(1, ppn)]
  for (const ppn of [4, 8]) {
    assert.deepEqual(frames(ppn), frames(0))
    assert.deepEqual(frames(ppn + 1), frames(1))
    for (const guest of [0, 1]) assert.notEqual(host.pte(guest, ppn + 2) & INELIGIBLE, 0)
  }
  host.assertIntact()
})

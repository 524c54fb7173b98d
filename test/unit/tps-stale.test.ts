/** Hints, hashes and pages that change under the scanner's eyes: each at the worst moment, by a part that acts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { END, FRAME_WORDS, NEXT, UNLINKED } from '../../src/machine/frames.js'
import type { Machine } from '../../src/machine/machine.js'
import {
  HINTED,
  INELIGIBLE,
  isIdlePrivate,
  privatePte,
  SWAPPED_PTE,
  sharedPte,
  UNTOUCHED,
} from '../../src/machine/pte.js'
import { scanCounts, TestHost } from '../support/host.js'

const CONTENT = 4
const OTHER = 5

/** Guests of which each holds the same content in page 0; none has been visited. */
function hostOfEqualPages(options = {}): TestHost {
  const host = new TestHost(options)
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  return host
}

/** The same; the first guest's has been visited. */
function hinted(options = {}): TestHost {
  const host = hostOfEqualPages(options)
  host.visit(0, 0)
  return host
}

/** Lets something happen once, right after the scanner's next hash: its page is marked by then, and not locked yet. */
function onceHashed(host: TestHost, act: () => void): void {
  const { kernels } = host.scannerView
  const { hash } = kernels
  kernels.hash = (mpn) => {
    hash.call(kernels, mpn)
    kernels.hash = hash
    act()
  }
}

/** Lets something happen once, right after a scanner's next look-up: its own page is locked by then, a hint's is not. */
function onceFound({ shareTable }: Machine, act: () => void): void {
  const { findOrFile } = shareTable
  shareTable.findOrFile = (mpn, low, high) => {
    const found = findOrFile.call(shareTable, mpn, low, high)
    shareTable.findOrFile = findOrFile
    act()
    return found
  }
}

function chainOf(host: TestHost, mpn: number): number {
  return host.handle.frameTable[mpn * FRAME_WORDS + NEXT]!
}

/** The PTE of a page that is private and bears these marks. */
function marked(host: TestHost, guest: number, marks: number): number {
  return privatePte(host.mpn(guest, 0)) | marks
}

test('a hint whose page was stored to is stale: it is dropped, and the visited page becomes the hint', () => {
  const host = hinted()
  host.guests[0]!.contents.writeKnown(0, OTHER)
  const [stale, mine] = [host.mpn(0, 0), host.mpn(1, 0)]
  assert.equal(host.visit(1, 0), false)
  assert.equal(chainOf(host, stale), UNLINKED)
  assert.equal(chainOf(host, mine), END)
  assert.deepEqual(
    [host.pte(0, 0), host.pte(1, 0)],
    [privatePte(stale), privatePte(mine) | UNTOUCHED | HINTED],
  )
  const { staleHints, pagesCompared } = scanCounts(host.scanRow)
  assert.deepEqual([staleHints, pagesCompared], [1, undefined])
  host.guests[0]!.contents.writeKnown(0, CONTENT)
  assert.equal(host.visit(0, 0), true)
  assert.equal(host.mpn(0, 0), mine)
  host.assertIntact()
})

test('a hint is stale after any store, though it left the bytes as they were', () => {
  const host = hinted()
  host.guests[0]!.contents.writeKnown(0, CONTENT)
  assert.equal(host.visit(1, 0), false)
  assert.equal(scanCounts(host.scanRow).staleHints, 1)
  assert.equal(host.visit(0, 0), true)
  host.assertIntact()
})

test('the reclaimer marks no page and files none, whatever it finds', () => {
  const host = hostOfEqualPages()
  host.guests[0]!.contents.writeKnown(1, OTHER)
  const before = host.metadata()
  assert.equal(host.visit(0, 1, false), false)
  assert.deepEqual(host.metadata(), before)
  assert.equal(host.visit(0, 0, false), false)
  assert.deepEqual(host.metadata(), before)
  host.visit(0, 0)
  assert.equal(host.visit(1, 0, false), true, 'but it merges with what others filed')
  host.assertIntact()
})

test('the reclaimer drops a stale hint too, but leaves none', () => {
  const host = hinted()
  host.guests[0]!.contents.writeKnown(0, OTHER)
  assert.equal(host.visit(1, 0, false), false)
  assert.equal(chainOf(host, host.mpn(0, 0)), UNLINKED)
  assert.equal(chainOf(host, host.mpn(1, 0)), UNLINKED)
  assert.equal(host.pte(1, 0), marked(host, 1, 0))
})

test("the reclaimer leaves a scanner's marks as they are", () => {
  const host = hinted()
  onceHashed(host, () => host.otherPolicy.visit(host.page(1, 0), 1))
  host.guests[1]!.contents.writeKnown(0, OTHER)
  host.visit(1, 0)
  assert.equal(host.pte(1, 0), marked(host, 1, UNTOUCHED | HINTED))
  assert.equal(scanCounts(host.scanRow).lockFailures, undefined)
  host.assertIntact()
})

test('a hint moves when its page is found with other contents', () => {
  const host = hinted()
  host.guests[0]!.contents.writeKnown(0, OTHER)
  host.visit(0, 0)
  host.visit(1, 0)
  assert.equal(scanCounts(host.scanRow).staleHints, undefined)
  host.guests[1]!.contents.writeKnown(0, OTHER)
  assert.equal(host.visit(1, 0), true)
  host.assertIntact()
})

test('a page that is stored to between mark and lock is not filed, though it was to be', () => {
  const host = hostOfEqualPages()
  onceHashed(host, () => host.guests[1]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  assert.equal(host.visit(1, 0), false)
  assert.equal(chainOf(host, host.mpn(1, 0)), UNLINKED)
  assert.equal(host.pte(1, 0), marked(host, 1, 0))
  assert.equal(scanCounts(host.scanRow).lockFailures, 1)
  host.assertIntact()
})

test('a page that is stored to between mark and lock is not merged with a hint, and stays eligible', () => {
  const host = hinted()
  onceHashed(host, () => host.guests[1]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  const ptes = host.handle.ptes.slice()
  assert.equal(host.visit(1, 0), false)
  assert.deepEqual(host.handle.ptes, ptes)
  const { pagesCompared, lockFailures, merges } = scanCounts(host.scanRow)
  assert.deepEqual([pagesCompared, lockFailures, merges], [undefined, 1, undefined])
  host.assertIntact()
})

test('a page that is loaded from between mark and lock is merged all the same', () => {
  const host = hinted()
  onceHashed(host, () => host.guests[1]!.mmu.load(0, 1000))
  assert.equal(host.visit(1, 0), true)
  host.assertIntact()
})

test('a hinted page that is stored to between look-up and lock is not merged: it is a stale hint', () => {
  const host = hinted()
  onceFound(host.scannerView, () => host.guests[0]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  assert.equal(host.visit(1, 0), false)
  assert.deepEqual(
    [host.pte(0, 0), host.pte(1, 0)],
    [marked(host, 0, 0), marked(host, 1, UNTOUCHED | HINTED)],
  )
  assert.equal(scanCounts(host.scanRow).staleHints, 1)
  host.assertIntact()
})

test('a page that is stored to between mark and lock does not join a shared frame', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  onceHashed(host, () => host.guests[2]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  assert.equal(host.visit(2, 0), false)
  assert.equal(host.pte(2, 0), marked(host, 2, 0))
  assert.equal(host.state(host.mpn(0, 0)), 2)
  host.assertIntact()
})

test('a page that changes under the eyes of the reclaimer does not join a shared frame, which keeps its references', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  onceHashed(host, () => host.guests[2]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  assert.equal(host.visit(2, 0, false), false)
  assert.equal(host.pte(2, 0), marked(host, 2, 0))
  assert.equal(host.state(host.mpn(0, 0)), 2)
  const { pagesCompared, falseMatches } = scanCounts(host.scanRow)
  assert.deepEqual([pagesCompared, falseMatches], [2, undefined])
  host.assertIntact()
})

for (const leaveHint of [true, false]) {
  test(`a zero page that is stored to before it is locked is not shared, ${leaveHint ? 'nor filed' : 'nor by the reclaimer'}`, () => {
    const host = new TestHost()
    host.guests[0]!.mmu.load(0, 0)
    onceHashed(host, () => host.guests[0]!.mmu.store(0, 1023, Int32Array.of(1), 1))
    assert.equal(host.visit(0, 0, leaveHint), false)
    assert.equal(host.pte(0, 0), marked(host, 0, 0))
    assert.equal(chainOf(host, host.mpn(0, 0)), UNLINKED)
    host.assertIntact()
  })
}

test('a shared frame whose sharers all leave while the scanner holds its reference is the page of the last to join', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  const shared = host.mpn(0, 0)
  onceFound(host.scannerView, () => {
    for (const guest of [0, 1]) host.guests[guest]!.mmu.zero(0)
    assert.equal(host.state(shared), 1)
  })
  assert.equal(host.visit(2, 0), true)
  assert.equal(host.pte(2, 0), sharedPte(shared))
  assert.equal(host.state(shared), 1)
  host.assertIntact()
})

test('a hinted page that moved to the swap file, and a new page in its frame, are let be', (t) => {
  const host = hinted({ swap: true, frames: 20, guests: [10, 1] })
  t.after(() => host.close())
  const frame = host.mpn(0, 0)
  onceFound(host.scannerView, () => {
    // Swapped out, and its frame given to another page.
    host.scannerView.swap!.gather(0, frame)
    assert.equal(host.scannerView.swap!.writeGathered(0, 1), 1)
    host.handle.ptes[0] = SWAPPED_PTE
    host.reclaimerView.releasePrivate(frame)
    for (let ppn = 1; ppn < 10; ppn++) host.guests[0]!.mmu.store(ppn, 0, Int32Array.of(ppn), 1)
  })
  assert.equal(host.visit(1, 0), false)
  assert.equal(host.pte(0, 0), SWAPPED_PTE)
  assert.equal(host.pte(1, 0), marked(host, 1, UNTOUCHED))
  assert.equal(scanCounts(host.scanRow).lockFailures, 1)
  for (let mpn = 0; mpn < 20; mpn++) assert.ok(host.state(mpn) <= 0, 'nothing is shared')
  host.assertIntact()
})

test('a hint that is filed anew under another hash while it is found is let be: there is no false match', () => {
  const host = hinted()
  onceFound(host.scannerView, () => {
    host.guests[0]!.contents.writeKnown(0, OTHER)
    host.otherPolicy.scan(Int32Array.of(host.page(0, 0)), 1, 0)
  })
  assert.equal(host.visit(1, 0), false)
  for (const guest of [0, 1]) assert.equal(host.pte(guest, 0), marked(host, guest, UNTOUCHED | HINTED))
  const { staleHints, pagesCompared } = scanCounts(host.scanRow)
  assert.deepEqual([staleHints, pagesCompared], [undefined, undefined])
  host.assertIntact()
  host.guests[0]!.contents.writeKnown(0, CONTENT)
  assert.equal(host.visit(0, 0), true)
  host.assertIntact()
})

test('a page that another visitor found ineligible meanwhile is let be', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  onceHashed(host, () => {
    host.handle.ptes[host.page(2, 0)]! |= INELIGIBLE
  })
  assert.equal(host.visit(2, 0), false)
  assert.equal(host.pte(2, 0), marked(host, 2, UNTOUCHED | INELIGIBLE))
  assert.equal(host.state(host.mpn(0, 0)), 2)
  assert.equal(scanCounts(host.scanRow).lockFailures, 1)
  host.assertIntact()
})

test('of two scanners that meet equal pages at once the later is told of the earlier', () => {
  const host = hostOfEqualPages()
  onceHashed(host, () => host.otherPolicy.scan(Int32Array.of(host.page(0, 0)), 1, 0))
  assert.equal(host.visit(1, 0), true)
  assert.equal(host.pte(0, 0), sharedPte(host.mpn(1, 0)))
  host.assertIntact()
})

test('a scanner whose match is in the hands of another at this moment looks at its page again', () => {
  const host = hostOfEqualPages()
  onceFound(host.reclaimerView, () => {
    assert.equal(host.visit(1, 0), false)
    assert.deepEqual(
      [host.mpn(0, 0), host.mpn(1, 0)].map((mpn) => chainOf(host, mpn)),
      [END, UNLINKED],
    )
  })
  host.otherPolicy.scan(Int32Array.of(host.page(0, 0)), 1, 0)
  assert.ok(isIdlePrivate(host.pte(0, 0)) && isIdlePrivate(host.pte(1, 0)))
  assert.equal(scanCounts(host.scanRow).lockFailures, 1)
  assert.equal(host.visit(1, 0), true)
  host.assertIntact()
})

test('two scanners that meet zero pages at once leave one shared zero frame', () => {
  const host = new TestHost()
  for (const { mmu } of host.guests) mmu.load(0, 0)
  const { kernels } = host.scannerView
  const { isZero } = kernels
  kernels.isZero = (mpn) => {
    kernels.isZero = isZero
    host.otherPolicy.scan(Int32Array.of(host.page(0, 0)), 1, 0)
    return kernels.isZero(mpn)
  }
  host.visit(1, 0)
  assert.equal(host.pte(1, 0), marked(host, 1, UNTOUCHED))
  assert.equal(host.visit(1, 0), true)
  assert.equal(host.state(host.mpn(0, 0)), 2)
  host.assertIntact()
})

/** Hints, hashes and pages that change under the scanner's eyes: each at the worst moment, by a kernel that acts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { END, FRAME_WORDS, NEXT, UNLINKED } from '../../src/machine/frames.js'
import { INELIGIBLE, isIdlePrivate, privatePte, SWAPPED_PTE, sharedPte } from '../../src/machine/pte.js'
import { scanCounts, TestHost } from '../support/host.js'

const CONTENT = 4
const OTHER = 5

/** Two guests of which each holds the same content in page 0; the first one's has been visited. */
function hinted(options = {}): TestHost {
  const host = new TestHost(options)
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  host.visit(0, 0)
  return host
}

/** Lets something happen right after the scanner's n-th hash from now on. */
function afterHash(host: TestHost, n: number, act: () => void): void {
  const { kernels } = host.scannerView
  const hash = kernels.hash.bind(kernels)
  let hashes = 0
  kernels.hash = (mpn) => {
    hash(mpn)
    if (++hashes === n) act()
  }
}

function chainOf(host: TestHost, mpn: number): number {
  return host.handle.frameTable[mpn * FRAME_WORDS + NEXT]!
}

test('a hint whose page has changed is stale: it is dropped, and the visited page becomes the hint', () => {
  const host = hinted()
  host.guests[0]!.contents.writeKnown(0, OTHER)
  const [stale, mine] = [host.mpn(0, 0), host.mpn(1, 0)]
  assert.equal(host.visit(1, 0), false)
  assert.equal(chainOf(host, stale), UNLINKED)
  assert.equal(chainOf(host, mine), END)
  assert.deepEqual([host.pte(0, 0), host.pte(1, 0)], [privatePte(stale), privatePte(mine)])
  assert.equal(scanCounts(host.scanRow).staleHints, 1)
  host.guests[0]!.contents.writeKnown(0, CONTENT)
  assert.equal(host.visit(0, 0), true)
  assert.equal(host.mpn(0, 0), mine)
  host.assertIntact()
})

test('the reclaimer drops a stale hint too, but leaves none', () => {
  const host = hinted()
  host.guests[0]!.contents.writeKnown(0, OTHER)
  assert.equal(host.visit(1, 0, false), false)
  assert.equal(chainOf(host, host.mpn(0, 0)), UNLINKED)
  assert.equal(chainOf(host, host.mpn(1, 0)), UNLINKED)
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

test('a page that changes between hash and lock is not merged with a hint, and stays eligible', () => {
  const host = hinted()
  afterHash(host, 2, () => host.guests[1]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  const ptes = host.handle.ptes.slice()
  assert.equal(host.visit(1, 0), false)
  assert.deepEqual(host.handle.ptes, ptes)
  const { pagesCompared, falseMatches, merges } = scanCounts(host.scanRow)
  assert.deepEqual([pagesCompared, falseMatches, merges], [1, undefined, undefined])
  host.assertIntact()
})

test('a hinted page that changes between its second hash and the locks is not merged', () => {
  const host = hinted()
  afterHash(host, 2, () => host.guests[0]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  assert.equal(host.visit(1, 0), false)
  assert.ok(isIdlePrivate(host.pte(0, 0)) && isIdlePrivate(host.pte(1, 0)))
  assert.equal((host.pte(0, 0) | host.pte(1, 0)) & INELIGIBLE, 0)
  host.assertIntact()
})

test('a page that changes between hash and lock does not join a shared frame, and the frame keeps its references', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  afterHash(host, 1, () => host.guests[2]!.mmu.store(0, 1000, Int32Array.of(7), 1))
  assert.equal(host.visit(2, 0), false)
  assert.equal(host.pte(2, 0), privatePte(host.mpn(2, 0)))
  assert.equal(host.state(host.mpn(0, 0)), 2)
  host.assertIntact()
})

test('a zero page that is stored to between hash and lock is not shared', () => {
  const host = new TestHost()
  host.guests[0]!.mmu.load(0, 0)
  afterHash(host, 1, () => host.guests[0]!.mmu.store(0, 1023, Int32Array.of(1), 1))
  assert.equal(host.visit(0, 0), false)
  assert.equal(host.pte(0, 0), privatePte(host.mpn(0, 0)))
  host.assertIntact()
})

test('a shared frame whose sharers all leave while the scanner holds its reference is freed by the scanner', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  const shared = host.mpn(0, 0)
  const { shareTable } = host.scannerView
  const find = shareTable.find.bind(shareTable)
  shareTable.find = (low, high, self) => {
    const found = find(low, high, self)
    for (const guest of [0, 1]) host.guests[guest]!.mmu.zero(0)
    host.guests[2]!.mmu.zero(0)
    assert.equal(host.state(shared), 1)
    return found
  }
  const free = host.freeFrames()
  assert.equal(host.visit(2, 0), false)
  assert.equal(host.state(shared), 0)
  // The guests took one frame each for their copies, and one of the three is free again.
  assert.equal(host.freeFrames(), free - 2 + 1)
  host.assertIntact()
})

test('a hinted page that moved to the swap file, and a new page in its frame, are let be', (t) => {
  const host = hinted({ swap: true, frames: 20, guests: [10, 1] })
  t.after(() => host.close())
  const frame = host.mpn(0, 0)
  afterHash(host, 2, () => {
    // Between the hint's second hash and its lock: swapped out, and its frame given to another page.
    assert.ok(host.scannerView.swap!.write(frame, 0) === undefined)
    host.handle.ptes[0] = SWAPPED_PTE
    host.reclaimerView.releasePrivate(frame)
    for (let ppn = 1; ppn < 10; ppn++) host.guests[0]!.mmu.store(ppn, 0, Int32Array.of(ppn), 1)
  })
  assert.equal(host.visit(1, 0), false)
  assert.equal(host.pte(0, 0), SWAPPED_PTE)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
  assert.equal(scanCounts(host.scanRow).lockFailures, 1)
  for (let mpn = 0; mpn < 20; mpn++) assert.ok(host.state(mpn) <= 0, 'nothing is shared')
  host.assertIntact()
})

test('a hint that another scanner dropped meanwhile is not made a shared entry, though the bytes are equal again', () => {
  const host = hinted()
  const { contents } = host.guests[0]!
  afterHash(host, 2, () => {
    contents.writeKnown(0, OTHER)
    host.otherPolicy.visit(host.page(1, 0), 1, true)
    contents.writeKnown(0, CONTENT)
  })
  assert.equal(host.visit(1, 0), false)
  assert.equal(chainOf(host, host.mpn(0, 0)), UNLINKED)
  assert.ok(isIdlePrivate(host.pte(0, 0)) && isIdlePrivate(host.pte(1, 0)))
  host.assertIntact()
  assert.equal(host.visit(0, 0), true)
  host.assertIntact()
})

test('a page that another scanner found ineligible meanwhile is let be', () => {
  const host = hinted({ guests: [4, 4, 4] })
  host.visit(1, 0)
  afterHash(host, 1, () => {
    host.handle.ptes[host.page(2, 0)]! |= INELIGIBLE
  })
  assert.equal(host.visit(2, 0), false)
  assert.equal(host.pte(2, 0), privatePte(host.mpn(2, 0)) | INELIGIBLE)
  assert.equal(host.state(host.mpn(0, 0)), 2)
  assert.equal(scanCounts(host.scanRow).lockFailures, 1)
  host.assertIntact()
})

test('two scanners that meet equal pages at once leave one hint, not two that never meet', () => {
  const host = new TestHost()
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  const { shareTable } = host.scannerView
  const { find } = shareTable
  shareTable.find = (low, high, self) => {
    const found = find.call(shareTable, low, high, self)
    host.otherPolicy.visit(host.page(0, 0), 0, true)
    return found
  }
  host.visit(1, 0)
  shareTable.find = find
  assert.deepEqual(
    [host.mpn(0, 0), host.mpn(1, 0)].map((mpn) => chainOf(host, mpn)),
    [END, UNLINKED],
  )
  assert.equal(host.visit(1, 0), true)
  assert.equal(host.pte(0, 0), sharedPte(host.mpn(1, 0)))
  host.assertIntact()
})

test('two scanners that meet zero pages at once leave one shared zero frame', () => {
  const host = new TestHost()
  for (const { mmu } of host.guests) mmu.load(0, 0)
  const { kernels } = host.scannerView
  const { isZero } = kernels
  kernels.isZero = (mpn) => {
    kernels.isZero = isZero
    host.otherPolicy.visit(host.page(0, 0), 0, true)
    return kernels.isZero(mpn)
  }
  host.visit(1, 0)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
  assert.equal(host.visit(1, 0), true)
  assert.equal(host.state(host.mpn(0, 0)), 2)
  host.assertIntact()
})

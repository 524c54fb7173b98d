import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { LOCKED, PRESENT, SHARED, SWAPPED, SWAPPED_PTE } from '../../src/machine/pte.js'
import { CLUSTER_PAGES, SwapFile } from '../../src/machine/swap.js'
import { RECLAIM, SCAN } from '../../src/measure/counters.js'
import { type HostOptions, type TestGuest, TestHost } from '../support/host.js'

const PAGES = 20

/** Two guests that fill the host with private pages. */
function fullHost(options: HostOptions = {}): TestHost {
  const host = new TestHost({ frames: 2 * PAGES, guests: [PAGES, PAGES], swap: true, ...options })
  for (const { contents } of host.guests) for (let ppn = 0; ppn < PAGES; ppn++) contents.writePrivate(ppn)
  return host
}

function countPages(host: TestHost, flag: number): number {
  return host.handle.ptes.filter((pte) => (pte & flag) !== 0).length
}

test('frees as many frames as are enough, and no more', (t) => {
  const host = fullHost()
  t.after(() => host.close())
  assert.equal(host.reclaim(7).swapError, undefined)
  assert.equal(host.freeFrames(), 7)
  assert.equal(countPages(host, SWAPPED), 7)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 7)
  host.assertIntact()
  host.reclaim(7)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 7)
})

test('takes pages at random: of all guests, others for another seed, the same for the same', (t) => {
  const guestPages = 8 * CLUSTER_PAGES
  const taken = (seed: number) => {
    const host = new TestHost({ frames: 2 * guestPages, guests: [guestPages, guestPages], swap: true })
    t.after(() => host.close())
    for (const { mmu } of host.guests)
      for (let ppn = 0; ppn < guestPages; ppn++) mmu.store(ppn, 0, Int32Array.of(mmu.firstPage + ppn + 1), 1)
    host.reclaim(guestPages, seed)
    return [...host.handle.ptes.keys()].filter((page) => host.handle.ptes[page] === SWAPPED_PTE)
  }
  const pages = taken(1)
  assert.ok(pages.some((page) => page < guestPages) && pages.some((page) => page >= guestPages))
  assert.deepEqual(taken(1), pages)
  assert.notDeepEqual(taken(2), pages)
})

test('tries to share a page before it swaps it: a duplicate of a shared or a hinted page is not written', (t) => {
  const host = new TestHost({ frames: 40, guests: [20, 20], swap: true })
  t.after(() => host.close())
  for (const { contents } of host.guests) for (let ppn = 0; ppn < 20; ppn++) contents.writeKnown(ppn, 1)
  host.visit(0, 0)
  host.reclaim(39)
  assert.equal(host.freeFrames(), 39)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 0)
  assert.equal(host.reclaimRow[SCAN.merges], 39)
  assert.equal(countPages(host, SHARED), 40)
  host.assertIntact()
})

test('tries all pages of a cluster before it writes any: who could be shared with one of them is not written', (t) => {
  const host = new TestHost({ frames: 40, guests: [40], swap: true })
  t.after(() => host.close())
  const [{ contents }] = host.guests as [TestGuest]
  for (let ppn = 0; ppn < 40; ppn++) contents.writePrivate(ppn)
  for (const ppn of [3, 30]) contents.writeKnown(ppn, 1)
  host.visit(0, 3)
  host.reclaim(39)
  assert.deepEqual([host.mpn(0, 3), host.state(host.mpn(0, 3))], [host.mpn(0, 30), 2])
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 38)
  host.assertIntact()
})

test('writes adjacent pages by one call, and those on both sides of a shared one by two', (t) => {
  const pages = 2 * CLUSTER_PAGES
  const host = new TestHost({ frames: pages, guests: [pages], swap: true })
  t.after(() => host.close())
  const [{ contents }] = host.guests as [TestGuest]
  for (let ppn = 0; ppn < pages; ppn++) contents.writePrivate(ppn)
  for (const ppn of [10, 11]) contents.writeKnown(ppn, 1)
  for (const ppn of [10, 11]) host.visit(0, ppn)
  const calls: [page: number, pages: number][] = []
  const swap = host.reclaimerView.swap!
  swap.writeGathered = (page, count) => {
    calls.push([page, count])
    return SwapFile.prototype.writeGathered.call(swap, page, count)
  }
  host.reclaim(4 * pages)
  assert.deepEqual(
    calls.sort(([a], [b]) => a - b),
    [
      [0, 10],
      [12, CLUSTER_PAGES - 12],
      [CLUSTER_PAGES, CLUSTER_PAGES],
    ],
  )
  host.assertIntact()
})

test('of a run that was written in part, that part alone is swapped out', (t) => {
  const host = fullHost()
  t.after(() => host.close())
  const swap = host.reclaimerView.swap!
  swap.writeGathered = (page, count) => {
    const written = SwapFile.prototype.writeGathered.call(swap, page, count - 1)
    swap.writeError = 'ENOSPC'
    return written
  }
  assert.equal(host.reclaim(7).swapError, 'ENOSPC')
  assert.equal(host.freeFrames(), 3)
  assert.equal(countPages(host, SWAPPED), 3)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 3)
  host.assertIntact()
})

test('leaves shared pages alone, even when too few frames are free', (t) => {
  const host = new TestHost({ frames: 20, guests: [10, 10], swap: true })
  t.after(() => host.close())
  for (const { contents } of host.guests) for (let ppn = 0; ppn < 10; ppn++) contents.writeKnown(ppn, 1 + ppn)
  host.pass()
  assert.equal(countPages(host, SHARED), 20)
  host.reclaim(20)
  assert.equal(countPages(host, SHARED), 20)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 0)
  assert.equal(host.freeFrames(), 10)
})

test('leaves no hints for pages that it swaps out', (t) => {
  const host = fullHost()
  t.after(() => host.close())
  host.pass()
  host.reclaim(2 * PAGES)
  assert.ok(host.handle.buckets.every((head) => head === 0))
  host.assertIntact()
})

test('does not share for a guest that is left alone, but swaps its pages', (t) => {
  const host = new TestHost({ frames: 40, guests: [2, 20], swap: true, share: [true, false] })
  t.after(() => host.close())
  for (const { contents, pages } of host.guests)
    for (let ppn = 0; ppn < pages; ppn++) contents.writeKnown(ppn, 1)
  host.pass()
  host.reclaim(39)
  assert.equal(host.reclaimRow[SCAN.merges], 0)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 20)
  assert.equal(host.state(host.mpn(0, 0)), 2)
  host.assertIntact()
})

test('a zero page is shared instead of swapped, though that frees no frame', (t) => {
  const host = new TestHost({ frames: 20, guests: [20], swap: true })
  t.after(() => host.close())
  for (const ppn of [3, 4]) host.guests[0]!.mmu.load(ppn, 0)
  host.reclaim(20)
  assert.equal(host.mpn(0, 3), host.mpn(0, 4))
  assert.equal(host.state(host.mpn(0, 3)), 2)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 0)
  host.assertIntact()
})

test('passes over pages that are locked or absent', (t) => {
  const host = new TestHost({ frames: 20, guests: [20], swap: true })
  t.after(() => host.close())
  for (const ppn of [3, 7, 11]) host.guests[0]!.contents.writePrivate(ppn)
  host.handle.ptes[7]! |= LOCKED
  host.reclaim(20)
  assert.equal(host.pte(0, 7) & (PRESENT | LOCKED), PRESENT | LOCKED)
  host.handle.ptes[7]! &= ~LOCKED
  assert.equal(countPages(host, SWAPPED), 2)
  host.assertIntact()
})

test('without a swap file it shares what it can, and ends', () => {
  const host = fullHost({ swap: false })
  for (const { contents } of host.guests) contents.writeKnown(0, 1)
  host.visit(0, 0)
  host.reclaim(10)
  assert.equal(host.freeFrames(), 1)
  assert.equal(countPages(host, SWAPPED), 0)
  host.assertIntact()
})

test('a page that can not be written stays where it is, and the error is told', (t) => {
  const host = fullHost()
  const readOnly = openSync('/dev/null', 'r')
  t.after(() => {
    host.close()
    closeSync(readOnly)
  })
  Object.assign(host.reclaimerView, { swap: new SwapFile(readOnly, host.handle.memory) })
  const before = host.metadata()
  const reclaimer = host.reclaim(7)
  assert.match(reclaimer.swapError ?? '', /EBADF/)
  assert.equal(host.reclaimRow[RECLAIM.swapOuts], 0)
  assert.deepEqual(host.metadata(), before)
  host.assertIntact()
})

test('pages that were swapped out and damaged on disk are named by the verification', (t) => {
  const host = fullHost()
  t.after(() => host.close())
  host.reclaim(2 * PAGES)
  ftruncateSync(host.handle.swapFd!, (2 * PAGES - 1) * 4096)
  assert.deepEqual(host.verify(1), {
    pagesVerified: PAGES,
    mismatches: 1,
    findings: [`guest g1 PPN ${PAGES - 1} (swapped): holds bytes that its guest did not write`],
  })
})

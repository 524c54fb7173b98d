import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { LOCKED, PRESENT, SHARED, SWAPPED, SWAPPED_PTE } from '../../src/machine/pte.js'
import { SwapFile } from '../../src/machine/swap.js'
import { RECLAIM, SCAN } from '../../src/measure/counters.js'
import { type HostOptions, TestHost } from '../support/host.js'

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
  const taken = (seed: number) => {
    const host = fullHost()
    t.after(() => host.close())
    host.reclaim(12, seed)
    return [...host.handle.ptes.keys()].filter((page) => host.handle.ptes[page] === SWAPPED_PTE)
  }
  const pages = taken(1)
  assert.ok(pages.some((page) => page < PAGES) && pages.some((page) => page >= PAGES))
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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZERO_PAGE_DIGEST } from '../../src/kernels/digest.js'
import { PageKernels } from '../../src/kernels/kernels.js'
import { ownedBy } from '../../src/machine/frames.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import { UNIQUE_TAG, ZERO_TAG } from '../../src/machine/machine.js'
import { ABSENT_PTE, INELIGIBLE, privatePte, sharedPte } from '../../src/machine/pte.js'
import { latencyOf } from '../../src/measure/histograms.js'
import { FakeClock } from '../support/fake-clock.js'
import { guestCounts, TestHost } from '../support/host.js'

const LAST_WORD = PAGE_WORDS - 1
/** A content number that the guests know. */
const CONTENT = 3

/** Guest 1 alone: its pages are not numbered from 0. */
function guestOf(host: TestHost) {
  return host.guests[1]!
}

/** Two guests whose page 0 holds the same content, and share it. */
function sharingHost(): TestHost {
  const host = new TestHost()
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  host.visit(0, 0)
  assert.ok(host.visit(1, 0))
  return host
}

test('a page that was never touched has no frame, and its first load brings a frame of zeros', () => {
  const host = new TestHost()
  const { mmu, counters } = guestOf(host)
  // Frames hold whatever was in them before.
  for (let mpn = 0; mpn < 64; mpn++) host.scannerView.kernels.fill(mpn, 1, mpn)
  assert.equal(host.pte(1, 2), ABSENT_PTE)
  assert.equal(host.freeFrames(), 64)
  for (const word of [0, 500, LAST_WORD]) assert.equal(mmu.load(2, word), 0)
  assert.equal(host.pte(1, 2), privatePte(host.mpn(1, 2)))
  assert.equal(host.state(host.mpn(1, 2)), ownedBy(host.page(1, 2)))
  assert.equal(host.tag(1, 2), ZERO_TAG)
  assert.equal(host.freeFrames(), 63)
  assert.deepEqual(guestCounts(counters), { loads: 3, firstTouches: 1 })
  host.assertIntact()
})

test('a store is what later loads of that word return, and no other word changes', () => {
  const host = new TestHost()
  const { mmu, counters } = guestOf(host)
  mmu.store(5, LAST_WORD - 1, Int32Array.of(-7, 2 ** 31 - 1, 99), 2)
  mmu.store(5, 0, Int32Array.of(11), 1)
  assert.deepEqual(
    [0, 1, LAST_WORD - 2, LAST_WORD - 1, LAST_WORD].map((word) => mmu.load(5, word)),
    [11, 0, 0, -7, 2 ** 31 - 1],
  )
  assert.equal(mmu.load(4, LAST_WORD), 0)
  assert.equal(mmu.load(6, 0), 0)
  assert.equal(host.tag(1, 5), UNIQUE_TAG)
  assert.deepEqual(guestCounts(counters), { stores: 3, loads: 7, firstTouches: 3 })
  host.assertIntact()
})

test('the digest of a page follows its stores, and is that of zeros when zeros are stored back', () => {
  const host = new TestHost()
  const { mmu } = guestOf(host)
  assert.equal(mmu.digests[5], ZERO_PAGE_DIGEST)
  mmu.store(5, 9, Int32Array.of(1, 2, 3), 3)
  assert.notEqual(mmu.digests[5], ZERO_PAGE_DIGEST)
  assert.equal(mmu.digests[5], host.scannerView.kernels.digest(host.mpn(1, 5)))
  mmu.store(5, 9, Int32Array.of(0, 0, 0), 3)
  assert.equal(mmu.digests[5], ZERO_PAGE_DIGEST)
  assert.equal(mmu.tagOf(5), UNIQUE_TAG)
})

test('a filled page holds the content of its key, under the tag it was given', () => {
  const host = new TestHost()
  const { mmu, counters } = guestOf(host)
  mmu.fill(0, 123, 456, CONTENT)
  mmu.fill(1, 123, 456, CONTENT)
  mmu.fill(2, 123, 457, UNIQUE_TAG)
  const { kernels } = host.scannerView
  assert.ok(kernels.equal(host.mpn(1, 0), host.mpn(1, 1)))
  assert.ok(!kernels.equal(host.mpn(1, 0), host.mpn(1, 2)))
  assert.deepEqual(
    [0, 1, 2].map((ppn) => mmu.tagOf(ppn)),
    [CONTENT, CONTENT, UNIQUE_TAG],
  )
  assert.deepEqual(guestCounts(counters), { stores: 3 * PAGE_WORDS, firstTouches: 3 })
  host.assertIntact()
})

test('a zeroed page holds zeros, and counts as stored in every word', () => {
  const host = new TestHost()
  const { mmu, counters } = guestOf(host)
  mmu.fill(0, 1, 2, CONTENT)
  mmu.zero(0)
  assert.ok(host.scannerView.kernels.isZero(host.mpn(1, 0)))
  assert.equal(mmu.tagOf(0), ZERO_TAG)
  assert.equal(mmu.digests[0], ZERO_PAGE_DIGEST)
  assert.deepEqual(guestCounts(counters), { stores: 2 * PAGE_WORDS, firstTouches: 1 })
})

test('loads leave a shared page shared', () => {
  const host = sharingHost()
  const before = host.metadata()
  const words = host.guests.map(({ mmu }) => mmu.load(0, 77))
  assert.equal(words[0], words[1])
  assert.deepEqual(host.metadata(), before)
})

test('a store to a shared page gives its guest a copy, and the others keep the frame', () => {
  const host = sharingHost()
  const { mmu, counters } = guestOf(host)
  const sharedMpn = host.mpn(0, 0)
  const before = [0, 76, 78, LAST_WORD].map((word) => mmu.load(0, word))
  const others = host.guests[0]!.mmu.load(0, 77)

  mmu.store(0, 77, Int32Array.of(others + 1), 1)

  const mpn = host.mpn(1, 0)
  assert.notEqual(mpn, sharedMpn)
  assert.equal(host.pte(1, 0), privatePte(mpn))
  assert.equal(host.state(mpn), ownedBy(host.page(1, 0)))
  assert.equal(host.pte(0, 0), sharedPte(sharedMpn))
  assert.equal(host.state(sharedMpn), 1)
  assert.equal(mmu.load(0, 77), others + 1)
  assert.deepEqual(
    [0, 76, 78, LAST_WORD].map((word) => mmu.load(0, word)),
    before,
  )
  assert.equal(host.guests[0]!.mmu.load(0, 77), others)
  assert.equal(host.tag(1, 0), UNIQUE_TAG)
  assert.equal(host.tag(0, 0), CONTENT)
  assert.equal(guestCounts(counters).cowFaults, 1)
  host.assertIntact()
})

test('the last store to a shared frame frees it, however it is stored to', () => {
  for (const overwrite of ['store', 'fill', 'zero'] as const) {
    const host = sharingHost()
    const sharedMpn = host.mpn(0, 0)
    for (const { mmu } of host.guests) {
      if (overwrite === 'store') mmu.store(0, 0, Int32Array.of(1), 1)
      else if (overwrite === 'fill') mmu.fill(0, 9, 9, 9)
      else mmu.zero(0)
    }
    assert.equal(host.state(sharedMpn), 0)
    assert.equal(host.freeFrames(), 64 - 2)
    host.assertIntact()
  }
})

test('every CoW fault is timed whole, one in eight in parts', () => {
  const host = sharingHost()
  const { mmu } = guestOf(host)
  const none = {
    cow: 0,
    'cow.fromIntended': 0,
    'cow.lock': 0,
    'cow.allocation': 0,
    'cow.copy': 0,
    'cow.remap': 0,
    'cow.store': 0,
    store: 0,
    'store.page': 0,
    swapIn: 0,
    stall: 0,
  }
  mmu.store(1, 0, Int32Array.of(1), 1)
  mmu.load(0, 0)
  assert.deepEqual(host.latencyCounts(), none)
  for (let faults = 1; faults <= 17; faults++) {
    mmu.store(0, 0, Int32Array.of(faults), 1)
    mmu.store(0, 0, Int32Array.of(faults), 1)
    const parts = Math.ceil(faults / 8)
    const timed = {
      'cow.lock': parts,
      'cow.allocation': parts,
      'cow.copy': parts,
      'cow.remap': parts,
      'cow.store': parts,
    }
    const { store: _, 'store.page': __, ...faulted } = host.latencyCounts()
    const {
      store: ___,
      'store.page': ____,
      ...expected
    } = { ...none, cow: faults, 'cow.fromIntended': faults, ...timed }
    assert.deepEqual(faulted, expected)
    mmu.zero(0)
    host.visit(1, 0)
  }
})

test('a store makes an ineligible page eligible again, a load does not', () => {
  const host = new TestHost()
  const { mmu } = guestOf(host)
  mmu.store(0, 0, Int32Array.of(1), 1)
  host.handle.ptes[host.page(1, 0)]! |= INELIGIBLE
  mmu.load(0, 0)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)) | INELIGIBLE)
  mmu.store(0, 0, Int32Array.of(1), 1)
  assert.equal(host.pte(1, 0), privatePte(host.mpn(1, 0)))
})

test('one store in 64 is timed as the control, by words or by pages, unless it faulted', () => {
  const host = sharingHost()
  const { mmu } = guestOf(host)
  const control = () => [host.latencyCounts().store, host.latencyCounts()['store.page']]
  // The stores that made the host count as well: up to the next one that is timed.
  for (let n = 1; control()[0] === 0; n++) mmu.store(1, 0, Int32Array.of(n), 1)
  for (let n = 1; n <= 128; n++) mmu.store(1, 0, Int32Array.of(n), 1)
  assert.deepEqual(control(), [3, 0])
  for (let n = 1; n <= 64; n++) mmu.zero(1)
  assert.deepEqual(control(), [3, 1])
  for (let n = 1; n <= 63; n++) mmu.store(1, 0, Int32Array.of(n), 1)
  mmu.store(0, 0, Int32Array.of(1), 1)
  assert.equal(host.latencyCounts().cow, 1)
  assert.deepEqual(control(), [3, 1])
})

test('a CoW fault is timed from its intended start as well, and never for less than its service time', (t) => {
  const clock = new FakeClock(t)
  // The fault itself takes 2 ms, and begins after 7.
  const { copy } = PageKernels.prototype
  t.mock.method(PageKernels.prototype, 'copy', function (this: PageKernels, to: number, from: number) {
    clock.advanceMs(2)
    copy.call(this, to, from)
  })
  for (const { intendedMs, delayMs } of [
    { intendedMs: 0, delayMs: 7 },
    { intendedMs: 7, delayMs: 0 },
    { intendedMs: Number.POSITIVE_INFINITY, delayMs: 0 },
  ]) {
    const host = sharingHost()
    const { mmu } = guestOf(host)
    host.histograms.take()
    mmu.intendedNs = clock.startNs + (clock.elapsedMs() + intendedMs) * 1e6
    clock.advanceMs(7)
    mmu.store(0, 0, Int32Array.of(1), 1)
    const recordings = host.histograms.take()
    const msOf = (name: string) =>
      Math.round(latencyOf(recordings.filter(({ metric }) => metric === name))!.max / 1e6)
    assert.deepEqual([msOf('cow'), msOf('cow.fromIntended')], [2, 2 + delayMs])
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { freeFrameMap } from '../../src/machine/allocator.js'
import {
  createFrameTable,
  FRAME_WORDS,
  FREE_STATE,
  NEXT,
  ownedBy,
  ownerOf,
  STATE,
  tryAddReference,
  UNLINKED,
} from '../../src/machine/frames.js'
import { GUEST_PAGES_MAX } from '../../src/machine/layout.js'
import { TestHost } from '../support/host.js'

test('a new frame table holds free frames in no chain', () => {
  const table = createFrameTable(5)
  for (let mpn = 0; mpn < 5; mpn++) {
    assert.equal(table[mpn * FRAME_WORDS + STATE], FREE_STATE)
    assert.equal(table[mpn * FRAME_WORDS + NEXT], UNLINKED)
  }
})

test('the state of a private frame names its page, and is never free or shared', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: GUEST_PAGES_MAX - 1 }), (page) => {
      assert.ok(ownedBy(page) < FREE_STATE)
      assert.equal(ownedBy(page) | 0, ownedBy(page))
      assert.equal(ownerOf(ownedBy(page)), page)
    }),
  )
})

test('a reference is gained only from a shared frame', () => {
  const table = createFrameTable(3)
  const state = (mpn: number) => mpn * FRAME_WORDS + STATE
  table[state(0)] = ownedBy(0)
  table[state(2)] = 3
  assert.equal(tryAddReference(table, 0), false)
  assert.equal(tryAddReference(table, 1), false)
  assert.equal(tryAddReference(table, 2), true)
  assert.deepEqual(
    [0, 1, 2].map((mpn) => table[state(mpn)]),
    [ownedBy(0), FREE_STATE, 4],
  )
})

test('whoever drops the last reference frees the frame, and takes it off the share table', () => {
  const host = new TestHost()
  const { scannerView, handle } = host
  const mpn = scannerView.allocator.allocate()
  assert.ok(scannerView.shareTable.fileShared(mpn, 1, 2, 3))
  const free = host.freeFrames()
  scannerView.dropReference(mpn)
  scannerView.dropReference(mpn)
  assert.equal(host.state(mpn), 1)
  assert.equal(scannerView.shareTable.isFiledUnder(mpn, 1, 2), true)
  assert.equal(host.freeFrames(), free)
  scannerView.dropReference(mpn)
  assert.equal(host.state(mpn), FREE_STATE)
  assert.equal(handle.frameTable[mpn * FRAME_WORDS + NEXT], UNLINKED)
  assert.equal(host.freeFrames(), free + 1)
  assert.equal(freeFrameMap(handle.allocator)[mpn], 1)
})

test('a private frame that is taken back leaves no hint behind', () => {
  const host = new TestHost()
  const { scannerView, handle } = host
  const mpn = scannerView.allocator.allocate()
  handle.frameTable[mpn * FRAME_WORDS + STATE] = ownedBy(4)
  assert.equal(scannerView.shareTable.findOrFile(mpn, 1, 2), 'nothing')
  const free = host.freeFrames()
  scannerView.releasePrivate(mpn)
  assert.equal(host.state(mpn), FREE_STATE)
  assert.equal(handle.frameTable[mpn * FRAME_WORDS + NEXT], UNLINKED)
  assert.equal(scannerView.shareTable.find(1, 2, -1), 'nothing')
  assert.equal(host.freeFrames(), free + 1)
})

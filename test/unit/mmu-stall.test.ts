import assert from 'node:assert/strict'
import { ftruncateSync } from 'node:fs'
import { test } from 'node:test'
import { type AwaitFrame, OutOfFramesError, RunStopped } from '../../src/machine/mmu.js'
import { ABSENT_PTE, privatePte, SWAPPED_PTE } from '../../src/machine/pte.js'
import { SwapReadError } from '../../src/machine/swap.js'
import { guestCounts, type HostOptions, TestHost } from '../support/host.js'

/** A guest with as many pages as there are frames; two of them are in use and share a frame. */
function fullHost(options: HostOptions = {}): { host: TestHost; taken: number[] } {
  const host = new TestHost({ frames: 40, guests: [40], stallLimitSeconds: 0.01, ...options })
  const { contents } = host.guests[0]!
  for (const ppn of [0, 1]) contents.writeKnown(ppn, 1)
  host.pass()
  assert.equal(host.mpn(0, 0), host.mpn(0, 1))
  const taken: number[] = []
  // At this size a reserve holds one frame at a time: none is left in the guest's.
  const { allocator } = host.reclaimerView
  for (let mpn = allocator.allocate(); mpn >= 0; mpn = allocator.allocate()) taken.push(mpn)
  assert.equal(host.freeFrames(), 0)
  return { host, taken }
}

const touches = [
  { touch: 'a first touch', ppn: 9, act: (host: TestHost) => host.guests[0]!.mmu.load(9, 0) },
  { touch: 'a CoW fault', ppn: 1, act: (host: TestHost) => host.guests[0]!.mmu.zero(1) },
] as const

for (const { touch, ppn, act } of touches) {
  test(`${touch} that finds no frame within the limit fails, and leaves the page unlocked as it was`, () => {
    const { host } = fullHost()
    const pte = host.pte(0, ppn)
    const before = host.metadata()
    assert.throws(() => act(host), OutOfFramesError)
    assert.equal(host.pte(0, ppn), pte)
    assert.deepEqual(host.metadata().slice(0, 4), before.slice(0, 4))
    assert.equal(guestCounts(host.guests[0]!.counters).stalls, 1)
    assert.equal(host.latencyCounts().stall, 0)
  })

  test(`${touch} that waits for a frame ends when the run does`, () => {
    const { host } = fullHost({ stallLimitSeconds: 20, isStopping: () => true })
    const pte = host.pte(0, ppn)
    assert.throws(() => act(host), RunStopped)
    assert.equal(host.pte(0, ppn), pte)
  })

  test(`${touch} goes on when a frame comes free, and its wait is counted and timed once`, () => {
    let looks = 0
    const freeOneAtThirdLook = () => {
      if (++looks === 3) host.reclaimerView.allocator.free(taken.pop()!)
      return false
    }
    const { host, taken } = fullHost({ stallLimitSeconds: 20, isStopping: freeOneAtThirdLook })
    const freed = taken.at(-1)!
    act(host)
    assert.equal(looks, 3)
    assert.equal(host.pte(0, ppn), privatePte(freed))
    const { stalls, cowFaults, firstTouches } = guestCounts(host.guests[0]!.counters)
    assert.equal(stalls, 1)
    assert.equal(host.latencyCounts().stall, 1)
    assert.deepEqual([firstTouches, cowFaults], ppn === 9 ? [3, undefined] : [2, 1])
    for (const mpn of taken) host.scannerView.allocator.free(mpn)
    host.assertIntact()
  })
}

test('how a stalled guest waits can be replaced: it is asked again until it has a frame', () => {
  const limitsMs: number[] = []
  const awaitFrame: AwaitFrame = (_, limitMs) => {
    limitsMs.push(limitMs)
    return limitsMs.length < 3 ? -1 : freed
  }
  const { host, taken } = fullHost({ stallLimitSeconds: 20, awaitFrame })
  const freed = taken.pop()!
  host.guests[0]!.mmu.load(9, 0)
  assert.equal(host.mpn(0, 9), freed)
  assert.equal(limitsMs.length, 3)
  assert.ok(limitsMs.every((limitMs) => limitMs > 0))
})

test('a stalled guest asks the reclaimer for frames', () => {
  const { host } = fullHost()
  host.reclaimerView.allocator.reclaimDone()
  assert.throws(() => host.guests[0]!.mmu.load(9, 0), OutOfFramesError)
  assert.equal(host.reclaimerView.allocator.awaitReclaimRequest(0), true)
})

test('after a failed CoW fault the next store is not timed as one', () => {
  const { host } = fullHost()
  const { mmu } = host.guests[0]!
  assert.throws(() => mmu.zero(1), OutOfFramesError)
  mmu.load(0, 0)
  assert.equal(host.latencyCounts().cow, 0)
  assert.equal(guestCounts(host.guests[0]!.counters).cowFaults, undefined)
})

function swappingHost(): TestHost {
  const host = new TestHost({ frames: 20, guests: [20], swap: true })
  for (let ppn = 0; ppn < 20; ppn++) host.guests[0]!.contents.writePrivate(ppn)
  assert.equal(host.reclaim(20).swapError, undefined)
  return host
}

test('a touch of a swapped page brings it back as it was, with its digest and tag', (t) => {
  const host = swappingHost()
  t.after(() => host.close())
  const { mmu, counters } = host.guests[0]!
  const tags = host.handle.tags.slice()
  for (let ppn = 0; ppn < 20; ppn++) assert.equal(host.pte(0, ppn), SWAPPED_PTE)
  assert.equal(host.freeFrames(), 20)
  host.assertIntact()

  mmu.load(3, 5)
  mmu.store(4, 5, Int32Array.of(77), 1)
  assert.equal(host.pte(0, 3), privatePte(host.mpn(0, 3)))
  assert.equal(host.pte(0, 4), privatePte(host.mpn(0, 4)))
  assert.equal(mmu.load(4, 5), 77)
  assert.equal(guestCounts(counters).swapIns, 2)
  assert.equal(host.latencyCounts().swapIn, 2)
  assert.deepEqual(host.handle.tags, tags)
  host.assertIntact()
})

test('a page that can not be read back stays swapped, and the frame meant for it is free', (t) => {
  const host = swappingHost()
  t.after(() => host.close())
  const { mmu, counters } = host.guests[0]!
  ftruncateSync(host.handle.swapFd!, 4096 * 3 + 100)
  for (const ppn of [3, 4]) {
    assert.throws(() => mmu.load(ppn, 0), SwapReadError)
    assert.throws(() => mmu.zero(ppn), SwapReadError)
    assert.equal(host.pte(0, ppn), SWAPPED_PTE)
  }
  assert.equal(host.freeFrames(), 20)
  assert.equal(guestCounts(counters).swapIns, undefined)
  mmu.load(2, 0)
  assert.deepEqual(host.audit().findings, [])
  assert.equal(host.verify(0).mismatches, 20 - 3)
})

test('a page that was never touched is not in the swap file, however full memory was', (t) => {
  const host = new TestHost({ frames: 20, guests: [20], swap: true })
  t.after(() => host.close())
  host.guests[0]!.mmu.store(0, 0, Int32Array.of(5), 1)
  host.reclaim(20)
  assert.equal(host.pte(0, 0), SWAPPED_PTE)
  assert.equal(host.pte(0, 1), ABSENT_PTE)
  assert.equal(host.guests[0]!.mmu.load(1, 0), 0)
  host.assertIntact()
})

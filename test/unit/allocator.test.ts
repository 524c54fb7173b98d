import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AllocatorLayout,
  countFreeFrames,
  createAllocator,
  FrameAllocator,
  freeFrameMap,
} from '../../src/machine/allocator.js'
import { nowNs } from '../../src/measure/clock.js'

/** The allocator of every thread, all used by this one, beside the set of frames that are out. */
class Model {
  private readonly layout: AllocatorLayout
  private readonly threads: FrameAllocator[]
  private readonly out = new Set<number>()
  /** Whether the reclaimer is asked for frames. */
  private asked = false

  constructor(
    private readonly frames: number,
    threads: number,
    private readonly lowFrames: number,
  ) {
    this.layout = createAllocator(frames, threads, lowFrames)
    this.threads = Array.from({ length: threads }, (_, thread) => new FrameAllocator(this.layout, thread))
  }

  allocate(thread: number): void {
    const before = this.available()
    this.receive(this.threads[thread]!.allocate())
    if (this.available() < before && this.available() < this.lowFrames) this.asked = true
    this.checkAsked()
  }

  /** What an allocator gave. */
  private receive(mpn: number): void {
    if (mpn < 0) {
      assert.equal(mpn, -1)
      assert.equal(this.out.size, this.frames, 'a frame was free, and none was given out')
      return
    }
    assert.ok(Number.isInteger(mpn) && mpn < this.frames, `MPN ${mpn} does not exist`)
    assert.ok(!this.out.has(mpn), `MPN ${mpn} is out already`)
    this.out.add(mpn)
  }

  /** Gives back the frame at place `which` of those that are out; any thread may. */
  free(thread: number, which: number): void {
    const mpn = [...this.out][which % Math.max(1, this.out.size)]
    if (mpn === undefined) return
    this.out.delete(mpn)
    this.threads[thread]!.free(mpn)
  }

  /** Waits for no time. If there is no frame, nothing but the question to the reclaimer may be left of it. */
  awaitFrame(thread: number): void {
    this.asked = true
    this.threads[thread]!.requestReclaim()
    const before = [...this.layout.words]
    const mpn = this.threads[thread]!.awaitFrame(0)
    this.receive(mpn)
    if (mpn < 0) assert.deepEqual([...this.layout.words], before, 'a waiter that is gone still counts')
  }

  reclaimDone(): void {
    this.threads[0]!.reclaimDone()
    this.asked = false
  }

  check(): void {
    assert.equal(countFreeFrames(this.layout), this.frames - this.out.size)
    this.checkAsked()
    const expected = Uint8Array.from({ length: this.frames }, (_, mpn) => (this.out.has(mpn) ? 0 : 1))
    assert.deepEqual(freeFrameMap(this.layout), expected)
  }

  private checkAsked(): void {
    assert.equal(this.threads[0]!.awaitReclaimRequest(0), this.asked)
  }

  private available(): number {
    return this.threads[0]!.availableFrames()
  }

  /** One thread takes every frame that is left. */
  drain(thread: number): void {
    for (let left = this.frames - this.out.size; left >= 0; left--) this.allocate(thread)
    assert.equal(this.out.size, this.frames, 'frames were lost')
  }
}

const sizes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(31, 32, 33, 1023, 1024, 1025, 2100))
const machines = fc.record({ frames: sizes, threads: fc.integer({ min: 1, max: 5 }), lowFrames: fc.nat(40) })
const commands = fc.array(
  fc.record({
    thread: fc.nat(4),
    allocations: fc.nat(40),
    frees: fc.array(fc.nat(5000), { maxLength: 40 }),
    atLast: fc.constantFrom('nothing', 'awaitFrame', 'reclaimDone' as const),
  }),
  { maxLength: 12 },
)

test('frames come out once each and go back, whichever thread asks and however few there are', () => {
  fc.assert(
    fc.property(machines, commands, ({ frames, threads, lowFrames }, steps) => {
      const model = new Model(frames, threads, lowFrames)
      for (const { thread, allocations, frees, atLast } of steps) {
        for (let n = 0; n < allocations; n++) model.allocate(thread % threads)
        for (const which of frees) model.free((thread + which) % threads, which)
        if (atLast === 'awaitFrame') model.awaitFrame(thread % threads)
        else if (atLast === 'reclaimDone') model.reclaimDone()
        model.check()
      }
      model.drain(threads - 1)
      model.check()
    }),
  )
})

test('a thread alone gets every frame there is', () => {
  for (const frames of [1, 31, 32, 33, 4000]) {
    const allocator = new FrameAllocator(createAllocator(frames, 1, 0), 0)
    const given = Array.from({ length: frames }, () => allocator.allocate())
    assert.deepEqual(
      given.toSorted((a, b) => a - b),
      Array.from({ length: frames }, (_, mpn) => mpn),
    )
    assert.equal(allocator.allocate(), -1)
    allocator.free(frames - 1)
    assert.equal(allocator.allocate(), frames - 1)
  }
})

test('a frame that comes free while the last one of its word is being taken is not lost', () => {
  const layout = createAllocator(2, 2, 0)
  const [taker, other] = [new FrameAllocator(layout, 0), new FrameAllocator(layout, 1)]
  const mpn = other.allocate()
  // The moment between two steps of the taker: the word is empty, and its summary bit still set.
  const steps = taker as unknown as { clearSummary(word: number): void }
  const { clearSummary } = steps
  let freed = false
  steps.clearSummary = (word) => {
    other.free(mpn)
    freed = true
    clearSummary.call(taker, word)
  }
  assert.equal(taker.allocate(), 1 - mpn)
  assert.ok(freed)
  assert.equal(other.allocate(), mpn)
})

test('a frame in a reserve is not available, but goes to another thread before that one gets none', () => {
  // Enough frames for reserves of eight.
  const layout = createAllocator(4096, 2, 0)
  const [one, other] = [new FrameAllocator(layout, 0), new FrameAllocator(layout, 1)]
  const mpn = one.allocate()
  assert.equal(countFreeFrames(layout), 4095)
  assert.equal(other.availableFrames(), 4096 - 8)
  const others = Array.from({ length: 4096 - 8 }, () => other.allocate())
  assert.equal(other.availableFrames(), 0)
  assert.equal(countFreeFrames(layout), 7)
  const reserved = Array.from({ length: 3 }, () => other.allocate())
  const rest = Array.from({ length: 4 }, () => one.allocate())
  assert.deepEqual([one.allocate(), other.allocate()], [-1, -1])
  assert.equal(new Set([mpn, ...others, ...reserved, ...rest]).size, 4096)
  one.free(mpn)
  assert.equal(other.allocate(), mpn, 'what is freed is available to all')
})

test('a frame that is freed twice is a defect, and said so at once', () => {
  const allocator = new FrameAllocator(createAllocator(100, 1, 0), 0)
  const mpn = allocator.allocate()
  allocator.free(mpn)
  assert.throws(() => allocator.free(mpn), /frame \d+ was freed twice/)
})

test('the map of free frames shows a frame that is free in two places', () => {
  const layout = createAllocator(4096, 2, 0)
  const allocator = new FrameAllocator(layout, 0)
  const mpn = allocator.allocate()
  // The next of its reserve, freed although it was never handed out.
  const next = mpn + 1
  assert.equal(freeFrameMap(layout)[next], 1)
  allocator.free(next)
  assert.equal(freeFrameMap(layout)[next], 2)
})

test('all reserves together hold at most a 64th of memory, but for one frame each', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 40 }), (frames, threads) => {
      const layout = createAllocator(frames, threads, 0)
      for (let thread = 0; thread < threads; thread++) new FrameAllocator(layout, thread).allocate()
      const reserved = countFreeFrames(layout) - new FrameAllocator(layout, 0).availableFrames()
      assert.ok(reserved <= Math.max(0, frames / 64), `${reserved} of ${frames} in ${threads} reserves`)
    }),
  )
})

test('the reclaimer is asked for frames when fewer than lowFrames are available, and not before', () => {
  const layout = createAllocator(100, 1, 40)
  const allocator = new FrameAllocator(layout, 0)
  for (let n = 0; n < 60; n++) allocator.allocate()
  assert.equal(allocator.availableFrames(), 40)
  assert.equal(allocator.awaitReclaimRequest(0), false)
  allocator.allocate()
  assert.equal(allocator.awaitReclaimRequest(0), true)
  allocator.reclaimDone()
  assert.equal(allocator.awaitReclaimRequest(0), false)
})

test('who finds no frame asks the reclaimer, and returns at once when a frame is there after all', () => {
  const allocator = new FrameAllocator(createAllocator(1, 1, 0), 0)
  const mpn = allocator.allocate()
  assert.equal(allocator.awaitFrame(1), -1)
  assert.equal(allocator.awaitReclaimRequest(0), true)
  allocator.free(mpn)
  const waitMs = 10_000
  const startNs = nowNs()
  assert.equal(allocator.awaitFrame(waitMs), mpn)
  assert.ok(nowNs() - startNs < waitMs * 1e6, 'it waited, though a frame was free')
})

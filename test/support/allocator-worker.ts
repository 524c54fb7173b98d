/**
 * Allocates and frees at random, as fast as it can, and claims each frame that it holds in an array that all threads
 * see: two that hold one frame at once find out.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { FrameAllocator } from '../../src/machine/allocator.js'
import { Prng } from '../../src/random/prng.js'
import { type AllocatorTally, type AllocatorTask, STARTED, STOP } from './allocator-task.js'

const { layout, thread, holders, control, heldMax, mailboxes } = workerData as AllocatorTask
const allocator = new FrameAllocator(layout, thread)
const prng = new Prng(thread)
const tally: AllocatorTally = { allocations: 0, failures: 0, wrong: [] }
const held: number[] = []

function allocate(): void {
  const mpn = allocator.allocate()
  if (mpn < 0) {
    tally.failures++
    return
  }
  tally.allocations++
  if (mpn >= layout.frames || Atomics.compareExchange(holders, mpn, 0, thread + 1) !== 0)
    tally.wrong.push(mpn)
  else held.push(mpn)
}

function free(mpn: number): void {
  if (Atomics.exchange(holders, mpn, 0) === 0) tally.wrong.push(mpn)
  else allocator.free(mpn)
}

function takeOne(): number {
  const at = prng.nextBelow(held.length)
  const mpn = held[at]!
  held[at] = held.at(-1)!
  held.pop()
  return mpn
}

/** Gives a frame away, or frees one that it was given: frames are often freed by another thread than took them. */
function exchange(): void {
  const given = Atomics.exchange(mailboxes, thread, 0)
  if (given !== 0) free(given - 1)
  if (held.length === 0) return
  const mpn = takeOne()
  const to = prng.nextBelow(mailboxes.length)
  if (Atomics.compareExchange(mailboxes, to, 0, mpn + 1) !== 0) free(mpn)
}

function act(): void {
  const what = prng.nextBelow(8)
  if (what === 0) exchange()
  else if (held.length > 0 && (what < 3 || held.length >= heldMax)) free(takeOne())
  else allocate()
}

Atomics.add(control, STARTED, 1)
while (Atomics.load(control, STOP) === 0) for (let n = 0; n < 1000; n++) act()
for (const mpn of held) free(mpn)
parentPort!.postMessage(tally)

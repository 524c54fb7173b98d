/** A thread of allocate.*: holds a few frames, and over and over takes another and gives back the one held longest. */
import { workerData } from 'node:worker_threads'
import { FrameAllocator } from '../../src/machine/allocator.js'
import { nowNs } from '../../src/measure/clock.js'
import { ACTIVE, type AllocateTask, DONE, ROUND, STOP } from './allocate-task.js'
import { perSecond } from './measure.js'

/** A power of two. */
const HELD = 64
/** Between two looks at STOP. */
const PAIRS = 256

const { layout, thread, words, rates } = workerData as AllocateTask
const allocator = new FrameAllocator(layout, thread)
const held = Int32Array.from({ length: HELD }, () => allocator.allocate())
let oldest = 0

function exchange(): void {
  const mpn = allocator.allocate()
  if (mpn < 0) throw new Error('no frame is free, of more than all threads hold')
  allocator.free(held[oldest]!)
  held[oldest] = mpn
  oldest = (oldest + 1) & (HELD - 1)
}

function runUntilStopped(round: number): number {
  let pairs = 0
  const startNs = nowNs()
  while (Atomics.load(words, STOP) !== round) {
    for (let n = 0; n < PAIRS; n++) exchange()
    pairs += PAIRS
  }
  return perSecond(pairs, nowNs() - startNs)
}

for (let round = 0; ; ) {
  Atomics.wait(words, ROUND, round)
  round = Atomics.load(words, ROUND)
  if (thread >= Atomics.load(words, ACTIVE)) continue
  rates[thread] = runUntilStopped(round)
  Atomics.add(words, DONE, 1)
}

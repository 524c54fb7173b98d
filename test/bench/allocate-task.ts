/**
 * What the threads of allocate.* share. A round: the main thread sets how many threads are to take part, bumps ROUND, and
 * later STOP to the same number; each that takes part says so in DONE when it has stopped and noted its rate.
 */
import type { AllocatorLayout } from '../../src/machine/allocator.js'

export interface AllocateTask {
  layout: AllocatorLayout
  thread: number
  words: Int32Array
  /** Pairs/s of each thread in the last round. */
  rates: Float64Array
}

export const ROUND = 0
export const ACTIVE = 1
export const STOP = 2
export const DONE = 3
export const ALLOCATE_WORDS = 4

/** What the threads of the allocator's stress test share. */
import type { AllocatorLayout } from '../../src/machine/allocator.js'

export interface AllocatorTask {
  layout: AllocatorLayout
  thread: number
  /** By frame: number of the thread that holds it, plus 1. */
  holders: Int32Array
  /** Words STARTED and STOP. */
  control: Int32Array
  /** Most frames that this thread holds. */
  heldMax: number
  /** Frames that are handed to another thread, which frees them: one word for each thread, MPN + 1 or 0. */
  mailboxes: Int32Array
}

/** How many threads have started. */
export const STARTED = 0
/** Not 0 when the time is over. */
export const STOP = 1

export interface AllocatorTally {
  allocations: number
  /** Times that there was no frame. */
  failures: number
  /** MPNs that were given out although somebody held them, or that do not exist. */
  wrong: number[]
}

/** Waits on the allocator, once, in one of its two ways, and tells what came of it. */
import { parentPort, workerData } from 'node:worker_threads'
import { type AllocatorLayout, FrameAllocator } from '../../src/machine/allocator.js'

export interface WaiterTask {
  layout: AllocatorLayout
  thread: number
  waitsFor: 'frame' | 'request'
}

/** Longer than the test waits for this thread: it ends in time only if it is woken. */
const NAP_MS = 300_000
const NAPS_MAX = 1_000_000

const { layout, thread, waitsFor } = workerData as WaiterTask
const allocator = new FrameAllocator(layout, thread)
if (waitsFor === 'frame') {
  let mpn = allocator.allocate()
  for (let naps = 0; mpn < 0 && naps < NAPS_MAX; naps++) mpn = allocator.awaitFrame(NAP_MS)
  parentPort!.postMessage(mpn)
} else {
  parentPort!.postMessage(allocator.awaitReclaimRequest(NAP_MS))
}

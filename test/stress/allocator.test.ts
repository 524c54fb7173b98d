import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  countFreeFrames,
  createAllocator,
  FrameAllocator,
  freeFrameMap,
} from '../../src/machine/allocator.js'
import { type AllocatorTally, type AllocatorTask, STARTED, STOP } from '../support/allocator-task.js'
import { runThread, until } from '../support/threads.js'

const THREADS = 4
const STRESS_MS = 600

function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4))
}

interface Setting {
  name: string
  frames: number
  /** Most frames that each thread holds. */
  heldMax: number
}

const settings: Setting[] = [
  { name: 'many frames, with reserves of eight', frames: 2048, heldMax: 600 },
  { name: 'few frames, contended to the last', frames: 40, heldMax: 40 },
]

for (const { name, frames, heldMax } of settings) {
  test(`no frame is ever held twice, and none is lost: ${name}`, async (t) => {
    const layout = createAllocator(frames, THREADS, 0)
    const [holders, control, mailboxes] = [sharedWords(frames), sharedWords(2), sharedWords(THREADS)]
    const threads = Array.from({ length: THREADS }, (_, thread) => {
      const task: AllocatorTask = { layout, thread, holders, control, heldMax, mailboxes }
      return runThread<AllocatorTally>('allocator-worker.js', task)
    })
    await until(() => Atomics.load(control, STARTED) === THREADS, 'all threads have started')
    await sleep(STRESS_MS)
    Atomics.store(control, STOP, 1)
    const tallies = await Promise.all(threads)
    for (const { wrong } of tallies) assert.deepEqual(wrong, [])
    const sum = (field: 'allocations' | 'failures') =>
      tallies.reduce((total, tally) => total + tally[field], 0)
    t.diagnostic(`${sum('allocations')} allocations, ${sum('failures')} failures`)
    assert.ok(sum('allocations') > 10 * frames && sum('failures') > 10)

    const allocator = new FrameAllocator(layout, 0)
    for (const mpn of mailboxes) if (mpn !== 0) allocator.free(mpn - 1)
    assert.equal(countFreeFrames(layout), frames)
    assert.ok(freeFrameMap(layout).every((times) => times === 1))
    const drained = new Set<number>()
    for (let mpn = allocator.allocate(); mpn >= 0; mpn = allocator.allocate()) drained.add(mpn)
    assert.equal(drained.size, frames, 'frames were lost')
    assert.equal(countFreeFrames(layout), 0)
  })
}

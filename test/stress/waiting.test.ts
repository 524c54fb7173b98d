import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AllocatorLayout, createAllocator, FrameAllocator } from '../../src/machine/allocator.js'
import { runThread, until } from '../support/threads.js'
import type { WaiterTask } from '../support/waiter-worker.js'

const FRAMES = 3

function emptyAllocator(threads: number): { layout: AllocatorLayout; allocator: FrameAllocator } {
  const layout = createAllocator(FRAMES, threads, 0)
  const allocator = new FrameAllocator(layout, 0)
  for (let n = 0; n < FRAMES; n++) allocator.allocate()
  return { layout, allocator }
}

function wait(task: WaiterTask): Promise<number | boolean> {
  return runThread<number | boolean>('waiter-worker.js', task)
}

/** Waits until somebody stalls: who waits for a frame has asked for one before. */
function stalled(allocator: FrameAllocator): Promise<void> {
  return until(() => allocator.awaitReclaimRequest(0), 'somebody asks for a frame')
}

test('a thread that waits for a frame is woken when one comes free', async () => {
  const { layout, allocator } = emptyAllocator(2)
  const waiting = wait({ layout, thread: 1, waitsFor: 'frame' })
  await stalled(allocator)
  await sleep(20)
  allocator.free(2)
  assert.equal(await waiting, 2)
})

test('as many waiting threads are woken as frames come free', async () => {
  const { layout, allocator } = emptyAllocator(4)
  const waiting = [1, 2, 3].map((thread) => wait({ layout, thread, waitsFor: 'frame' }))
  await stalled(allocator)
  await sleep(100)
  for (let mpn = 0; mpn < FRAMES; mpn++) allocator.free(mpn)
  const given = (await Promise.all(waiting)) as number[]
  assert.deepEqual(
    given.toSorted((a, b) => a - b),
    [0, 1, 2],
  )
})

test('the reclaimer is woken by who finds no frame', async () => {
  const { layout, allocator } = emptyAllocator(2)
  const reclaimer = wait({ layout, thread: 1, waitsFor: 'request' })
  await sleep(50)
  assert.equal(allocator.awaitFrame(1), -1)
  assert.equal(await reclaimer, true)
})

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { threadId, threadTimes, WorkerTimes } from '../../src/host/threads.js'

const skip = !existsSync('/proc/self/schedstat') && 'this system keeps no such account'
/** More than any system numbers threads up to. */
const NO_THREAD = 2 ** 31 - 1

/** A thread that works a little, and tells its number at the system. */
async function startThread(): Promise<{ worker: Worker; id: number }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const end = performance.now() + 5
     while (performance.now() < end);
     parentPort.postMessage(Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1)))
     setInterval(() => {}, 1000)`,
    { eval: true },
  )
  const id = await new Promise<number>((resolve) => worker.once('message', resolve))
  return { worker, id }
}

test('a worker that was one thread after the other has the times of both', { skip }, async () => {
  const times = new WorkerTimes()
  const { worker, id } = await startThread()
  const first = times.read(id)!
  assert(first.cpuNs > 0)
  await worker.terminate()
  assert.deepEqual(times.read(id), first, 'of a thread that has ended, what was last read')
  const before = threadTimes(threadId())!
  const both = times.read(threadId())!
  assert(both.cpuNs >= first.cpuNs + before.cpuNs)
  assert(both.waitingNs >= first.waitingNs + before.waitingNs)
})

test('a worker whose next thread can’t be read keeps what it had', { skip }, () => {
  const times = new WorkerTimes()
  const had = times.read(threadId())!
  assert.deepEqual(times.read(NO_THREAD), had)
})

test('a worker without any thread has no times', () => {
  assert.equal(new WorkerTimes().read(0), undefined)
})

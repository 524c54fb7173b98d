import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { LOCK_LIMIT_SECONDS, LockTimeoutError, SpinLimit } from '../../src/sync/spin.js'
import { FakeClock } from '../support/fake-clock.js'

const LOCKED = 1
const PAUSES_MAX = 5000

function lockWord(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(16)).fill(LOCKED)
}

/** Pauses until the wait is given up; returns how often. */
function waitForDead(spin: SpinLimit, clock: FakeClock, stepMs: number): number {
  const words = lockWord()
  for (let pauses = 1; pauses <= PAUSES_MAX; pauses++) {
    try {
      spin.pause(words, 2, LOCKED)
    } catch (error) {
      assert.ok(error instanceof LockTimeoutError)
      assert.match(error.message, /^a test lock \(word 2\) stayed locked for 20 s/)
      return pauses
    }
    clock.advanceMs(stepMs)
  }
  return assert.fail('waited for ever')
}

test('who waits for a lock that nobody releases is told so, after the limit and not before', (t) => {
  const clock = new FakeClock(t)
  const spin = new SpinLimit('a test lock')
  const stepMs = 100
  spin.begin()
  waitForDead(spin, clock, stepMs)
  const waitedMs = clock.elapsedMs()
  assert.ok(waitedMs > LOCK_LIMIT_SECONDS * 1000, `${waitedMs}`)
  // The limit counts from the first nap, after some spins, which no clock times.
  assert.ok(waitedMs < LOCK_LIMIT_SECONDS * 1000 + 300 * stepMs, `${waitedMs}`)
})

test('each wait has the whole limit for itself', (t) => {
  const clock = new FakeClock(t)
  const spin = new SpinLimit('a test lock')
  spin.begin()
  const first = waitForDead(spin, clock, 100)
  spin.begin()
  assert.equal(waitForDead(spin, clock, 100), first)
})

test('a short wait reads no clock', (t) => {
  const now = t.mock.method(performance, 'now')
  const spin = new SpinLimit('a test lock')
  const words = lockWord()
  spin.begin()
  for (let pauses = 0; pauses < 100; pauses++) spin.pause(words, 0, LOCKED)
  assert.equal(now.mock.callCount(), 0)
})

test('a lock that another thread releases is had', { timeout: 30_000 }, async () => {
  const words = lockWord()
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads')
     parentPort.once('message', () => setTimeout(() => Atomics.store(workerData, 0, 0), 20))
     parentPort.postMessage('ready')`,
    { eval: true, workerData: words },
  )
  await once(worker, 'message')
  worker.postMessage('release')
  const spin = new SpinLimit('a test lock')
  spin.begin()
  while (Atomics.load(words, 0) === LOCKED) spin.pause(words, 0, LOCKED)
  assert.equal(Atomics.compareExchange(words, 0, 0, LOCKED), 0)
  await worker.terminate()
})

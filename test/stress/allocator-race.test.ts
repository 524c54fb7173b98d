import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAllocator } from '../../src/machine/allocator.js'
import type { RaceReport, RaceTask } from '../support/race-worker.js'
import { runThread } from '../support/threads.js'

const RACE_MS = 1000

test('a frame that is freed while the last one of its word is taken can be had at once', async (t) => {
  const layout = createAllocator(2, 2, 0)
  const rounds = new Int32Array(new SharedArrayBuffer(12))
  const run = (thread: 0 | 1) => {
    const task: RaceTask = { layout, thread, rounds, raceMs: RACE_MS }
    return runThread<RaceReport>('race-worker.js', task)
  }
  const [freer] = await Promise.all([run(0), run(1)])
  t.diagnostic(`${freer.rounds} rounds`)
  assert.equal(freer.lost, 0)
})

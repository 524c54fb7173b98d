import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StudyProgress } from '../../src/cli/study-progress.js'
import type { RunRecord } from '../../src/study/record.js'

test('the line says which run it is, and the time left by the median of each cell, or of all', () => {
  const run = (number: number, cell: number, seconds: number | null): RunRecord => ({
    number,
    replicate: number > 4 ? 2 : 1,
    cell,
    seed: 1,
    directory: '',
    state: seconds === null ? 'missing' : 'complete',
    seconds,
  })
  let nowMs = 0
  const progress = new StudyProgress(['rate=1', 'rate=2'], () => nowMs)
  assert.equal(progress.line(), '')
  const first = [run(1, 0, null), run(2, 1, null), run(3, 0, null)]
  progress.begin(first[0]!, first)
  assert.equal(progress.line(), 'run 1 of 3: rate=1, replicate 1')
  const all = [run(1, 0, 10), run(2, 1, 100), run(3, 0, 30), run(4, 0, 20), run(5, 1, null), run(6, 0, null)]
  progress.begin(all[4]!, all)
  assert.equal(progress.line(), 'run 5 of 6: rate=2, replicate 2 · about 120 s left')
  nowMs = 40_000
  assert.equal(progress.line(), 'run 5 of 6: rate=2, replicate 2 · about 80 s left')
  nowMs = 400_000
  assert.equal(progress.line(), 'run 5 of 6: rate=2, replicate 2 · about 20 s left')
})

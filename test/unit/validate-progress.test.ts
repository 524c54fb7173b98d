import assert from 'node:assert/strict'
import { test } from 'node:test'
import { glyphsOf } from '../../src/cli/drawing.js'
import { ValidateProgress } from '../../src/cli/validate-progress.js'
import { loadPairs } from '../../src/validate/load-pairs.js'
import { schedule } from '../../src/validate/schedule.js'

test('says which run it is; the time left is first what is planned, then what runs have taken', () => {
  let nowMs = 0
  const pairs = loadPairs(['validate-churn', 'validate-zero'], { replicates: 2, CONFIG_HZ: null })
  const plannedSeconds = pairs.map(({ lab }) =>
    lab.plan.phases.reduce((sum, { ends, seconds }) => sum + (ends.when === 'time' ? seconds : 0), 0),
  )
  const progress = new ValidateProgress(schedule(pairs, 2), 2, glyphsOf({ LANG: 'C.UTF-8' }), () => nowMs)
  progress.begin()
  const planned = 4 * plannedSeconds[0]! + 4 * plannedSeconds[1]!
  assert.equal(
    progress.view('boot').line,
    `validate-churn · 1 of 2 · replicate 1 of 2 · lab: boot · about ${planned} s left`,
  )
  nowMs = 20_000
  progress.begin()
  nowMs = 25_000
  const left = 3 * 20 + 4 * plannedSeconds[1]! - 5
  assert.equal(
    progress.view('churn').line,
    `validate-churn · 1 of 2 · replicate 1 of 2 · kernel: churn · about ${left} s left`,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonTimes, meanDistance, medianCurve, resample, timeMean } from '../../src/validate/curves.js'
import { median, rangeOf } from '../../src/validate/statistics.js'
import { point, runOf } from '../support/validation-runs.js'

test('the median is the middle one in order, or the mean of the middle two', () => {
  assert.equal(median([10, 9, 100]), 10)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([7]), 7)
  assert.deepEqual(rangeOf([10, 9, 100]), [9, 100])
})

test('common times are an interval apart and end with the run that ended first', () => {
  const runs = [runOf('pages_shared', [0, 0, 0, 0]), [point(0, 'a', {}), point(2.5, 'a', {})]]
  assert.deepEqual(commonTimes(runs, 1), [0, 1, 2, 2.5])
  assert.deepEqual(commonTimes([runs[0]!], 1), [0, 1, 2, 3])
  assert.deepEqual(commonTimes([runs[0]!], 60), [0, 3])
  assert.deepEqual(commonTimes([[point(0, 'a', {})]], 1), [0])
})

test('between two samples a counter lies on the line between them; before and after all, at the nearest', () => {
  const run = [2, 4, 4, 6].map((second) => point(second, 'a', { pages_shared: 100 * second }))
  assert.deepEqual(
    resample(run, 'pages_shared', [0, 2, 2.5, 4, 5.5, 6, 9]),
    [200, 200, 250, 400, 550, 600, 600],
  )
  assert.deepEqual(resample(run, 'pages_sharing', [0, 3, 9]), [0, 0, 0])
})

test('the median curve is made of the medians at each time', () => {
  assert.deepEqual(
    medianCurve([
      [0, 5, 9],
      [1, 4, 9],
      [2, 3, 0],
    ]),
    [1, 4, 9],
  )
})

test('in a mean over time each value weighs as much as the time around it', () => {
  assert.equal(timeMean([0, 10, 10], [0, 1, 4]), (0.5 * 10 + 3 * 10) / 4)
  assert.equal(timeMean([7], [0]), 7)
})

test('curves are as far apart as they differ, whichever is above', () => {
  assert.equal(meanDistance([0, 10, 0, 10], [5, 5, 5, 5], [0, 1, 2, 3]), 5)
  assert.equal(meanDistance([1, 2, 3], [1, 2, 3], [0, 1, 2]), 0)
})

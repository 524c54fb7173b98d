import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { compare, metricNames, type Replicate } from '../../src/validate/metrics.js'
import { COUNTERS } from '../../src/validate/points.js'
import { exceeded, parseTolerance } from '../../src/validate/tolerance.js'
import { point, runOf } from '../support/validation-runs.js'

const TIMES = [0, 1, 2]

function sharing(lab: readonly number[], kernel: readonly number[], seed = 1): Replicate {
  return { seed, lab: runOf('pages_sharing', lab), kernel: runOf('pages_sharing', kernel) }
}

test('the final figure is that of the last sample, its error in percent of the kernel', () => {
  const { pages_sharing, 'pages_sharing@all': atEnd } = compare(
    [sharing([0, 0, 90], [0, 0, 100])],
    ['all'],
    TIMES,
  )
  const expected = { lab: 90, kernel: 100, errorPercent: -10, labRange: [90, 90], kernelRange: [100, 100] }
  assert.deepEqual(pages_sharing, expected)
  assert.deepEqual(atEnd, expected)
})

test('each phase has the figures of its last sample', () => {
  const run = [point(0, 'one', {}), point(1, 'one', { cow_breaks: 5 }), point(2, 'two', { cow_breaks: 8 })]
  const metrics = compare([{ seed: 1, lab: run, kernel: run }], ['one', 'two'], TIMES)
  assert.equal(metrics['cow_breaks@one']!.lab, 5)
  assert.equal(metrics['cow_breaks@two']!.kernel, 8)
  assert.equal(metrics.cow_breaks!.lab, 8)
})

test('of several replicates the medians are compared, and their range is told', () => {
  const replicates = [
    sharing([0, 0, 10], [0, 0, 20]),
    sharing([0, 0, 90], [0, 0, 40]),
    sharing([0, 0, 30], [0, 0, 30]),
  ]
  const { pages_sharing } = compare(replicates, ['all'], TIMES)
  assert.deepEqual(pages_sharing, {
    lab: 30,
    kernel: 30,
    errorPercent: 0,
    labRange: [10, 90],
    kernelRange: [20, 40],
  })
})

test('the mean over time has an error of its own', () => {
  const mean = compare([sharing([0, 30, 60], [0, 20, 40])], ['all'], TIMES)['pages_sharing.mean']!
  assert.deepEqual([mean.lab, mean.kernel, mean.errorPercent], [30, 20, 50])
})

test('over time the error is the mean distance of the median curves in percent of the maximum of the kernel', () => {
  const replicates = [sharing([0, 10, 10], [10, 0, 20]), sharing([0, 10, 10], [10, 0, 20], 2)]
  assert.deepEqual(compare(replicates, ['all'], TIMES)['pages_sharing.overTime'], {
    lab: null,
    kernel: null,
    errorPercent: 50,
    labRange: null,
    kernelRange: null,
  })
})

test('nothing against nothing is no error; something against nothing is one without a percentage', () => {
  const both = compare([sharing([0, 0, 0], [0, 0, 0])], ['all'], TIMES)
  const lab = compare([sharing([0, 0, 1], [0, 0, 0])], ['all'], TIMES)
  const kernel = compare([sharing([0, 0, 0], [0, 0, 1])], ['all'], TIMES)
  for (const metric of [
    'pages_sharing',
    'pages_sharing.mean',
    'pages_sharing.overTime',
    'pages_sharing@all',
  ]) {
    assert.equal(both[metric]!.errorPercent, 0, metric)
    assert.equal(lab[metric]!.errorPercent, null, metric)
  }
  assert.equal(kernel.pages_sharing!.errorPercent, -100)
})

test('every name has its metric: each counter in the end, its mean, its curve, and at the end of each phase', () => {
  const run = [point(0, 'one', {}), point(2, 'two', {})]
  const metrics = compare([{ seed: 1, lab: run, kernel: run }], ['one', 'two'], TIMES)
  assert.deepEqual(Object.keys(metrics), metricNames(['one', 'two']))
  assert.equal(metricNames(['one', 'two']).length, 5 * COUNTERS.length)
})

const KNOWN = metricNames(['settle'])

test('a tolerance is a metric and a percentage', () => {
  assert.deepEqual(parseTolerance('pages_sharing=5', KNOWN), { metric: 'pages_sharing', percent: 5 })
  assert.deepEqual(parseTolerance('cow_breaks.mean=.5%', KNOWN), { metric: 'cow_breaks.mean', percent: 0.5 })
  assert.deepEqual(parseTolerance('full_scans@settle=0', KNOWN), { metric: 'full_scans@settle', percent: 0 })
})

for (const [text, says] of [
  ['pages_sharing', /--tolerance: expected METRIC=PERCENT such as pages_sharing=5, got "pages_sharing"/],
  ['pages_sharing=-5', /expected METRIC=PERCENT/],
  ['pages_sharing=much', /expected METRIC=PERCENT/],
  ['=5', /expected METRIC=PERCENT/],
  [
    'pages_sharng=5',
    /no metric is called "pages_sharng", did you mean pages_sharing\? known are pages_shared, /,
  ],
  ['pages_sharing@settel=5', /did you mean pages_sharing@settle\?/],
  ['x=5', /no metric is called "x"; known are pages_shared, .* \.mean, \.overTime or @PHASE/],
] as const) {
  test(`${text} is no tolerance`, () => {
    assert.throws(
      () => parseTolerance(text, KNOWN),
      (error) => error instanceof UserError && says.test(error.message),
    )
  })
}

test('beyond its tolerance is what is off by more, in either direction, and anything that should be 0', () => {
  const metrics = compare([sharing([0, 0, 90], [0, 0, 100])], ['all'], TIMES)
  const scenarios = [{ name: 'quick', metrics }]
  const verdict = (metric: string, percent: number) => exceeded([{ metric, percent }], scenarios)
  assert.deepEqual(verdict('pages_sharing', 10), [])
  assert.deepEqual(verdict('pages_sharing', 9.9), [
    'quick: pages_sharing is 10 % off (lab 90, kernel 100), 9.9 % are allowed',
  ])
  assert.deepEqual(verdict('pages_sharing.overTime', 2.4), [
    'quick: pages_sharing.overTime is 2.5 % off, 2.4 % are allowed',
  ])
  assert.deepEqual(verdict('pages_shared', 0), [])
  assert.deepEqual(verdict('pages_sharing@elsewhere', 0), [], 'a phase that this scenario has not')
  const fromNothing = [{ name: 'quick', metrics: compare([sharing([0, 0, 1], [0, 0, 0])], ['all'], TIMES) }]
  assert.deepEqual(exceeded([{ metric: 'pages_sharing', percent: 1e9 }], fromNothing), [
    'quick: pages_sharing is off from 0 (lab 1, kernel 0), 1000000000 % are allowed',
  ])
})

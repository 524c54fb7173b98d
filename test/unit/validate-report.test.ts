import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LineSeriesOption } from 'echarts/charts'
import {
  describeValidationChart,
  renderValidationChart,
  type ValidationChartData,
} from '../../src/report/validation-chart.js'
import { validationMarkdown } from '../../src/report/validation-report.js'
import { compare } from '../../src/validate/metrics.js'
import { runOf } from '../support/validation-runs.js'

function reportOf(replicates: number, lab: readonly number[], kernel: readonly number[]) {
  const seeds = Array.from({ length: replicates }, (_, index) => index + 1)
  const pairs = seeds.map((seed) => ({
    seed,
    lab: runOf('pages_sharing', lab),
    kernel: runOf('pages_sharing', kernel),
  }))
  const metrics = compare(pairs, ['all'], [0, 1])
  return {
    state: 'complete' as const,
    messages: [],
    scenarios: [{ name: 'quick', replicates, seeds, phases: ['all'], metrics }],
  }
}

test('a scenario has a table for the end of each phase and one over time, without what was always 0', () => {
  const lines = validationMarkdown(reportOf(1, [0, 12_345], [0, 10_000])).split('\n')
  assert.deepEqual(lines.slice(4), [
    '## quick: 1 replicate, seed 1',
    '',
    '| end of all    |    lab | kernel |    error |',
    '| ------------- | -----: | -----: | -------: |',
    '| pages_sharing | 12,345 | 10,000 | +23.45 % |',
    '',
    '| mean over time |   lab | kernel |    error | distance |',
    '| -------------- | ----: | -----: | -------: | -------: |',
    '| pages_sharing  | 6,173 |  5,000 | +23.45 % |  11.72 % |',
    '',
    "distance: how far the curves are apart in the mean over time, in percent of the kernel's maximum",
    '',
  ])
})

test('with replicates the spread is told, and what is off from 0 has no percentage', () => {
  const text = validationMarkdown(reportOf(2, [0, 3], [0, 0]))
  assert.match(text, /^## quick: 2 replicates, seeds 1, 2$/m)
  assert.match(text, /^\| pages_sharing \| +3 \| +0 \| +not 0 \| +3–3 \| +0–0 \|$/m)
})

test('where nothing ever happened there is no table', () => {
  assert.match(validationMarkdown(reportOf(1, [0, 0], [0, 0])), /^end of all: all counters are 0$/m)
})

test('what a reader must know stands above the tables', () => {
  const report = { ...reportOf(1, [0], [0]), state: 'partial' as const, messages: ['ended at its limit'] }
  assert.match(validationMarkdown(report), /^Partial: stopped .*\n\nNote: ended at its limit\n\n## quick/m)
})

const CURVES = {
  lab: [
    [0, 10],
    [0, 20],
    [0, 60],
  ],
  kernel: [
    [0, 20],
    [0, 30],
    [0, 40],
  ],
}
const CHART: ValidationChartData = {
  scenario: 'quick',
  times: [0, 600],
  panels: { pages_sharing: CURVES, pages_shared: CURVES, pages_unshared: CURVES },
  phases: [
    { name: 'boot', startSeconds: 0, endSeconds: 300 },
    { name: 'busy', startSeconds: 300, endSeconds: 600 },
  ],
}

test('a panel shows each replicate as a thin line and the median as a thick one', () => {
  const all = describeValidationChart(CHART).option.series as LineSeriesOption[]
  const series = all.filter(({ xAxisIndex }) => xAxisIndex === 0)
  const widths = series.map(({ lineStyle }) => lineStyle?.width)
  assert.equal(widths.filter((width) => width === 1).length, 6)
  const thick = series.filter(({ lineStyle }) => lineStyle?.width === 2.5)
  assert.deepEqual(
    thick.map(({ name, data }) => [name, data]),
    [
      [
        'kernel',
        [
          [0, 0],
          [10, 30],
        ],
      ],
      [
        'lab',
        [
          [0, 0],
          [10, 20],
        ],
      ],
    ],
  )
})

test('the drawing names counters, backends, phases and the unit of time', () => {
  const svg = renderValidationChart(CHART)
  for (const text of [
    'pages_sharing',
    'pages_shared',
    'pages_unshared',
    'lab',
    'kernel',
    'boot',
    'busy',
    'time (min)',
  ]) {
    assert.ok(svg.includes(`>${text}<`), text)
  }
  assert.equal(svg.split('>boot<').length, 2, 'phases are named once, above the first panel')
  assert.doesNotMatch(svg, /NaN|Infinity/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChartOption, ChartSeries } from '../../src/report/chart.js'
import { describeReasonsChart, renderReasonsChart } from '../../src/report/reasons-chart.js'
import { sampleRun } from '../support/sample-run.js'

const { plan, samples } = sampleRun(['a', 'b'])
const run = { scenario: plan.scenario, scale: plan.scale, samples, phases: [] }
const GIB_PAGES = 2 ** 18

function seriesOf(option: ChartOption): ChartSeries[] {
  return (option.series as ChartSeries[]).filter(({ name }) => name !== undefined)
}

test('what is saved and each reason are bands that lie on each other, in GiB at full size', () => {
  const bands = seriesOf(describeReasonsChart(run)).filter(({ stack }) => stack === 'bands')
  assert.deepEqual(
    bands.map(({ name }) => name),
    ['saved', 'second look', 'rate limited', 'starved', 'ineligible', 'salted apart'],
  )
  const { savedPages, notShared } = samples.at(-1)!
  const pages = [savedPages, ...Object.values(notShared!)]
  assert.deepEqual(
    bands.map(({ data }) => (data!.at(-1) as number[])[1]),
    pages.map((count) => (count / GIB_PAGES) * plan.scale.memory),
  )
})

test('what stores have broken is a line of its own', () => {
  const lines = seriesOf(describeReasonsChart(run)).filter(({ stack }) => stack === undefined)
  assert.deepEqual(
    lines.map(({ name, data }) => [name, (data!.at(-1) as number[])[1]]),
    [['broken by stores', (samples.at(-1)!.brokenPages! / GIB_PAGES) * plan.scale.memory]],
  )
  const unknown = samples.map((sample) => ({ ...sample, brokenPages: undefined }))
  const without = seriesOf(describeReasonsChart({ ...run, samples: unknown }))
  assert.deepEqual(
    without.filter(({ stack }) => stack === undefined),
    [],
  )
})

test('the drawing has its title, and no number that is none', () => {
  const svg = renderReasonsChart(run)
  assert.match(svg, /saved, and why the rest is not/)
  assert.doesNotMatch(svg, /NaN|Infinity/)
})

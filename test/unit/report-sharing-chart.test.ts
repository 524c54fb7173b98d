import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChartOption, ChartSeries } from '../../src/report/chart.js'
import { arrangePhaseNames } from '../../src/report/chart-phases.js'
import {
  describeSharingChart,
  renderSharingChart,
  type SharingChartData,
} from '../../src/report/sharing-chart.js'
import { sampleRun } from '../support/sample-run.js'

function chartData(guests: readonly string[], changes: Partial<SharingChartData> = {}): SharingChartData {
  const { plan, samples, phases } = sampleRun(guests)
  const spans = phases.map(({ name, start, end }) => ({
    name,
    startSeconds: start.timeSeconds,
    endSeconds: end.timeSeconds,
  }))
  return { scenario: plan.scenario, scale: plan.scale, guests, samples, phases: spans, ...changes }
}

function namedSeries(option: ChartOption): ChartSeries[] {
  return (option.series as ChartSeries[]).filter(({ name }) => name !== undefined)
}

function lastPoint(series: ChartSeries): number[] {
  return series.data!.at(-1) as number[]
}

function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!)
}

test('each guest is a band of the stack, in GiB at full size over minutes', () => {
  const data = chartData(['a', 'b'])
  const [a, b] = namedSeries(describeSharingChart(data))
  const end = data.samples.at(-1)!
  assert.deepEqual([a!.name, b!.name, a!.stack, b!.stack], ['a', 'b', 'bands', 'bands'])
  assert.deepEqual(lastPoint(b!), [120, (end.guests[1]!.sharedPages! / 256 / 1024) * 128])
})

test('footprint and opportunity are lines beside the stack', () => {
  const data = chartData(['a', 'b'])
  const lines = namedSeries(describeSharingChart(data)).filter(({ stack }) => stack === undefined)
  const end = data.samples.at(-1)!
  const fullSizeGiB = (pages: number) => (pages / 256 / 1024) * 128
  assert.deepEqual(
    lines.map((line) => lastPoint(line)[1]),
    [fullSizeGiB(end.footprintPages), fullSizeGiB(end.opportunityPages)],
  )
})

test('the drawing shows title, axes with units, phases and guests', () => {
  const texts = textsOf(renderSharingChart(chartData(['a', 'b'])))
  for (const text of ['case-study: memory shared by each guest', 'time (min)', 'memory (GiB)']) {
    assert.ok(texts.includes(text), text)
  }
  for (const text of ['warmup', 'idle', 'benchmark', 'a', 'b']) assert.ok(texts.includes(text), text)
})

test('64 guests are drawn as a few groups that hold all of their memory', () => {
  const guests = Array.from({ length: 64 }, (_, index) => `web-${index + 1}`)
  const data = chartData(guests)
  const bands = namedSeries(describeSharingChart(data)).filter(({ stack }) => stack === 'bands')
  assert.deepEqual(
    bands.map(({ name }) => name),
    ['web-1–10', 'web-11–20', 'web-21–30', 'web-31–40', 'web-41–50', 'web-51–60', 'web-61–64'],
  )
  const totalGiB = bands.reduce((sum, band) => sum + lastPoint(band)[1]!, 0)
  const expectedGiB = (data.samples.at(-1)!.sharedPages / 256 / 1024) * 128
  assert.ok(Math.abs(totalGiB - expectedGiB) < 1e-9 * expectedGiB)
})

test('a run of one sample is drawn as points, one of none as empty axes', () => {
  const { samples } = chartData(['a'])
  const one = renderSharingChart(chartData(['a'], { samples: samples.slice(0, 1), phases: [] }))
  const none = renderSharingChart(chartData(['a'], { samples: [], phases: [] }))
  for (const svg of [one, none]) {
    assert.match(svg, /^<svg/)
    assert.doesNotMatch(svg, /NaN|Infinity/)
  }
})

test('a long run keeps its first and last sample and is thinned between', () => {
  const [sample] = chartData(['a']).samples
  const samples = Array.from({ length: 50_000 }, (_, index) => ({ ...sample!, timeSeconds: index }))
  const [band] = namedSeries(describeSharingChart(chartData(['a'], { samples })))
  assert.equal(band!.data!.length, 1000)
  assert.deepEqual((band!.data![0] as number[])[0], 0)
  assert.ok(Math.abs(lastPoint(band!)[0]! - 49_999 / 3600) < 1e-9)
})

test('names of phases that would touch move up, and vanish only when no row is left', () => {
  const phases = ['one', 'two', 'three', 'four'].map((name, index) => ({
    name,
    startSeconds: index,
    endSeconds: index + 1,
  }))
  assert.deepEqual(arrangePhaseNames(phases, 200).rowOfPhase, [0, 0, 0, 0])
  assert.deepEqual(arrangePhaseNames(phases, 1).rowOfPhase, [0, 1, 2, undefined])
})

test('the drawing depends on its data alone: drawn again in the same process, it is the same', () => {
  const [one, other] = [0, 1].map(() => renderSharingChart(chartData(['a', 'b'])))
  assert.equal(one, other)
  const names = [...one!.matchAll(/(?:class="|#)(zr0-[a-z]+\d+|zr0-cls-\d+)/g)].map(([, name]) => name)
  assert.ok(new Set(names).size > 3)
})

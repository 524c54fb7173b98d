/** Charts of rates, of threads and of latencies over time, from counts that grow from sample to sample. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chartsOf } from '../../src/charts/charts.js'
import { drawCurves } from '../../src/charts/curves.js'
import { latencyOverTimeChart } from '../../src/charts/latency-over-time.js'
import { cowChart, scanChart } from '../../src/charts/rates.js'
import type { RunView } from '../../src/charts/run-view.js'
import { DARK, LIGHT } from '../../src/charts/theme.js'
import { threadsChart } from '../../src/charts/threads.js'
import { bucketStartNs, latencyBucketOf } from '../../src/measure/latency-buckets.js'
import { renderSvg } from '../../src/report/svg.js'
import { namedSeries, runView } from '../support/run-view.js'

const RUN = runView(['a', 'b'])

/** A run of three samples, 10 s apart. */
function shortRun(columns: Record<string, (number | null)[]>, changes: Partial<RunView> = {}): RunView {
  const series = { timeSeconds: [0, 10, 20], phase: ['p', 'p', 'q'], columns }
  const phases = ['p', 'q'].map((name, index) => ({
    name,
    measured: true,
    startSeconds: 10 * index,
    endSeconds: 10 * (index + 1),
  }))
  const scale = { memory: 4, time: 2 }
  return { ...RUN, scale, series, phases, latencyOverTime: null, ...changes }
}

function pointsOf(run: RunView, chart: typeof cowChart): Record<string, number[][]> {
  const { option } = drawCurves(run, LIGHT, chart(run))
  return Object.fromEntries(namedSeries(option).map(({ name, data }) => [name, data as number[][]]))
}

test('the rate of an interval stands at its end, at full size: all pages, in the scenario’s seconds', () => {
  const run = shortRun({ cowFaults: [5, 105, 105] })
  assert.deepEqual(pointsOf(run, cowChart), {
    'CoW faults': [
      [10, 40],
      [20, 0],
    ],
  })
  const { text } = drawCurves(run, LIGHT, cowChart(run))
  assert.match(
    text,
    /p \(0 to 10 s\): CoW faults 40 faults\/s on average, at most 40 faults\/s\. q .*: CoW faults 0 faults\/s throughout/,
  )
})

test('the scan rate stands at its decade, 0 at the lower end of the axis', () => {
  const points = pointsOf(shortRun({ scannedPages: [0, 250, 250], pagesAsked: [0, 2500, 5000] }), scanChart)
  assert.deepEqual(points, {
    'pages scanned': [
      [10, 2],
      [20, 2],
    ],
    'pages asked for': [
      [10, 3],
      [20, 3],
    ],
  })
})

test('what a scan is not asked for is not drawn', () => {
  const points = pointsOf(shortRun({ scannedPages: [0, 1, 2], pagesAsked: [null, null, null] }), scanChart)
  assert.deepEqual(Object.keys(points), ['pages scanned'])
})

test('threads: the guests’ and the scanners’ mean, and the reclaimer, in parts of their time', () => {
  const accounts = {
    a: [8, 0, 2],
    b: [0, 2, 8],
    'scanner-1': [10, 0, 0],
    'scanner-2': [5, 5, 0],
    reclaimer: [0, 0, 10],
  }
  const columns = Object.entries(accounts).flatMap(([thread, seconds]) =>
    ['cpuSeconds', 'waitingSeconds', 'asleepSeconds'].map((name, state) => [
      `${name}.${thread}`,
      [0, seconds[state]!, 2 * seconds[state]!],
    ]),
  )
  const run = shortRun(Object.fromEntries(columns), { threads: Object.keys(accounts) })
  const chart = threadsChart(run)
  assert.deepEqual(
    chart.panels.map(({ title, bands }) => [title, ...bands.map(({ values }) => values[1])]),
    [
      ['guests, mean of 2', 40, 10, 50],
      ['scanners, mean of 2', 75, 25, 0],
      ['reclaimer', 0, 0, 100],
    ],
  )
  const { text } = drawCurves(run, LIGHT, chart)
  assert.match(text, /guests, mean of 2 on a processor 40 % on average, at most 40 %/)
})

const [SHORT, LONG] = [latencyBucketOf(2000), latencyBucketOf(3e6)].map(bucketStartNs) as [number, number]

test('the heat map has every fault in the cell of its interval and its bucket', () => {
  const run = shortRun({}, { latencyOverTime: { bucketsNs: [SHORT, LONG], counts: [[1, 0], [2, 0], [40, 7]] } }) // biome-ignore format: a row a sample
  const { option, text } = latencyOverTimeChart(run, run.latencyOverTime!, LIGHT)
  const cells = namedSeries(option).flatMap(({ data }) => data as number[][])
  const endOf = (ns: number) => bucketStartNs(latencyBucketOf(ns) + 1)
  const log10 = (...latencies: number[]) => latencies.map((ns) => Math.log10(ns))
  assert.deepEqual(
    cells.map(([from, to, low, high, count]) => ({ from, to, latencies: [low, high], count })),
    [
      { from: 0, to: 10, latencies: log10(SHORT, endOf(SHORT)), count: 3 },
      { from: 10, to: 20, latencies: log10(LONG, endOf(LONG)), count: 7 },
      { from: 10, to: 20, latencies: log10(SHORT, endOf(SHORT)), count: 40 },
    ],
  )
  assert.match(
    text,
    /p \(0 to 10 s\): 3 faults, half of them below 2.05 µs, .* all below 2.05 µs\. q .*: 47 faults, .* all below 3.15 ms/,
  )
})

test('a cell of the heat map tells its time, its latencies and its faults', () => {
  const run = shortRun({}, { latencyOverTime: { bucketsNs: [SHORT, LONG], counts: [[1, 0], [0, 0], [4000, 0]] } }) // biome-ignore format: a row a sample
  const { option } = latencyOverTimeChart(run, run.latencyOverTime!, LIGHT)
  const texts = namedSeries(option).flatMap(({ data, tooltip }) => {
    const { formatter } = tooltip as { formatter: (cell: { dataIndex: number }) => string }
    return (data as unknown[]).map((_, dataIndex) => formatter({ dataIndex }))
  })
  assert(texts.includes('time 0.00 to 10.00 s<br>1.79 µs to 2.05 µs<br>1 fault'), texts.join())
  assert(texts.includes('time 10.00 to 20.00 s<br>1.79 µs to 2.05 µs<br>4,000 faults'), texts.join())
})

test('a long heat map adds samples up, and loses no fault', () => {
  const samples = 5000
  const counts = Array.from({ length: samples }, (_, index) => [index % 3, 1])
  const series = {
    timeSeconds: counts.map((_, index) => index),
    phase: counts.map(() => 'p'),
    columns: {},
  }
  const run = shortRun({}, { series })
  const { option } = latencyOverTimeChart(run, { bucketsNs: [SHORT, LONG], counts }, LIGHT)
  const cells = namedSeries(option).flatMap(({ data }) => data as number[][])
  assert(cells.length <= 2 * 161, `${cells.length}`)
  const drawn = cells.reduce((sum, cell) => sum + cell[4]!, 0)
  assert.equal(
    drawn,
    counts.flat().reduce((sum, count) => sum + count, 0),
  )
})

test('every run has its charts in the order of the report; those of what it does not have are left out', () => {
  const namesOf = (run: RunView) => chartsOf(run, LIGHT).map(({ name }) => name)
  const all = ['shared', 'reasons', 'scan', 'threads', 'cow', 'latency', 'latency-over-time']
  assert.deepEqual(namesOf({ ...RUN, threads: ['a', 'b', 'scanner', 'reclaimer'] }), all)
  assert.deepEqual(namesOf({ ...RUN, policy: 'ksm', latencyOverTime: null }), [
    'shared',
    'scan',
    'cow',
    'latency',
  ])
})

test('all charts over time have the same axis, so that they can be zoomed together', () => {
  const axes = chartsOf(RUN, LIGHT)
    .filter(({ isOverTime }) => isOverTime)
    .flatMap(({ option }) => option.xAxis as { min: number; max: number }[])
  assert(axes.length >= 5)
  for (const { min, max } of axes) assert.deepEqual([min, max], [0, axes[0]!.max])
})

test('all can be drawn of a run of one sample and of none, on both backgrounds, and have a text', () => {
  for (const length of [0, 1, 2]) {
    const run = runView(['a'], (samples) => samples.slice(0, length))
    for (const theme of [LIGHT, DARK]) {
      for (const chart of chartsOf({ ...run, threads: ['a', 'scanner', 'reclaimer'] }, theme)) {
        assert.doesNotMatch(renderSvg(chart), /NaN|Infinity|undefined/, chart.name)
        assert.doesNotMatch(chart.text, /NaN|Infinity|undefined/, chart.name)
        assert(chart.text.length > 20)
      }
    }
  }
})

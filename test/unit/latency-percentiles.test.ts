/** Latency curves: what is drawn is what was recorded, and what a study adds up is all of it. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { latencyChart } from '../../src/charts/latency.js'
import { drawPercentiles } from '../../src/charts/percentiles.js'
import { LIGHT } from '../../src/charts/theme.js'
import { type Latencies, latencyOf, mergedLatencies } from '../../src/measure/histograms.js'
import { LatencyCounts } from '../../src/measure/latency-counts.js'
import { latencyLog } from '../../src/report/latency.js'
import { renderSvg } from '../../src/report/svg.js'
import { cellsOf } from '../../src/study/design.js'
import { latenciesByLevel, latencyFigures, phasesAskedFor } from '../../src/study/latency.js'
import type { Factor } from '../../src/study/study.js'
import { studyDirectory } from '../support/studies.js'

function recorded(metric: string, valuesNs: readonly number[]) {
  const counts = new LatencyCounts()
  for (const value of valuesNs) counts.recordNs(value)
  return counts.take(metric)
}

function guestPhase(phase: string, service: readonly number[], fromIntended: readonly number[]) {
  return {
    guest: 'web',
    phase,
    startSeconds: 0,
    endSeconds: 1,
    startEpochMs: 0,
    endEpochMs: 1000,
    histograms: [recorded('cow', service), recorded('cow.fromIntended', fromIntended)],
  }
}

/** 1 to 2,000 µs. */
const VALUES = Array.from({ length: 2000 }, (_, index) => (index + 1) * 1000)

const nsAt = (latencies: Latencies, nines: number) =>
  latencies.curve().points.find((point) => point.nines === nines)?.ns

test('a curve has the percentiles of its histogram at 0, 1, 2 and 3 nines, and ends with its maximum', () => {
  const recording = recorded('cow', VALUES)
  const latencies = mergedLatencies([recording])
  const { p90, p99, p999, max } = latencyOf([recording])!
  assert.deepEqual([nsAt(latencies, 1), nsAt(latencies, 2), nsAt(latencies, 3)], [p90, p99, p999])
  assert.equal(nsAt(latencies, 0), 1000)
  assert.deepEqual(latencies.curve().points.at(-1), { nines: Math.log10(2000), ns: max })
  const all = latencies.curve().points.map(({ ns }) => ns)
  assert.deepEqual(
    all,
    all.toSorted((a, b) => a - b),
  )
})

test('a curve of one fault is a point; of none there is none', () => {
  assert.deepEqual(mergedLatencies([recorded('cow', [700])]).curve().points, [{ nines: 0, ns: 700 }])
  assert.deepEqual(mergedLatencies([]).curve(), { count: 0, points: [] })
})

test('a chart draws service time and time from intended start beside each other, on the same axes', () => {
  const curve = {
    name: 'busy',
    service: mergedLatencies([recorded('cow', [1000, 1000])]).curve(),
    fromIntended: mergedLatencies([recorded('cow.fromIntended', [1000, 1_000_000])]).curve(),
  }
  const { option } = drawPercentiles(LIGHT, {
    title: 't',
    subtext: '',
    rows: [{ title: 'busy', curves: [curve] }],
  })
  const [service, fromIntended] = (option.series as { data: number[][] }[]).map(({ data }) => data)
  assert.deepEqual(service!.at(-1), [Math.log10(2), 3])
  assert.deepEqual(fromIntended!.at(-1), [Math.log10(2), 6])
  const [left, right] = option.yAxis as { min: number; max: number }[]
  assert.deepEqual([left!.min, left!.max], [3, 6])
  assert.deepEqual([right!.min, right!.max], [3, 6])
})

const CURVE = mergedLatencies([recorded('cow', VALUES)]).curve()

test('the chart of a run has a curve for each phase with faults, and is one where there is none', () => {
  const latencies = [{ phase: 'busy', service: CURVE, fromIntended: CURVE }]
  const svg = renderSvg(latencyChart({ scenario: 'quick', latencies }, LIGHT))
  for (const label of [
    'busy',
    'service time',
    'time from intended start',
    '99.9',
    '1 ms',
    'percentile \\(%\\)',
  ])
    assert.match(svg, new RegExp(`>${label}<`))
  assert.match(renderSvg(latencyChart({ scenario: 'quick', latencies: [] }, LIGHT)), /none was timed/)
})

test('its text has the percentiles of both times, or of the one that is known', () => {
  const none = { count: 0, points: [] }
  const textOf = (fromIntended: typeof CURVE) =>
    latencyChart({ scenario: 'quick', latencies: [{ phase: 'busy', service: CURVE, fromIntended }] }, LIGHT)
      .text
  const half = CURVE.points.find(({ nines }) => nines >= Math.log10(2))!.ns
  assert.match(
    textOf(CURVE),
    /busy, 2,000 faults: .* 99 % within 1.98 ms \(1.98 ms\), the longest took 2 ms \(2 ms\)/,
  )
  assert.match(
    textOf(none),
    new RegExp(`half are done within ${(half / 1e6).toPrecision(3)} ms, .* longest took 2 ms\\.`),
  )
})

test('a study adds up the logs of all guests and runs at a level, and leaves phases without faults out', () => {
  const directory = studyDirectory()
  const factor = (name: string): Factor => ({
    name,
    unit: '',
    levels: ['low', 'high'].map((level) => ({ name: level, settings: {}, pathOf: () => [] })),
    amounts: undefined,
  })
  const factors = [factor('a'), factor('b')]
  // Cells: low low, low high, high low, high high; a fault more in each.
  const runs = [0, 1, 2, 3].map((cell) => {
    const path = join(directory, String(cell))
    mkdirSync(join(path, 'latency'), { recursive: true })
    for (const guest of ['web', 'db']) {
      const service = VALUES.slice(0, cell + 1)
      const log = latencyLog(guest, [
        guestPhase('idle', [], []),
        guestPhase('busy', service, [...service].fill(5e6)),
      ])
      writeFileSync(join(path, 'latency', `${guest}.hlog`), log)
    }
    return { cell, path }
  })
  const byLevel = latencyFigures(latenciesByLevel({ factors }, cellsOf({ factors }), ['idle', 'busy'], runs))
  assert.deepEqual(
    byLevel.map(({ phase, factor, level, latencyNs, fromIntendedNs }) => [
      `${phase} ${factor} ${level}`,
      latencyNs!.count,
      fromIntendedNs!.count,
    ]),
    [
      ['busy a low', 2 * (1 + 2), 6],
      ['busy a high', 2 * (3 + 4), 14],
      ['busy b low', 2 * (1 + 3), 8],
      ['busy b high', 2 * (2 + 4), 12],
    ],
  )
  for (const { latencyNs, fromIntendedNs } of byLevel) {
    assert(latencyNs!.max < 5000 && Math.abs(fromIntendedNs!.p50 - 5e6) < 5e3)
  }
})

test('a study charts the phases that its responses name, or else all that are measured', () => {
  const phases = ['settle', 'idle', 'busy'].map((name) => ({ name, measured: name !== 'settle' }))
  const response = (path: string) => ({ name: 'r', path, label: 'r', unit: '' })
  const asked = (...paths: string[]) => phasesAskedFor({ responses: paths.map(response) }, phases)
  assert.deepEqual(asked('phases.busy.captureRatio', 'phases.settle.savedMiB'), ['settle', 'busy'])
  assert.deepEqual(asked('memory.metadataBytesPerPage'), ['idle', 'busy'])
})

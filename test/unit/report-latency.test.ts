import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HistogramLogReader, listTags } from 'hdr-histogram-js'
import type { GuestPhaseHistograms } from '../../src/experiment/outcome.js'
import { LatencyCounts } from '../../src/measure/latency-counts.js'
import { faultPercentiles, latencyLog } from '../../src/report/latency.js'

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 600)

function encoded(metric: string, valuesNs: readonly number[]) {
  const histogram = new LatencyCounts()
  for (const value of valuesNs) histogram.recordNs(value)
  const result = histogram.take(metric)
  return result
}

function phases(): GuestPhaseHistograms[] {
  const common = { guest: 'web', startSeconds: 0, endSeconds: 0 }
  return [
    {
      ...common,
      phase: 'idle',
      startEpochMs: START_MS,
      endEpochMs: START_MS + 2500,
      histograms: [encoded('cow', [4000])],
    },
    {
      ...common,
      phase: 'benchmark',
      startEpochMs: START_MS + 2500,
      endEpochMs: START_MS + 10_000,
      histograms: [
        encoded('cow', [3500, 12_500_000]),
        encoded('cow.copy', [900]),
        encoded('store', [60, 70, 80]),
        encoded('swapIn', []),
      ],
    },
  ]
}

test('the log has a tag for each phase and metric', () => {
  assert.deepEqual(listTags(latencyLog('web', phases())), [
    'idle',
    'benchmark',
    'benchmark.cow.copy',
    'benchmark.store',
    'benchmark.swapIn',
  ])
})

test('the log reads back: counts, maxima and the times of each interval', () => {
  const reader = new HistogramLogReader(latencyLog('web', phases()))
  const read = []
  for (let entry = reader.nextIntervalHistogram(); entry; entry = reader.nextIntervalHistogram()) {
    const { tag, totalCount, maxValue, startTimeStampMsec, endTimeStampMsec } = entry
    read.push([
      tag,
      totalCount,
      maxValue,
      Math.round(startTimeStampMsec - START_MS),
      Math.round(endTimeStampMsec - START_MS),
    ])
  }
  assert.deepEqual(read.slice(0, 4), [
    ['idle', 1, 4001, 0, 2500],
    ['benchmark', 2, 12_500_991, 2500, 10_000],
    ['benchmark.cow.copy', 1, 900, 2500, 10_000],
    ['benchmark.store', 3, 80, 2500, 10_000],
  ])
  assert.equal(read[4]![1], 0)
})

test('Interval_Max is in ms, and the header says so', () => {
  const log = latencyLog('web', phases())
  assert.match(log, /^#.*Interval_Max is ms/m)
  assert.match(log, /^Tag=benchmark,2\.500,7\.500,12\.500,/m)
})

test('the percentile distribution is of copy-on-write faults only, over all phases given', () => {
  assert.match(faultPercentiles(phases()), /Total count\s+=\s+3\]/)
  assert.match(faultPercentiles(phases().slice(0, 1)), /Total count\s+=\s+1\]/)
})

test('a guest without faults or phases still gets its files', () => {
  assert.match(latencyLog('web', []), /StartTimestamp/)
  assert.match(faultPercentiles([]), /Total count\s+=\s+0\]/)
})

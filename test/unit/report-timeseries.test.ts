import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../../src/experiment/outcome.js'
import { timeSeriesHeader, timeSeriesLine } from '../../src/report/timeseries.js'
import { sampleRun } from '../support/sample-run.js'

const GUESTS = ['web', 'db']
const SAMPLE = sampleRun(GUESTS).samples[10]!

/** The line as a record, by the names of the header; fields here hold no commas. */
function fields(sample: Sample): Record<string, string> {
  const names = timeSeriesHeader(GUESTS, 'tps').trimEnd().split(',')
  const values = timeSeriesLine(sample).trimEnd().split(',')
  assert.equal(values.length, names.length)
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]))
}

test('every figure stands under its name, the guests last', () => {
  const row = fields(SAMPLE)
  assert.equal(row.timeSeconds, '600')
  assert.equal(row.phase, 'idle')
  assert.equal(row.sharedPages, String(SAMPLE.sharedPages))
  assert.equal(row.opportunityPages, String(SAMPLE.opportunityPages))
  assert.equal(row.scannedPages, String(SAMPLE.scan.pagesScanned))
  assert.equal(row.merges, String(SAMPLE.scan.merges))
  assert.equal(row.stores, String(SAMPLE.stores))
  assert.deepEqual(Object.keys(row).slice(-2), ['sharedPages.web', 'sharedPages.db'])
  assert.equal(row['sharedPages.db'], String(SAMPLE.guests[1]!.sharedPages))
})

test('times have three decimals at most, large counts no grouping and no exponent', () => {
  const row = fields({ ...SAMPLE, timeSeconds: 12.345678, stores: 1_234_567_890_123 })
  assert.equal(row.timeSeconds, '12.346')
  assert.equal(row.stores, '1234567890123')
})

test('what the host’s kernel does not tell of a scan or a guest is empty', () => {
  const { pagesScanned, passes, cpuSeconds, waitingSeconds } = SAMPLE.scan
  const guests = SAMPLE.guests.map((guest) => ({ ...guest, sharedPages: undefined }))
  const row = fields({ ...SAMPLE, scan: { pagesScanned, passes, cpuSeconds, waitingSeconds }, guests })
  assert.deepEqual([row.pagesAsked, row.merges, row['sharedPages.db']], ['', '', ''])
  assert.deepEqual([row.scannedPages, row.passes], [String(pagesScanned), String(passes)])
})

test('what the kernel does not account for, and a snapshot that is not, are empty', () => {
  const scan = { ...SAMPLE.scan, cpuSeconds: undefined, waitingSeconds: undefined }
  const row = fields({ ...SAMPLE, scan })
  assert.equal(row.scannerCpuSeconds, '')
  assert.equal(row.scannerWaitingSeconds, '')
  assert.equal(row.snapshot, '')
})

test('the capture ratio stands in every line, empty when nothing could be saved', () => {
  const ratio = Number(fields({ ...SAMPLE, savedPages: 1, opportunityPages: 3 }).captureRatio)
  assert.equal(ratio, 0.3333)
  assert.equal(fields({ ...SAMPLE, savedPages: 0, opportunityPages: 0 }).captureRatio, '')
})

test('snapshot 0 is a snapshot', () => {
  assert.equal(fields({ ...SAMPLE, snapshot: 0 }).snapshot, '0')
})

test('a phase with a comma or quote stays one field', () => {
  assert.match(timeSeriesLine({ ...SAMPLE, phase: 'a, "b"' }), /^600,"a, ""b""",/)
})

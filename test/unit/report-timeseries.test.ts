import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '../../src/experiment/outcome.js'
import { timeSeriesHeader, timeSeriesLine } from '../../src/report/timeseries.js'
import { sampleRun } from '../support/sample-run.js'

const GUESTS = ['web', 'db']
const SAMPLE = sampleRun(GUESTS).samples[10]!

/** The line as a record, by the names of the header; fields here hold no commas. */
function fields(sample: Sample): Record<string, string> {
  const names = timeSeriesHeader(GUESTS, 'tps', []).trimEnd().split(',')
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
  const counters = ['sharedPages', 'savedPages', 'zeroPages', 'cowHintPages']
  assert.deepEqual(
    Object.keys(row).slice(-2 * counters.length),
    counters.flatMap((counter) => GUESTS.map((guest) => `${counter}.${guest}`)),
  )
  const { savedPages, zeroPages, cowHintPages } = SAMPLE.guests[1]!
  assert.deepEqual(
    [Number(row['savedPages.db']), row['zeroPages.db'], row['cowHintPages.db']],
    [Number(savedPages!.toFixed(3)), String(zeroPages), String(cowHintPages)],
  )
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

const THREAD = {
  ...{ cpuSeconds: 1.23456, waitingSeconds: 0.5, asleepSeconds: 2 },
  ...{ slices: 70, voluntarySwitches: 40, involuntarySwitches: 30 },
}
const HOST = {
  processors: [0, 2],
  run: { busy: 3, idle: 4.25, stolen: 0.1 },
  whole: { busy: 5, idle: 6, stolen: 0.2 },
}

/** The last fields, by the names of a header with threads. */
function accounts(sample: Sample): Record<string, string> {
  const names = timeSeriesHeader(GUESTS, 'tps', ['web', 'scanner']).trimEnd().split(',')
  const values = timeSeriesLine(sample).replace(/\n$/, '').split(',')
  assert.equal(values.length, names.length)
  const first = names.indexOf('cowHintPages.db') + 1
  return Object.fromEntries(names.slice(first).map((name, index) => [name, values[first + index]!]))
}

test('processors and threads stand last, by name, in seconds and counts', () => {
  assert.deepEqual(accounts({ ...SAMPLE, threads: [THREAD, undefined], host: HOST }), {
    ...{ runBusySeconds: '3', runIdleSeconds: '4.25', runStolenSeconds: '0.1' },
    ...{ hostBusySeconds: '5', hostIdleSeconds: '6', hostStolenSeconds: '0.2' },
    ...{ 'cpuSeconds.web': '1.235', 'waitingSeconds.web': '0.5', 'asleepSeconds.web': '2' },
    ...{ 'slices.web': '70', 'voluntarySwitches.web': '40', 'involuntarySwitches.web': '30' },
    ...{ 'cpuSeconds.scanner': '', 'waitingSeconds.scanner': '', 'asleepSeconds.scanner': '' },
    ...{ 'slices.scanner': '', 'voluntarySwitches.scanner': '', 'involuntarySwitches.scanner': '' },
  })
})

test('where the system tells nothing of them, their fields are empty', () => {
  const values = Object.values(accounts({ ...SAMPLE, threads: [undefined, undefined] }))
  assert.deepEqual(values, new Array(6 + 2 * 6).fill(''))
})

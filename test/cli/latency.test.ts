/** The latency files of a run, read with the tools that others use for them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { type Histogram, HistogramLogReader } from 'hdr-histogram-js'
import type { Summary } from '../../src/experiment/outcome.js'
import { readSummary, readTimeSeries, runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'

const GUESTS = ['guest-1', 'guest-2']
const PHASES = ['settle', 'idle', 'busy']
/** Besides the whole fault, which its phase alone names. */
const PARTS = ['lock', 'allocation', 'copy', 'remap', 'store']
const METRICS = [
  'cow.fromIntended',
  ...PARTS.map((part) => `cow.${part}`),
  'store',
  'store.page',
  'swapIn',
  'stall',
]

const phaseOf = (name: string) => summary.phases.find((phase) => phase.name === name)!
const cwd = temporaryDirectory()
const directory = join(cwd, 'out')
const read = (name: string) => readFileSync(join(directory, 'latency', name), 'utf8')
let summary: Summary
let logs: Map<string, Histogram>[]

before(async () => {
  const settings = smallQuick({
    'guests.0.memory': '4MiB',
    'phases.1.duration': '200ms',
    'phases.2.duration': '500ms',
  })
  const { code, stderr } = await runTwinpage(['run', 'quick', '--out', 'out', ...settings], { cwd })
  assert.equal(code, 0, stderr)
  summary = readSummary(directory)
  logs = GUESTS.map((guest) => histogramsByTag(read(`${guest}.hlog`)))
})

function histogramsByTag(log: string): Map<string, Histogram> {
  const reader = new HistogramLogReader(log)
  const histograms = new Map<string, Histogram>()
  for (let next = reader.nextIntervalHistogram(); next; next = reader.nextIntervalHistogram()) {
    assert.equal(histograms.has(next.tag), false, `one line for ${next.tag}`)
    histograms.set(next.tag, next as Histogram)
  }
  return histograms
}

test('each guest’s log loads and is tagged by phase, and by phase and metric', () => {
  for (const log of logs) {
    for (const phase of PHASES) {
      assert(log.has(phase), phase)
      for (const metric of METRICS) assert(log.has(`${phase}.${metric}`), `${phase}.${metric}`)
    }
  }
})

test('intervals follow each other in time, none before its start', () => {
  for (const log of logs) {
    let before = 0
    for (const phase of PHASES) {
      const { startTimeStampMsec, endTimeStampMsec } = log.get(phase)!
      assert(before <= startTimeStampMsec && startTimeStampMsec <= endTimeStampMsec, phase)
      before = startTimeStampMsec
    }
  }
})

test('every fault is in the log, and some of them with all of their parts', () => {
  for (const log of logs) {
    for (const phase of PHASES) {
      const { totalCount } = log.get(phase)!
      const [timed, ...others] = PARTS.map((part) => log.get(`${phase}.cow.${part}`)!.totalCount)
      for (const other of others) assert.equal(other, timed, phase)
      assert(timed! <= totalCount && timed! > 0 === totalCount > 0, `${phase}: ${timed} of ${totalCount}`)
    }
  }
  const logged = logs.flatMap((log) => PHASES.map((phase) => log.get(phase)!.totalCount))
  const counted = Number(readTimeSeries(directory).rows.at(-1)!.cowFaults)
  const total = logged.reduce((sum, count) => sum + count, 0)
  assert(counted > 0)
  // The last sample is taken just before the guests stop: a fault or two may come after it.
  assert(total >= counted, `${total} logged, ${counted} counted`)
})

test('the parts of a fault are shorter than the whole; stores without a fault are there to compare', () => {
  for (const log of logs) {
    const whole = log.get('busy')!
    for (const part of PARTS) {
      assert(log.get(`busy.cow.${part}`)!.maxValue <= whole.maxValue, part)
    }
    assert(log.get('busy.store')!.totalCount > 0)
  }
})

test('each fault is logged from its intended start too, and no quicker than its service time', () => {
  for (const log of logs) {
    for (const phase of PHASES) {
      const [service, fromIntended] = [log.get(phase)!, log.get(`${phase}.cow.fromIntended`)!]
      assert.equal(fromIntended.totalCount, service.totalCount, phase)
      for (const percent of [50, 90, 99, 100])
        assert(fromIntended.getValueAtPercentile(percent) >= service.getValueAtPercentile(percent))
    }
  }
  const { latencyNs, fromIntendedNs } = phaseOf('busy').cow
  assert.equal(fromIntendedNs!.count, latencyNs!.count)
  assert.match(readFileSync(join(directory, 'figures/latency.svg'), 'utf8'), />busy</)
})

test('a summary’s percentiles are those of its guests’ logs', () => {
  const merged = logs[0]!.get('busy')!
  merged.add(logs[1]!.get('busy')!)
  const { count, p50, p99, max } = phaseOf('busy').cow.latencyNs!
  assert.equal(count, merged.totalCount)
  assert.equal(p50, Math.min(merged.getValueAtPercentile(50), max))
  assert.equal(p99, Math.min(merged.getValueAtPercentile(99), max))
})

test('each .hgrm counts the faults of the measured phases, without the warm-up', () => {
  assert.deepEqual(
    PHASES.map((phase) => phaseOf(phase).measured),
    [false, true, true],
  )
  for (const guest of GUESTS) {
    const [, count] = /Total count\s+=\s+(\d+)\]/.exec(read(`${guest}.hgrm`)) ?? []
    const log = histogramsByTag(read(`${guest}.hlog`))
    assert.equal(Number(count), log.get('idle')!.totalCount + log.get('busy')!.totalCount, guest)
  }
})

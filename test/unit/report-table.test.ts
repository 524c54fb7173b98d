import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PhaseSummary, Summary } from '../../src/experiment/outcome.js'
import type { LatencyNs } from '../../src/measure/histograms.js'
import { columnsOf } from '../../src/report/columns.js'
import { summarize } from '../../src/report/summary.js'
import { summaryTable } from '../../src/report/table.js'
import { sampleRun } from '../support/sample-run.js'

const INTACT = { pagesVerified: 65_536, mismatches: 0, leakedFrames: 0, violations: 0, findings: [] }

function summary(changes: Partial<Summary> = {}): Summary {
  const run = sampleRun(['a', 'b', 'c', 'd'])
  const input = {
    plan: run.plan,
    state: 'complete' as const,
    messages: [],
    phases: run.phases,
    histograms: [],
  }
  const facts = {
    integrity: INTACT,
    contentDigests: ['', '', '', ''],
    clockCostNs: 53,
    memory: { metadataBytesPerPage: 24, swapIsDirect: null },
  }
  return { ...summarize({ ...input, ...facts }), ...changes }
}

function withFirstPhase(change: (phase: PhaseSummary) => Partial<PhaseSummary>): Summary {
  const { phases } = summary()
  return summary({ phases: [{ ...phases[0]!, ...change(phases[0]!) }, ...phases.slice(1)] })
}

function rowOf(text: string, phase: string, occurrence: number): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith(phase))
  return rows[occurrence]!.split(/\s{2,}|\s(?=\d)/)
}

test('says which run it was and that memory is at full size', () => {
  const text = summaryTable(summary())
  assert.match(text, /^case-study: seed 42, complete, scale: memory 1\/128, time 1\/128\n/)
  assert.match(text, /in GiB at full size/)
})

test('says so if it was the kernel, and not the lab', () => {
  assert.match(summaryTable(summary({ backend: 'linux-ksm' })), /: seed 42, complete, on linux-ksm, scale: /)
})

test('says how many scanners there were, if several, and the times of each on average', () => {
  const text = summaryTable(summary({ scanners: 2 }))
  assert.match(text, /: seed 42, complete, 2 scanners, scale: /)
  const shares = (text: string) =>
    [
      ...rowOf(text, 'idle', 1)
        .join(' ')
        .matchAll(/([\d.]+) %/g),
    ].map(([, share]) => Number(share))
  const [cpu, waits] = shares(summaryTable(summary()))
  assert.deepEqual(shares(text), [cpu! / 2, waits! / 2])
})

test('a row of memory shows the figures at full size', () => {
  const { fullSize } = summary().phases[1]!
  const [, shared, common, saved, opportunity, , footprint] = rowOf(summaryTable(summary()), 'idle', 0)
  const shown = { shared, common, saved, opportunity, footprint }
  assert.deepEqual(shown, {
    shared: (fullSize.sharedMiB / 1024).toFixed(2),
    common: (fullSize.sharedCommonMiB / 1024).toFixed(2),
    saved: (fullSize.savedMiB / 1024).toFixed(2),
    opportunity: (fullSize.opportunityMiB / 1024).toFixed(2),
    footprint: (fullSize.footprintMiB / 1024).toFixed(2),
  })
})

test('policy ksm has a block of its counters, and tps has none', () => {
  assert.doesNotMatch(summaryTable(summary()), /KSM/)
  const ksm = {
    pages_shared: 11,
    pages_sharing: 22,
    pages_unshared: 33,
    pages_volatile: 44,
    pages_scanned: 500,
    pages_skipped: undefined,
    full_scans: 6,
    ksm_zero_pages: 77,
    general_profit: 3 * 2 ** 19,
    pages_to_scan: 100,
    cow_ksm: undefined,
  }
  const { phases } = summary()
  const first = { ...phases[0]!, ksm }
  const text = summaryTable(summary({ policy: 'ksm', phases: [first, ...phases.slice(1)] }))
  assert.deepEqual(rowOf(text, first.name, 2).slice(1), ['11', '22', '33', '44', '77', '6', '1.50'])
  assert(text.split('\n').every((line) => line.length <= 80))
})

test('the scanner is charged its share of wall time, asked and achieved rates side by side', () => {
  const row = rowOf(summaryTable(summary()), 'benchmark', 1)
  assert.deepEqual(row.slice(1, 7), ['205k', '1.28k', '1.60k', '2', '10.0 %', '1.0 %'])
})

test('latencies are in µs, and a dash where there are none', () => {
  const latencyNs: LatencyNs = { count: 9, p50: 3600, p90: 5000, p99: 21_500, p999: 99_999, max: 100_000 }
  const text = summaryTable(withFirstPhase(({ cow }) => ({ cow: { ...cow, latencyNs } })))
  assert.match(text, /^warmup .* 3\.60 +21\.5$/m)
  assert.match(text, /^idle .* - +-$/m)
})

test('a small lab reads in MiB', () => {
  assert.match(summaryTable(summary({ phases: [] })), /in MiB at full size/)
})

test('columns keep their places and 80 columns suffice, whatever the figures and names', () => {
  const huge = withFirstPhase((phase) => ({
    name: 'a-phase-with-a-name-that-never-ends',
    fullSize: { ...phase.fullSize, sharedMiB: 123_456_789, opportunityMiB: 99_999_999 },
    stores: { count: 1, perSecond: 999_999 },
    scan: { ...phase.scan, pagesPerSecond: 123_456_789, cpuSeconds: phase.endSeconds / 128 },
  }))
  const changes = {
    scenario: 'a-scenario-'.repeat(9),
    messages: ['a long message goes on and on '.repeat(8)],
    integrity: { ...INTACT, violations: 1, findings: ['guest a, PPN 17: holds other bytes '.repeat(4)] },
  }
  const lines = summaryTable({ ...huge, ...changes }).split('\n')
  for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`)
  const table = lines.filter((line) => /^(phase|a-phas|idle|benchmark)/.test(line))
  assert.equal(new Set(table.slice(0, 4).map(({ length }) => length)).size, 1)
  assert.equal(new Set(table.slice(4).map(({ length }) => length)).size, 1)
})

test('counts of KSM have a column of room each, and a name of wide letters keeps to the width', () => {
  const count = 1_234_567_890
  const ksm = {
    pages_shared: count,
    pages_sharing: count,
    pages_unshared: count,
    pages_volatile: count,
    pages_scanned: count,
    pages_skipped: count,
    full_scans: count,
    ksm_zero_pages: count,
    general_profit: -count * 4096,
    pages_to_scan: count,
    cow_ksm: count,
  }
  const changed = withFirstPhase(() => ({ ksm }))
  const lines = summaryTable({ ...changed, policy: 'ksm', scenario: '页'.repeat(60) }).split('\n')
  for (const line of lines) assert(columnsOf(line) <= 80, `${columnsOf(line)}: ${line}`)
  const row = lines.findLast((line) => line.startsWith('warmup'))!
  assert.deepEqual(row.match(/ 1\.23G/g)?.length, 6)
})

test('a broken run says so, with its findings', () => {
  const integrity = { ...INTACT, mismatches: 2, findings: ['guest a, PPN 17: holds other bytes'] }
  const text = summaryTable(summary({ state: 'failed', integrity, messages: ['the scanner died'] }))
  assert.match(text, /seed 42, failed/)
  assert.match(text, /^Integrity BROKEN: 65536 pages verified, 2 mismatches, 0 leaks, 0 violations$/m)
  assert.match(text, /^- guest a, PPN 17: holds other bytes$/m)
  assert.match(text, /^Note: the scanner died$/m)
})

test('frames that nobody looked at are not said to be intact, nor broken', () => {
  const integrity = { ...INTACT, leakedFrames: null, violations: null }
  const text = summaryTable(summary({ integrity }))
  assert.match(text, /^Integrity ok: 65536 pages verified, 0 mismatches, frames not audited$/m)
})

test('what a scanner keeps no account of is a dash', () => {
  const text = summaryTable(withFirstPhase(({ scan }) => ({ scan: { ...scan, pagesAskedPerSecond: null } })))
  assert.match(text, /^warmup +\S+ +\S+ +- /m)
})

test('states the cost of metadata and of the clock', () => {
  const text = summaryTable(summary())
  assert.match(text, /^Metadata: 24\.0 bytes for each page, 0\.59 % of memory$/m)
  assert.match(text, /a reading of the clock, 53 ns/)
})

test('says how busy the run’s processors were in each phase, where the system tells', () => {
  const host = { processors: [0, 2], utilisation: 0.4567, stolen: 0, whole: { utilisation: 0.3, stolen: 0 } }
  const text = summaryTable(withFirstPhase(() => ({ host })))
  assert.match(text, /^The run's 2 processors were busy: warmup 45\.7 %$/m)
  const one = summaryTable(withFirstPhase(() => ({ host: { ...host, processors: [5] } })))
  assert.match(one, /^The run's processor 5 was busy: warmup 45\.7 %$/m)
  assert.doesNotMatch(summaryTable(summary()), /busy:/)
})

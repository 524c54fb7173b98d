import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuestPhaseHistograms, PhaseSummary, Sample } from '../../src/experiment/outcome.js'
import { LatencyCounts } from '../../src/measure/latency-counts.js'
import { type SummaryInput, summarize } from '../../src/report/summary.js'
import type { TpsPlan } from '../../src/scenario/plan.js'
import { PAGES_PER_GUEST, sampleRun } from '../support/sample-run.js'

const GUESTS = ['web', 'db']
const RUN = sampleRun(GUESTS)

const KSM = {
  pages_shared: 0,
  pages_sharing: 0,
  pages_unshared: 0,
  pages_volatile: 0,
  pages_scanned: 0,
  pages_skipped: 0,
  full_scans: 0,
  ksm_zero_pages: 0,
  general_profit: 0,
  pages_to_scan: 100,
}

function input(changes: Partial<SummaryInput> = {}): SummaryInput {
  return {
    plan: RUN.plan,
    state: 'complete',
    messages: [],
    phases: RUN.phases,
    histograms: [],
    integrity: { pagesVerified: 32_768, mismatches: 0, leakedFrames: 0, violations: 0, findings: [] },
    contentDigests: ['aa', 'bb'],
    clockCostNs: 50,
    memory: { metadataBytesPerPage: 24, swapIsDirect: null },
    ...changes,
  }
}

function recorded(guest: string, phase: string, metric: string, valueNs: number): GuestPhaseHistograms {
  const histogram = new LatencyCounts()
  histogram.recordNs(valueNs)
  const times = { startSeconds: 0, endSeconds: 1, startEpochMs: 0, endEpochMs: 1 }
  return { guest, phase, ...times, histograms: [histogram.take(metric)] }
}

test('on the host’s kernel: its count of breaks over the phase, and null for what it does not tell', () => {
  const [warmup, ...others] = RUN.phases
  const onLinux = (sample: Sample, cow_ksm: number, zeroPageFaults: number): Sample => ({
    ...sample,
    scan: { pagesScanned: 7, passes: 1, cpuSeconds: 1, waitingSeconds: 1 },
    ksm: { ...KSM, cow_ksm },
    linux: { zeroPageFaults, ksm_stat: undefined },
    guests: sample.guests.map((guest) => ({ ...guest, savedPages: undefined })),
  })
  const phase = { ...warmup!, start: onLinux(warmup!.start, 40, 3), end: onLinux(warmup!.end, 100, 10) }
  const { phases } = summarize(input({ phases: [phase, ...others] }))
  assert.deepEqual(phases[0]!.linux, { cow_ksm: 60, zeroPageFaults: 7, ksm_stat: null })
  assert.deepEqual([phases[0]!.scan.merges, phases[0]!.scan.pagesAskedPerSecond], [null, null])
  assert.equal(phases[0]!.guests.db!.savedMiB, null)
  assert.equal(phases[1]!.linux, undefined)
})

test('memory is that at the end of the phase, in MiB of the scaled memory', () => {
  const idle = summarize(input()).phases[1]!
  const end = RUN.phases[1]!.end
  assert.equal(idle.sharedMiB, end.sharedPages / 256)
  assert.equal(idle.footprintMiB, end.footprintPages / 256)
  assert.equal(idle.guests.db!.sharedMiB, end.guests[1]!.sharedPages! / 256)
})

test('full size is the scaled memory times its scale, figure by figure', () => {
  const idle = summarize(input()).phases[1]!
  for (const [name, value] of Object.entries(idle.fullSize)) {
    assert.equal(value, idle[name as keyof typeof idle.fullSize] * 128, name)
  }
})

test('counts are those of the phase, rates are per second of wall time', () => {
  const benchmark = summarize(input()).phases[2]!
  const scenarioSeconds = 4800
  assert.equal(benchmark.scan.pagesScanned, scenarioSeconds * 10)
  assert.equal(benchmark.scan.pagesPerSecond, 10 * 128)
  assert.equal(benchmark.scan.pagesAskedPerSecond, 12.5 * 128)
  assert.deepEqual(benchmark.stores, { count: scenarioSeconds * 400 * 2, perSecond: 800 * 128 })
  assert.equal(benchmark.cow.faultsPerSecond, 2 * 2 * 128)
  assert.equal(benchmark.guests.web!.cow.faultsPerSecond, 2 * 128)
})

test('the capture ratio is what was saved of what could be, null when that was nothing', () => {
  const phase = RUN.phases[1]!
  const none = { ...phase, end: { ...phase.end, opportunityPages: 0, savedPages: 0 } }
  const [some, nothing] = summarize(input({ phases: [phase, none] })).phases
  assert.equal(some!.captureRatio, phase.end.savedPages / phase.end.opportunityPages)
  assert.equal(nothing!.captureRatio, null)
})

test('a phase that took no time has rates of zero', () => {
  const { start } = RUN.phases[1]!
  const [phase] = summarize(input({ phases: [{ name: 'idle', measured: true, start, end: start }] })).phases
  assert.equal(phase!.stores.perSecond, 0)
  assert.equal(phase!.scan.pagesPerSecond, 0)
})

test('the scanner is on a processor, waiting for one or asleep: together, all of the phase', () => {
  const { scan } = summarize(input()).phases[2]!
  const wallSeconds = 4800 / 128
  assert.equal(scan.cpuSeconds! + scan.waitingSeconds! + scan.asleepSeconds!, wallSeconds)
})

test('of two scanners the times are of two threads', () => {
  const scanner = { ...RUN.plan.scanner, count: 2 } as TpsPlan
  const summary = summarize(input({ plan: { ...RUN.plan, scanner } }))
  assert.equal(summary.scanners, 2)
  const { scan } = summary.phases[2]!
  assert.equal(scan.cpuSeconds! + scan.waitingSeconds! + scan.asleepSeconds!, (2 * 4800) / 128)
})

test('processor time that the kernel does not tell is null, not zero', () => {
  const phase = RUN.phases[1]!
  const end = { ...phase.end, scan: { ...phase.end.scan, cpuSeconds: undefined } }
  const [summary] = summarize(input({ phases: [{ ...phase, end }] })).phases
  assert.equal(summary!.scan.cpuSeconds, null)
  assert.equal(summary!.scan.asleepSeconds, null)
  assert.equal(summary!.scan.waitingSeconds, 1800 / 12_800)
})

test('latencies are those of their phase, their metric, and all guests or one', () => {
  const histograms = [
    recorded('web', 'idle', 'cow', 1000),
    recorded('db', 'idle', 'cow', 2000),
    recorded('db', 'idle', 'swapIn', 500),
    recorded('web', 'benchmark', 'cow', 9000),
    recorded('web', 'idle', 'cow.copy', 30),
  ]
  const [warmup, idle] = summarize(input({ histograms })).phases
  assert.equal(warmup!.cow.latencyNs, null)
  assert.equal(idle!.cow.latencyNs?.count, 2)
  assert.equal(idle!.cow.latencyNs?.max, 2000)
  assert.equal(idle!.guests.web!.cow.latencyNs?.max, 1000)
  assert.equal(idle!.swap.latencyNs?.max, 500)
})

test('guests are named with their memory and the digest of what they hold', () => {
  assert.deepEqual(summarize(input()).guests[1], {
    name: 'db',
    memoryMiB: PAGES_PER_GUEST / 256,
    contentDigest: 'bb',
  })
})

/** A sample with the accounts of `web` and the reclaimer, and none of the others. */
function accounted(sample: Sample, cpuSeconds: number, waitingSeconds: number, busy: number): Sample {
  const thread = {
    ...{ cpuSeconds, waitingSeconds, asleepSeconds: 0 },
    ...{ slices: 10 * cpuSeconds, voluntarySwitches: 7 * cpuSeconds, involuntarySwitches: 3 * cpuSeconds },
  }
  const whole = { busy: 2 * busy, idle: 10 * busy, stolen: 4 * busy }
  const host = { processors: [0, 2], run: { busy, idle: 2 * busy, stolen: busy }, whole }
  return { ...sample, threads: [thread, undefined, undefined, thread], host }
}

test('threads are named, with their time and switches over the phase; of those that are not known there is nothing', () => {
  const phase = RUN.phases[2]!
  const wallSeconds = 4800 / 128
  const over = { start: accounted(phase.start, 1, 2, 10), end: accounted(phase.end, 11, 5, 30) }
  const [{ threads, host }] = summarize(input({ phases: [{ ...phase, ...over }] })).phases as [PhaseSummary]
  assert.deepEqual(Object.keys(threads!), ['web', 'reclaimer'])
  assert.deepEqual(threads!.web, {
    ...{ cpuSeconds: 10, waitingSeconds: 3, asleepSeconds: wallSeconds - 13 },
    ...{ slices: 100, voluntarySwitches: 70, involuntarySwitches: 30 },
  })
  assert.deepEqual(host, {
    processors: [0, 2],
    ...{ utilisation: 0.25, stolen: 0.25 },
    whole: { utilisation: 2 / 16, stolen: 4 / 16 },
  })
})

test('a wait that began before the phase leaves no time asleep, and not less than none', () => {
  const phase = RUN.phases[2]!
  const over = { start: accounted(phase.start, 1, 2, 10), end: accounted(phase.end, 2, 90, 10) }
  const [{ threads, host }] = summarize(input({ phases: [{ ...phase, ...over }] })).phases as [PhaseSummary]
  assert.equal(threads!.web!.asleepSeconds, 0)
  assert.deepEqual([host!.utilisation, host!.whole.stolen], [null, null], 'no time of processors passed')
})

test('where the system tells nothing of threads and processors, there is nothing', () => {
  const [phase] = summarize(input()).phases
  assert(!('threads' in phase!) && !('host' in phase!))
})

test('every figure survives JSON: none is missing, infinite or not a number', () => {
  const summary = summarize(input())
  assert.deepEqual(JSON.parse(JSON.stringify(summary)), summary)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PhaseSummary, Summary } from '../../src/experiment/outcome.js'
import { answerOf } from '../../src/report/answer.js'

interface Made {
  name: string
  savedMiB: number
  opportunityMiB: number
  measured?: boolean
  notShared?: Partial<NonNullable<PhaseSummary['notShared']>> | null
  scan?: Partial<PhaseSummary['scan']>
  cow?: Partial<PhaseSummary['cow']>
}

/** Phases of 100 scenario seconds, 10 of the run, at full size ten times as large as the run. */
function summaryOf(phases: readonly Made[], engine: Summary['engine'] = 'threads'): Summary {
  return {
    scale: { memory: 10, time: 10 },
    engine,
    scanners: 1,
    phases: phases.map((made, index) => ({
      name: made.name,
      measured: made.measured ?? true,
      startSeconds: 100 * index,
      endSeconds: 100 * (index + 1),
      captureRatio: made.opportunityMiB === 0 ? null : made.savedMiB / made.opportunityMiB,
      fullSize: { savedMiB: made.savedMiB, opportunityMiB: made.opportunityMiB },
      notShared: made.notShared === null ? null : { ...NO_REASONS, ...made.notShared },
      scan: {
        pagesPerSecond: 50,
        pagesAskedPerSecond: 60,
        cpuSeconds: 1,
        waitingSeconds: 0.25,
        ...made.scan,
      },
      cow: { faults: 0, faultsPerSecond: 0, latencyNs: null, ...made.cow },
    })),
  } as unknown as Summary
}

const NO_REASONS = { secondLookMiB: 0, rateLimitedMiB: 0, starvedMiB: 0, ineligibleMiB: 0, saltedMiB: 0 }

test('what fell is divided into lost opportunity and lost capture', () => {
  const [shared, fell, missing] = answerOf(
    summaryOf([
      { name: 'idle', savedMiB: 1000, opportunityMiB: 1000 },
      {
        name: 'busy',
        savedMiB: 200,
        opportunityMiB: 400,
        notShared: { rateLimitedMiB: 5, starvedMiB: 15 },
      },
    ]),
  )
  assert.equal(
    shared,
    'The most memory was saved at the end of idle: 1,000 MiB, 100 % of the 1,000 MiB that a perfect scanner would have saved. ' +
      'At the end of the run, of busy, it was 200 MiB, 50 % of the 400 MiB that a perfect scanner would have saved.',
  )
  assert.equal(
    fell,
    'It fell from idle to busy: 800 MiB less was saved. 75 % of that is lost opportunity: what could be shared fell from 1,000 MiB to 400 MiB. ' +
      '25 %, 200 MiB, is lost capture: equal pages that were not shared.',
  )
  assert.equal(
    missing,
    'What was missing at the end of busy, by reason: starved 150 MiB, rate limited 50 MiB.',
  )
})

test('a fall may be of opportunity or of capture alone', () => {
  const fell = (opportunityMiB: number, savedMiB: number) =>
    answerOf(
      summaryOf([
        { name: 'idle', savedMiB: 500, opportunityMiB: 1000 },
        { name: 'busy', savedMiB, opportunityMiB },
      ]),
    )[1]!
  assert.match(fell(1000, 300), /200 MiB less was saved\. All of that is lost capture/)
  assert.match(fell(1200, 300), /All of that is lost capture/)
  assert.match(
    fell(300, 300),
    /All of that is lost opportunity: what could be shared fell from 1,000 MiB to 300/,
  )
})

test('the largest fall is told, and where it was', () => {
  const [shared, fell] = answerOf(
    summaryOf([
      { name: 'a', savedMiB: 1000, opportunityMiB: 1000 },
      { name: 'b', savedMiB: 800, opportunityMiB: 1000 },
      { name: 'c', savedMiB: 100, opportunityMiB: 1000 },
      { name: 'd', savedMiB: 900, opportunityMiB: 1000 },
    ]),
  )
  assert.match(shared!, /at the end of a: .* of d, it was 900 MiB/)
  assert.match(fell!, /^It fell from b to c: 700 MiB/)
})

test('where there was no fall, or nothing shared, or but one phase, it says so', () => {
  const steady = { savedMiB: 100, opportunityMiB: 100 }
  const [first, second] = answerOf(
    summaryOf([
      { name: 'a', ...steady },
      { name: 'b', savedMiB: 95, opportunityMiB: 100 },
    ]),
  )
  assert.match(first!, /100 MiB, 100 % of/)
  assert.equal(second, 'From the end of one phase to the next it never fell by more than 10 %.')
  const nothing = (opportunityMiB: number) =>
    answerOf(summaryOf(['a', 'b'].map((name) => ({ name, savedMiB: 0, opportunityMiB, measured: false }))))
  assert.deepEqual(nothing(0), [
    'Nothing was saved at the end of any phase, nor would a perfect scanner have saved anything.',
  ])
  assert.deepEqual(nothing(50), [
    'Nothing was saved at the end of any phase, where a perfect scanner would have saved up to 50 MiB.',
  ])
  assert.match(answerOf(summaryOf([{ name: 'a', ...steady }]))[1]!, /^There was one phase/)
  assert.deepEqual(answerOf(summaryOf([])), [
    'The run ended before its first phase did: nothing was found out.',
  ])
})

test('the costs are those of measured phases, as far as they are known', () => {
  const latencyNs = { count: 5, p50: 4000, p90: 1, p99: 25_000, p999: 1, max: 3e6 }
  const phase = { savedMiB: 10, opportunityMiB: 10 }
  const costs = (made: Partial<Made>, engine?: Summary['engine']) =>
    answerOf(summaryOf([{ name: 'busy', ...phase, ...made }], engine)).slice(2)
  assert.deepEqual(costs({ cow: { faults: 1234, faultsPerSecond: 123.4, latencyNs } }), [
    'In busy the scan visited 50 pages a second of 60 that it was asked for, took 10 % of a processor and waited for one 0.25 s of 10 s. ' +
      '1,234 stores met a shared page and took a copy-on-write fault, 123 a second: half of them took up to 4 µs, 99 % up to 25 µs, the longest 3 ms.',
  ])
  assert.deepEqual(costs({ measured: false }), [])
  const unknown = { pagesAskedPerSecond: null, cpuSeconds: null, waitingSeconds: null }
  assert.deepEqual(costs({ scan: unknown, notShared: null }), [
    'In busy the scan visited 50 pages a second. No store met a shared page.',
  ])
  assert.match(
    costs({ cow: { faults: 2, faultsPerSecond: 0.2 } }, 'stepped')[0]!,
    /a second of virtual time of 60 .* fault, 0\.2 a second\.$/,
  )
})

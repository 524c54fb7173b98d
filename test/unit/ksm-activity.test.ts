import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ksmActivity, PassClock } from '../../src/linux/ksm-activity.js'
import { ksmReading } from '../support/ksm-reading.js'

describe('between two readings', () => {
  const before = ksmReading({
    monotonicMs: 1000,
    counters: { pages_scanned: 5000, pages_skipped: 100 },
    events: { cow_ksm: 40 },
    ksmd: { cpuNs: 7e9, waitingNs: 2e9 },
  })
  const after = ksmReading({
    monotonicMs: 3500,
    counters: { pages_scanned: 30_000, pages_skipped: 350 },
    events: { cow_ksm: 45 },
    ksmd: { cpuNs: 7.5e9, waitingNs: 2.025e9 },
  })

  test('rates are per second, times a share of one processor', () => {
    assert.deepEqual(ksmActivity(before, after), {
      intervalSeconds: 2.5,
      scannedPagesPerSecond: 10_000,
      skippedPagesPerSecond: 100,
      cowBreaksPerSecond: 2,
      ksmdCpuRatio: 0.2,
      ksmdWaitingRatio: 0.01,
    })
  })
  test('what one of them lacks, or what went backwards, is unknown, not zero', () => {
    const old = ksmReading({
      monotonicMs: 3500,
      counters: { pages_scanned: 4999, pages_skipped: undefined },
      events: { cow_ksm: undefined },
      ksmd: undefined,
    })
    assert.deepEqual(ksmActivity(before, old), {
      intervalSeconds: 2.5,
      scannedPagesPerSecond: null,
      skippedPagesPerSecond: null,
      cowBreaksPerSecond: null,
      ksmdCpuRatio: null,
      ksmdWaitingRatio: null,
    })
  })
})

describe('the time of a pass', () => {
  /** After each reading, of so many passes at so many ms. */
  const times = (...readings: [monotonicMs: number, full_scans: number | undefined][]) => {
    const clock = new PassClock()
    return readings.map(([monotonicMs, full_scans]) => {
      clock.take(ksmReading({ monotonicMs, counters: { full_scans } }))
      return clock.passSeconds
    })
  }

  test('is unknown until one was seen from beginning to end', () => {
    assert.deepEqual(times([0, 7], [1000, 7], [2000, 8], [3000, 8]), [null, null, null, null])
  })
  test('is the time between two changes', () => {
    assert.deepEqual(times([0, 7], [1000, 8], [2000, 8], [4000, 9], [5000, 9], [5500, 10]), [
      ...[null, null, null],
      ...[3, 3, 1.5],
    ])
  })
  test('of several in one interval is their mean', () => {
    assert.deepEqual(times([0, 7], [1000, 11], [2000, 16]), [null, 0.25, 0.2])
  })
  test('is unknown again after an unmerge', () => {
    assert.deepEqual(times([0, 7], [1000, 8], [2000, 9], [3000, 0], [4000, 1], [6000, 2]), [
      ...[null, null, 1],
      ...[null, null, 2],
    ])
  })
  test('is never known where the kernel counts none', () => {
    assert.deepEqual(times([0, undefined], [1000, undefined]), [null, null])
  })
})

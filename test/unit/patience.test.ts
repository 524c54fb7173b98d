import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Patience } from '../../src/sync/patience.js'
import { FakeClock } from '../support/fake-clock.js'

/** Looks every so often until it is over; returns how often. */
function looks(patience: Patience, clock: FakeClock, stepMs: number): number {
  for (let look = 1; look < 1000; look++) {
    clock.advanceMs(stepMs)
    if (patience.isOver()) return look
  }
  return assert.fail('endless patience')
}

test('is over after the limit, and not before', (t) => {
  const clock = new FakeClock(t)
  assert.equal(looks(new Patience(5000).begin(), clock, 100), 51)
})

test('counts no more than a second of a time in which the process stood still', (t) => {
  const clock = new FakeClock(t)
  const patience = new Patience(5000).begin()
  clock.advanceMs(3_600_000)
  assert.equal(patience.isOver(), false)
  assert.equal(looks(patience, clock, 100), 41)
})

test('begins anew', (t) => {
  const clock = new FakeClock(t)
  const patience = new Patience(5000).begin()
  looks(patience, clock, 100)
  clock.advanceMs(60_000)
  assert.equal(looks(patience.begin(), clock, 100), 51)
})

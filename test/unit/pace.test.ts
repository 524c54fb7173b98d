import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GuestTime } from '../../src/guest/guest-time.js'
import { BusyLoop, type Pacer, pacerOf } from '../../src/guest/pace.js'
import { FakeClock } from '../support/fake-clock.js'

/** Due times of the next operations, in ms. */
function dueMs(pacer: Pacer, count: number): number[] {
  return Array.from({ length: count }, () => {
    const due = pacer.dueNs / 1e6
    pacer.advance()
    return due
  })
}

/** Of pacers that don't ask it. */
const NO_TIME = new GuestTime(0)

test('at a rate, operations are due at even intervals from the start of the phase on', () => {
  const pacer = pacerOf({ kind: 'rate', perSecond: 200 }, Number.POSITIVE_INFINITY, NO_TIME)
  assert.equal(pacer.isOpenLoop, true)
  assert.deepEqual(dueMs(pacer, 5), [0, 5, 10, 15, 20])
})

test('finite work over a time is spread evenly over it, and then nothing more is due', () => {
  const pacer = pacerOf({ kind: 'over', seconds: 0.1 }, 4, NO_TIME)
  assert.deepEqual(dueMs(pacer, 6), [0, 25, 50, 75, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  assert.deepEqual(dueMs(pacerOf({ kind: 'over', seconds: 0 }, 3, NO_TIME), 4), [
    0,
    0,
    0,
    Number.POSITIVE_INFINITY,
  ])
  assert.deepEqual(dueMs(pacerOf({ kind: 'over', seconds: 1 }, 0, NO_TIME), 1), [Number.POSITIVE_INFINITY])
  assert.deepEqual(dueMs(pacerOf({ kind: 'rate', perSecond: 1000 }, 2, NO_TIME), 3), [
    0,
    1,
    Number.POSITIVE_INFINITY,
  ])
})

test('due times do not drift, however many operations there are', () => {
  const pacer = pacerOf({ kind: 'rate', perSecond: 3000 }, Number.POSITIVE_INFINITY, NO_TIME)
  for (let n = 0; n < 3_000_000; n++) pacer.advance()
  assert.ok(Math.abs(pacer.dueNs - 1000e9) < 1, `${pacer.dueNs}`)
})

test('owed is what was due before the end and is not done', () => {
  const rates = fc.record({
    perSecond: fc.integer({ min: 1, max: 1000 }),
    operations: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.POSITIVE_INFINITY)),
    done: fc.nat(60),
    endMs: fc.integer({ min: 1, max: 200 }),
  })
  fc.assert(
    fc.property(rates, ({ perSecond, operations, done, endMs }) => {
      const pacer = pacerOf({ kind: 'rate', perSecond }, operations, NO_TIME)
      for (let n = 0; n < done; n++) pacer.advance()
      const owed = pacer.owedBefore(endMs * 1e6)
      let left = 0
      while (pacer.dueNs < endMs * 1e6) {
        pacer.advance()
        left++
      }
      assert.equal(owed, left)
    }),
  )
})

test('work as fast as possible owes all of it', () => {
  const pacer = pacerOf({ kind: 'over', seconds: 0 }, 10, NO_TIME)
  pacer.advance()
  assert.equal(pacer.owedBefore(1), 9)
})

test('in a closed loop each thread is due again when its operation is done and it has thought', (t) => {
  const clock = new FakeClock(t)
  const pacer = pacerOf(
    { kind: 'closed', threads: 2, thinkSeconds: 0.01 },
    Number.POSITIVE_INFINITY,
    new GuestTime(clock.startNs),
  )
  assert.equal(pacer.isOpenLoop, false)
  const due = () => Math.round(pacer.dueNs / 1e5) / 10
  const operate = (ms: number) => {
    clock.advanceMs(ms)
    pacer.advance()
  }
  assert.equal(due(), 0)
  operate(3)
  assert.equal(due(), 0, 'the second thread has not had its turn')
  operate(4)
  // The threads think until 3 + 10 and 7 + 10.
  assert.equal(due(), 13)
  clock.advanceMs(6)
  operate(2)
  assert.equal(due(), 17)
  clock.advanceMs(2)
  operate(1)
  assert.equal(due(), 25)
})

test('under twice the load a thread of a closed loop thinks for half as long, and under none for ever', (t) => {
  const clock = new FakeClock(t)
  const time = new GuestTime(clock.startNs)
  const pacer = pacerOf({ kind: 'closed', threads: 1, thinkSeconds: 0.01 }, Number.POSITIVE_INFINITY, time)
  const dueAtMs = () => Math.round((time.whenNs(pacer.dueNs) - clock.startNs) / 1e4) / 100
  pacer.advance()
  assert.equal(dueAtMs(), 10)
  clock.advanceMs(4)
  time.change(2, clock.startNs + 4e6)
  assert.equal(dueAtMs(), 7, 'of the thinking under way what is left takes half as long')
  clock.advanceMs(3)
  pacer.advance()
  assert.equal(dueAtMs(), 12)
  time.change(0, clock.startNs + 7e6)
  clock.advanceMs(60_000)
  assert(time.now() < pacer.dueNs)
})

test('a slow machine is asked for less in a closed loop, and owes nothing', (t) => {
  const clock = new FakeClock(t)
  const pacer = pacerOf(
    { kind: 'closed', threads: 3, thinkSeconds: 0.01 },
    Number.POSITIVE_INFINITY,
    new GuestTime(clock.startNs),
  )
  const operationsIn100Ms = (operationMs: number) => {
    const endMs = clock.elapsedMs() + 100
    let operations = 0
    while (clock.elapsedMs() < endMs) {
      const waitMs = pacer.dueNs / 1e6 - clock.elapsedMs()
      if (waitMs > 1e-6) {
        clock.advanceMs(waitMs)
        continue
      }
      clock.advanceMs(operationMs)
      pacer.advance()
      operations++
    }
    return operations
  }
  const [fast, slow] = [operationsIn100Ms(1), operationsIn100Ms(10)]
  // Three threads of 1 + 10 ms each; or one processor that does nothing but operations of 10 ms.
  assert.ok(fast >= 26 && fast <= 30, `${fast}`)
  assert.ok(slow >= 10 && slow <= 11, `${slow}`)
  assert.equal(pacer.owedBefore(1e12), 0)
})

/** Runs a busy loop until it has done with a slice. */
function compute(busy: BusyLoop): void {
  const { dueNs } = busy
  while (busy.dueNs === dueNs) {
    busy.run()
    busy.advance()
  }
}

test('a busy processor is busy for its fraction of each slice', (t) => {
  const clock = new FakeClock(t)
  const now = performance.now.bind(performance)
  const stepMs = 0.125
  t.mock.method(performance, 'now', () => {
    clock.advanceMs(stepMs)
    return now()
  })
  const busy = new BusyLoop(() => 0.4, new GuestTime(clock.startNs))
  const starts: number[] = []
  let busyMs = 0
  while (busy.dueNs < 100e6) {
    while (clock.elapsedMs() < busy.dueNs / 1e6) clock.advanceMs(stepMs)
    const startMs = clock.elapsedMs()
    starts.push(Math.round(startMs / 10))
    compute(busy)
    busyMs += clock.elapsedMs() - startMs
  }
  assert.deepEqual(starts, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  // Reading the clock takes time, here as anywhere.
  assert.ok(busyMs >= 40 && busyMs < 40 + 10 * 6 * stepMs, `${busyMs}`)
})

test('what a busy processor could not get is not made up', (t) => {
  const clock = new FakeClock(t)
  const busy = new BusyLoop(() => 0.5, new GuestTime(clock.startNs))
  // Kept from its processor for 73 ms; then its half of a slice takes 6 ms instead of 5.
  for (const ms of [73, 6]) {
    clock.advanceMs(ms)
    busy.run()
    busy.advance()
  }
  assert.ok(busy.dueNs >= 79e6 - 1e3 && busy.dueNs < 80e6)
  assert.equal(busy.owedBefore(), 0)
})

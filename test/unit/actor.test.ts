/** The loop of a thread that drives one actor. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Actor, AT_ONCE, drive, ON_EVENT, OVER } from '../../src/sync/actor.js'
import { SLEEP_MAX_MS } from '../../src/sync/control.js'
import { FakeClock, FakeControl } from '../support/fake-clock.js'

/** An actor that answers as it is told, and notes when it is stepped. */
function driveThrough(t: TestContext, answers: readonly ((startNs: number) => number)[]): number[] {
  const clock = new FakeClock(t)
  const steppedAtMs: number[] = []
  const actor: Actor = {
    step: () => {
      steppedAtMs.push(clock.elapsedMs())
      return answers[steppedAtMs.length - 1]?.(clock.startNs) ?? OVER
    },
  }
  drive(actor, new FakeControl(clock))
  t.mock.restoreAll()
  return steppedAtMs
}

test('an actor that did something is stepped again at once, until it is over', (t) => {
  assert.deepEqual(driveThrough(t, [() => AT_ONCE, () => AT_ONCE]), [0, 0, 0])
})

test('an actor that wants to be called at a time is called at that time', (t) => {
  const answers = [(startNs: number) => startNs + 7e6, () => AT_ONCE, (startNs: number) => startNs + 30e6]
  assert.deepEqual(driveThrough(t, answers).map(Math.round), [0, 7, 7, 30])
})

test('an actor that waits for an event looks around now and then all the same', (t) => {
  assert.deepEqual(driveThrough(t, [() => ON_EVENT]).map(Math.round), [0, SLEEP_MAX_MS])
})

test('what changes during a step is not slept through', (t) => {
  const clock = new FakeClock(t)
  const control = new FakeControl(clock)
  const seen: boolean[] = []
  let steps = 0
  const actor: Actor = {
    step: () => {
      if (++steps > 1) return OVER
      control.stop()
      return ON_EVENT
    },
  }
  drive(actor, control, (event) => seen.push(event === control.event()))
  assert.deepEqual(seen, [false])
})

/**
 * Time for tests, which passes only when it is told to: stands in for `performance.now`, which every clock of the lab
 * reads, until the test ends. And a control block whose sleepers let that time pass instead of sleeping.
 */
import type { TestContext } from 'node:test'
import { nowNs } from '../../src/measure/clock.js'
import { Control, createControl, SLEEP_MAX_MS } from '../../src/sync/control.js'

export class FakeClock {
  private ms: number
  readonly startNs: number

  constructor(t: TestContext) {
    this.ms = performance.now()
    t.mock.method(performance, 'now', () => this.ms)
    this.startNs = nowNs()
  }

  advanceMs(ms: number): void {
    this.ms += ms
  }

  /** Since the clock was made; rounded, since monotonic ns are large numbers. */
  elapsedMs(): number {
    return Math.round((nowNs() - this.startNs) / 1e3) / 1e3
  }
}

/** Sleeps that a scripted run may take before it is taken to hang. */
const SLEEPS_MAX = 20_000
/** What a call takes that doesn't sleep at all. */
const CALL_MS = 0.01

/** A run of one thread on a fake clock. */
export class FakeControl extends Control {
  /** Calls of `sleep`. */
  sleeps = 0

  /** @param onSleep called after each sleep: the moment for what other threads do */
  constructor(
    private readonly clock: FakeClock,
    { guests = 1, phases = 1 } = {},
    private readonly onSleep: () => void = () => {},
  ) {
    super(createControl(guests, guests + 2, phases))
    this.startRun(nowNs())
  }

  override sleep(_event: number, timeoutMs = SLEEP_MAX_MS): void {
    if (++this.sleeps > SLEEPS_MAX) throw new Error('this run does not end')
    this.clock.advanceMs(Math.max(Math.min(timeoutMs, SLEEP_MAX_MS), CALL_MS))
    this.onSleep()
  }
}

/** A guest's phases on a clock that the test moves: what a store costs, and how late the main thread is. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Workload } from '../../src/guest/workload.js'
import { GUEST } from '../../src/measure/counters.js'
import type { Activity, Pace } from '../../src/scenario/plan.js'
import { drive } from '../../src/sync/actor.js'
import { FakeClock, FakeControl } from '../support/fake-clock.js'
import { TestHost } from '../support/host.js'

const PAGES = 16

interface Setting {
  activities: Activity[]
  seconds?: number
  endsByTime?: boolean
  /** How long a store takes. */
  storeMs?: number
  /** How long after the end of a phase the main thread says so. */
  lateMs?: number
  stopsAtMs?: number
  /** Somebody holds the run in this time, or changes the load. */
  heldMs?: { from: number; to: number }
  load?: { atMs: number; load: number }
  seed?: number
  /** Of its processor, which it has whenever it does not sleep. */
  demand?: number
}

/** A control block whose phase is over by the clock, as the guest sees it whenever it looks. */
class OnePhase extends FakeControl {
  finishedAtMs: number | undefined
  asleepMs = 0
  private isHeld = false
  private heldForMs = 0
  private isLoaded = false

  constructor(
    private readonly time: FakeClock,
    private readonly overAtMs: number,
    private readonly stopsAtMs: number,
    private readonly steering: Pick<Setting, 'heldMs' | 'load'>,
  ) {
    super(time)
    this.startPhase(0, time.startNs)
  }

  override isOn(phase: number): boolean {
    assert.equal(phase, 0)
    return !this.isHeld && !this.isOver(phase)
  }

  override isOver(_phase: number): boolean {
    const isOver = !this.isHeld && this.time.elapsedMs() >= this.overAtMs + this.heldForMs
    return isOver || this.isStopping()
  }

  override isStopping(): boolean {
    return this.time.elapsedMs() >= this.stopsAtMs
  }

  override sleep(event: number, timeoutMs?: number): void {
    const fromMs = this.time.elapsedMs()
    super.sleep(event, timeoutMs)
    this.asleepMs += this.time.elapsedMs() - fromMs
    this.steer()
  }

  private steer(): void {
    const { heldMs, load } = this.steering
    const nowMs = this.time.elapsedMs()
    if (heldMs !== undefined && this.heldForMs === 0) {
      this.isHeld = nowMs >= heldMs.from && nowMs < heldMs.to
      if (nowMs >= heldMs.to) {
        this.heldForMs = heldMs.to - heldMs.from
        this.resume(0, this.heldForMs * 1e6)
      }
    }
    if (load === undefined || nowMs < load.atMs || this.isLoaded) return
    this.isLoaded = true
    this.steerLoad(load.load)
  }

  override finishPhase(guest: number, phase: number): void {
    super.finishPhase(guest, phase)
    this.finishedAtMs ??= this.time.elapsedMs()
  }
}

/** What it takes to read a clock that a computing thread reads. */
const READING_MS = 0.005

function tickingClock(t: TestContext): void {
  const now = performance.now.bind(performance)
  let readings = 0
  t.mock.method(performance, 'now', () => now() + ++readings * READING_MS)
}

function live(t: TestContext, setting: Setting) {
  const {
    activities,
    seconds = 0.1,
    endsByTime = true,
    storeMs = 0,
    lateMs = 0,
    seed = 1,
    demand = 0,
  } = setting
  const clock = new FakeClock(t)
  if (demand > 0) tickingClock(t)
  const control = new OnePhase(
    clock,
    seconds * 1000 + lateMs,
    setting.stopsAtMs ?? Number.POSITIVE_INFINITY,
    setting,
  )
  const host = new TestHost({ guests: [PAGES], frames: 32 })
  const { mmu, contents, counters } = host.guests[0]!
  const storesAtMs: number[] = []
  const intendedAtMs: number[] = []
  const cost =
    <Rest extends unknown[]>(act: (...rest: Rest) => void) =>
    (...rest: Rest) => {
      storesAtMs.push(clock.elapsedMs())
      intendedAtMs.push(Math.round((mmu.intendedNs - clock.startNs) / 1e3) / 1e3)
      act.apply(mmu, rest)
      clock.advanceMs(storeMs)
    }
  mmu.store = cost(mmu.store)
  mmu.zero = cost(mmu.zero)
  mmu.fill = cost(mmu.fill)
  const image = [{ class: 'common', first: 0, pages: 12, firstContent: 1, contents: 12 } as const]
  const memory = { ram: mmu, contents, image, storeLatency: host.histograms.store }
  const recorder = { enter: () => true, endPhase: () => {} }
  const life = {
    guest: 0,
    seed,
    phases: [{ name: 'benchmark', seconds, endsByTime }],
    plan: { activities: [activities], demand: [demand] },
  }
  const processorNs = () => (clock.elapsedMs() - control.asleepMs) * 1e6
  drive(new Workload(control, recorder, memory, counters, life, { processorNs }), control)
  const endedAtMs = clock.elapsedMs()
  t.mock.restoreAll()
  host.assertIntact()
  return {
    stores: storesAtMs.length,
    storesAtMs,
    intendedAtMs,
    missed: counters[GUEST.missed]!,
    digests: [...mmu.digests],
    finishedAtMs: control.finishedAtMs,
    endedAtMs,
    sleeps: control.sleeps,
    asleepMs: control.asleepMs,
  }
}

const ALL = [{ first: 0, pages: PAGES }]

function zeroAt(pace: Pace): Activity {
  return { do: 'zero', ranges: ALL, pace }
}

function updateAt(perSecond: number): Activity {
  return { do: 'update', ranges: ALL, pace: { kind: 'rate', perSecond }, words: 2, locks: 0, zipf: 0 }
}

test('open-loop operations begin when they are due', (t) => {
  const { storesAtMs, missed } = live(t, { activities: [zeroAt({ kind: 'rate', perSecond: 100 })] })
  assert.deepEqual(storesAtMs.map(Math.round), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.equal(missed, 0)
})

test('held, a guest does nothing; then it goes on as if no time had passed, and is not late', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
  const { storesAtMs, intendedAtMs, missed } = live(t, { activities, heldMs: { from: 40, to: 340 } })
  const expected = [0, 10, 20, 30, 340, 350, 360, 370, 380, 390]
  assert.deepEqual(intendedAtMs.map(Math.round), expected)
  // It wakes, at the latest, when a sleep is over that it had begun before.
  storesAtMs.forEach((atMs, index) => {
    assert(atMs >= expected[index]! - 0.1 && atMs <= expected[index]! + 100, `${atMs}`)
  })
  assert.equal(missed, 0)
})

test('at another load as much more or less is due from then on, and nothing at once', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
  const at = (load: number) => live(t, { activities, load: { atMs: 50, load } }).intendedAtMs.map(Math.round)
  assert.deepEqual(at(1), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.deepEqual(at(2), [0, 10, 20, 30, 40, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95])
  assert.deepEqual(at(0.5), [0, 10, 20, 30, 40, 50, 70, 90])
  assert.deepEqual(at(0), [0, 10, 20, 30, 40])
})

test('the intended start of an open-loop operation is its due time, however late the guest is', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
  const { storesAtMs, intendedAtMs } = live(t, { activities, storeMs: 15 })
  assert.deepEqual(intendedAtMs, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.deepEqual(storesAtMs.map(Math.round), [0, 15, 30, 45, 60, 75, 90, 105, 120, 135])
})

test('the intended start of a closed-loop operation is when its thread meant to wake', (t) => {
  const activities = [zeroAt({ kind: 'closed', threads: 2, thinkSeconds: 0.01 })]
  const { storesAtMs, intendedAtMs } = live(t, { activities, seconds: 0.05, storeMs: 12 })
  // Both are due at once; what one thread waits for the other is the guest's lateness, its thinking is not.
  assert.deepEqual(storesAtMs.map(Math.round), [0, 12, 24, 36, 48])
  assert.deepEqual(intendedAtMs.map(Math.round), [0, 0, 22, 34, 46])
})

test('an operation that nothing paces is intended when it begins', (t) => {
  const activities: Activity[] = [{ do: 'boot', pace: { kind: 'over', seconds: 0 } }]
  const { intendedAtMs } = live(t, { activities, storeMs: 1 })
  assert.deepEqual(intendedAtMs, new Array(12).fill(Number.POSITIVE_INFINITY))
})

test('a guest that has fallen behind does what was due as fast as it can, before and after the end', (t) => {
  const { stores, missed } = live(t, { activities: [zeroAt({ kind: 'rate', perSecond: 100 })], storeMs: 15 })
  assert.equal(stores, 10)
  assert.equal(missed, 0)
})

for (const lateMs of [0, 3, 40]) {
  for (const storeMs of [0, 4, 15]) {
    test(`exactly the operations due in the phase are done, the main thread ${lateMs} ms late, stores of ${storeMs} ms`, (t) => {
      const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
      const { stores, missed } = live(t, { activities, storeMs, lateMs })
      assert.equal(stores, 10)
      assert.equal(missed, 0)
    })
  }
}

test('a guest that has done all that was due sleeps until the main thread ends the phase', (t) => {
  const { sleeps } = live(t, { activities: [zeroAt({ kind: 'rate', perSecond: 100 })], lateMs: 40 })
  assert.ok(sleeps < 20, `${sleeps} looks at the control block`)
})

test('a guest gives up after a grace, and counts what it missed', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 1000 }), zeroAt({ kind: 'rate', perSecond: 100 })]
  const { stores, missed, endedAtMs } = live(t, { activities, storeMs: 10 })
  assert.ok(stores < 60 && missed > 0)
  assert.equal(stores + missed, 100 + 10)
  assert.ok(endedAtMs >= 100 + 250 && endedAtMs <= 100 + 250 + 20, `${endedAtMs}`)
})

test('what a guest stores is the same however fast its machine is', (t) => {
  const activities: Activity[] = [
    { do: 'boot', pace: { kind: 'over', seconds: 0.02 } },
    updateAt(150),
    { do: 'reload', ranges: ALL, pace: { kind: 'rate', perSecond: 70 } },
    { do: 'tick', ranges: ALL, pace: { kind: 'rate', perSecond: 30 }, pages: 2 },
  ]
  const { digests, missed } = live(t, { activities })
  assert.equal(new Set(digests).size > PAGES / 2, true)
  assert.equal(missed, 0)
  for (const storeMs of [0.1, 1, 4]) {
    assert.deepEqual(live(t, { activities, storeMs }).digests, digests, `stores of ${storeMs} ms`)
  }
})

test('what a guest stores is the same however late the main thread ends the phase', (t) => {
  const activities = [updateAt(150), zeroAt({ kind: 'rate', perSecond: 20 })]
  const { digests } = live(t, { activities })
  for (const lateMs of [1, 10, 30]) {
    assert.deepEqual(live(t, { activities, lateMs }).digests, digests, `${lateMs} ms late`)
  }
})

test('what a guest stores depends on the seed', (t) => {
  const activities = [updateAt(100)]
  const { digests } = live(t, { activities, seed: 1 })
  assert.deepEqual(live(t, { activities, seed: 1 }).digests, digests)
  assert.notDeepEqual(live(t, { activities, seed: 2 }).digests, digests)
})

test('operations of several activities are done in the order in which they are due', (t) => {
  const activities: Activity[] = [
    { do: 'zero', ranges: [{ first: 0, pages: 1 }], pace: { kind: 'rate', perSecond: 100 } },
    { do: 'fill', ranges: [{ first: 0, pages: 1 }], pace: { kind: 'over', seconds: 0.001 } },
  ]
  // Both are due at 0: the first in the list goes first; then zeros at 10, 20, …
  const { digests } = live(t, { activities, seconds: 0.01 })
  const zeroed = live(t, { activities, seconds: 0.02, storeMs: 9 })
  assert.notEqual(digests[0], zeroed.digests[0])
  assert.equal(zeroed.digests[0], zeroed.digests[1], 'page 0 is zero like page 1, which nobody touched')
})

test('finite activities are reported as finished once, when they are, and not before', (t) => {
  const boot: Activity = { do: 'boot', pace: { kind: 'over', seconds: 0.06 } }
  const { finishedAtMs, stores } = live(t, { activities: [boot, zeroAt({ kind: 'rate', perSecond: 100 })] })
  assert.equal(stores, 12 + 10)
  assert.ok(finishedAtMs! >= 55 && finishedAtMs! < 70, `${finishedAtMs}`)
  assert.equal(live(t, { activities: [] }).finishedAtMs, 0)
})

test('a phase that ends by scan passes is left at once, with nothing made up and nothing missed', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 1000 })]
  const { stores, missed } = live(t, { activities, endsByTime: false, storeMs: 10 })
  assert.equal(stores, 10)
  assert.equal(missed, 0)
})

test('a run that stops is left at once', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 1000 })]
  const { stores, missed } = live(t, { activities, storeMs: 10, stopsAtMs: 50 })
  assert.equal(stores, 5)
  assert.equal(missed, 0)
})

test('a closed loop that had no turn before the end is not caught up on', (t) => {
  const activities = [zeroAt({ kind: 'closed', threads: 3, thinkSeconds: 0.001 })]
  const { stores, missed } = live(t, { activities, storeMs: 120 })
  assert.equal(stores, 1)
  assert.equal(missed, 0)
})

test('a closed loop is asked for less by a slow machine, and catches nothing up', (t) => {
  const activities = [zeroAt({ kind: 'closed', threads: 1, thinkSeconds: 0.009 })]
  assert.equal(live(t, { activities, storeMs: 1 }).stores, 10)
  const { stores, missed } = live(t, { activities, storeMs: 41 })
  assert.equal(stores, 2)
  assert.equal(missed, 0)
})

for (const demand of [0.3, 0.7]) {
  test(`a guest that asks for ${demand} of a processor has it, its operations included, and delays none`, (t) => {
    const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
    const { asleepMs, endedAtMs, storesAtMs } = live(t, { activities, storeMs: 1, seconds: 1, demand })
    const part = 1 - asleepMs / endedAtMs
    assert.ok(Math.abs(part - demand) < 0.02, `${part} of it`)
    assert.equal(storesAtMs.length, 100)
    storesAtMs.forEach((atMs, n) => {
      assert.ok(atMs >= 10 * n && atMs < 10 * n + 0.2, `operation ${n} at ${atMs} ms`)
    })
  })
}

test('a guest that asks for all of a processor never sleeps', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
  assert.equal(live(t, { activities, demand: 1 }).asleepMs, 0)
})

test('a guest whose operations take more than it asks for gets them done', (t) => {
  const activities = [zeroAt({ kind: 'rate', perSecond: 100 })]
  const { stores, missed } = live(t, { activities, storeMs: 8, demand: 0.1 })
  assert.deepEqual([stores, missed], [10, 0])
})

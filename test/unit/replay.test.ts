import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { guestTraceOf } from '../../src/guest/guest-trace.js'
import { Replay } from '../../src/guest/replay.js'
import { readTrace } from '../../src/guest/trace.js'
import { ABSENT_PTE } from '../../src/machine/pte.js'
import { drive } from '../../src/sync/actor.js'
import { FakeClock, FakeControl } from '../support/fake-clock.js'
import { TestHost } from '../support/host.js'
import { contentNumbers, encodeTrace, type TraceSource } from '../support/trace-writer.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-replay-'))
after(() => rmSync(directory, { recursive: true }))

/** Two guests of six pages; content 0 is the page of zeros. */
const SOURCE: TraceSource = {
  pagesPerGuest: 6,
  guests: ['a', 'b'],
  snapshots: [
    {
      timeSeconds: 0,
      changes: [
        [
          { page: 0, content: 7 },
          { page: 2, content: 0 },
        ],
        [{ page: 1, content: 7 }],
      ],
    },
    {
      timeSeconds: 100,
      changes: [
        [
          { page: 0, content: 0 },
          { page: 3, content: 9 },
          { page: 5, content: 7 },
        ],
        [],
      ],
    },
    {
      timeSeconds: 140,
      changes: [
        [{ page: 5, content: 9 }],
        [
          { page: 1, content: 3 },
          { page: 4, content: 3 },
        ],
      ],
    },
  ],
}

const file = join(directory, 'small.pct.gz')
writeFileSync(file, encodeTrace(SOURCE))
const trace = readTrace(file)

/** What each page holds after a snapshot: the trace's number of a content, undefined where the host gave no memory. */
function expectedPages(guest: number, snapshot: number): (number | undefined)[] {
  const numbers = contentNumbers(SOURCE)
  const pages = new Array<number | undefined>(SOURCE.pagesPerGuest).fill(undefined)
  for (const { changes } of SOURCE.snapshots.slice(0, snapshot + 1)) {
    for (const { page, content } of changes[guest]!) pages[page] = numbers.get(content)
  }
  return pages
}

interface Store {
  atMs: number
  ppn: number
  content: number
}

interface Replayed {
  host: TestHost
  stores: Store[]
  /** When each of them was to begin. */
  intendedAtMs: number[]
  /** What the guest held at each snapshot, when it waited for the sample. */
  snapshots: (number | undefined)[][]
}

interface Setting {
  scaleTime?: number
  /** How long the main thread lets the guest wait at each snapshot. */
  sampleMs?: number
  stopsAtMs?: number
  storeMs?: number
}

function replay(t: TestContext, guest: number, setting: Setting = {}): Replayed {
  const { scaleTime = 100, sampleMs = 0, stopsAtMs = Number.POSITIVE_INFINITY, storeMs = 0 } = setting
  const host = new TestHost({ guests: [6, 6] })
  const { contents } = host.guests[guest]!
  const clock = new FakeClock(t)
  const stores: Store[] = []
  const intendedAtMs: number[] = []
  const snapshots: (number | undefined)[][] = []
  let sampleDueMs = 0
  const control: FakeControl = new FakeControl(clock, { guests: 2 }, () => {
    if (clock.elapsedMs() >= stopsAtMs) control.stop()
    if (snapshots.length > control.sampledSnapshots() && clock.elapsedMs() >= sampleDueMs) {
      control.snapshotSampled(snapshots.length)
    }
    if (control.sampledSnapshots() === SOURCE.snapshots.length) control.stop()
  })
  control.replayedSnapshots = (which, count) => {
    assert.equal(which, guest)
    assert.equal(count, snapshots.length + 1)
    snapshots.push(pagesOf(host, guest))
    sampleDueMs = clock.elapsedMs() + sampleMs
  }
  const { writeKnown } = contents
  contents.writeKnown = (ppn, content) => {
    intendedAtMs.push(Math.round((contents.ram.intendedNs - clock.startNs) / 1e6))
    stores.push({ atMs: Math.round(clock.elapsedMs()), ppn, content })
    writeKnown.call(contents, ppn, content)
    clock.advanceMs(storeMs)
  }
  const recorder = { follow: () => true }
  const phases = [{ name: 'all', seconds: 1000, endsByTime: true }]
  const life = { guest, seed: 1, phases, plan: { demand: [0] }, scaleTime }
  control.startPhase(0, clock.startNs)
  drive(new Replay(control, recorder, contents, life, guestTraceOf(trace, guest), () => 0), control)
  t.mock.restoreAll()
  host.assertIntact()
  return { host, stores, intendedAtMs, snapshots }
}

function pagesOf(host: TestHost, guest: number): (number | undefined)[] {
  return Array.from({ length: 6 }, (_, ppn) =>
    host.pte(guest, ppn) === ABSENT_PTE ? undefined : host.tag(guest, ppn),
  )
}

for (const guest of [0, 1]) {
  test(`at each snapshot guest ${guest} holds exactly what the trace says, and has touched nothing else`, (t) => {
    const { snapshots } = replay(t, guest)
    assert.deepEqual(
      snapshots,
      [0, 1, 2].map((snapshot) => expectedPages(guest, snapshot)),
    )
  })
}

test('every change is a store of its own, evenly spread over the time between snapshots', (t) => {
  // 100 seconds of the trace take one second: changes at 1/4, 2/4 and 3/4 of it, and halfway to the next snapshot.
  assert.deepEqual(replay(t, 0).stores, [
    { atMs: 0, ppn: 0, content: 1 },
    { atMs: 0, ppn: 2, content: 0 },
    { atMs: 250, ppn: 0, content: 0 },
    { atMs: 500, ppn: 3, content: 2 },
    { atMs: 750, ppn: 5, content: 1 },
    { atMs: 1200, ppn: 5, content: 2 },
  ])
  const atFullSpeed = replay(t, 0, { scaleTime: 1 }).stores
  assert.deepEqual(
    atFullSpeed.map(({ atMs }) => atMs),
    [0, 0, 25_000, 50_000, 75_000, 120_000],
  )
})

test('the intended start of a change is its time in the trace, however late the guest is', (t) => {
  const { stores, intendedAtMs } = replay(t, 0, { storeMs: 300 })
  assert.deepEqual(intendedAtMs, [0, 0, 250, 500, 750, 1200])
  assert(stores.at(-1)!.atMs > 1200, 'the guest is late')
})

test('what is demanded of a processor is computed between the changes, and delays none', (t) => {
  const host = new TestHost({ guests: [6, 6] })
  const { contents } = host.guests[0]!
  const clock = new FakeClock(t)
  const control = new FakeControl(clock, { guests: 2 })
  control.startPhase(0, clock.startNs)
  control.replayedSnapshots = (_, count) => control.snapshotSampled(count)
  const storedAtMs: number[] = []
  contents.writeKnown = () => storedAtMs.push(clock.elapsedMs())
  const phases = [{ name: 'all', seconds: 1, endsByTime: true }]
  const life = { guest: 0, seed: 1, phases, plan: { demand: [0.4] }, scaleTime: 100 }
  let busyMs = 0
  const recorder = { follow: () => true }
  const of0 = guestTraceOf(trace, 0)
  const guest = new Replay(control, recorder, contents, life, of0, () => busyMs * 1e6)
  // The last change is due at 1,200 ms.
  while (storedAtMs.length < 6 && clock.elapsedMs() < 2000) {
    const wakeNs = guest.step()
    const restMs = (wakeNs - clock.startNs) / 1e6 - clock.elapsedMs()
    if (Number.isFinite(wakeNs) && restMs > 0) clock.advanceMs(restMs + 0.01)
    else {
      clock.advanceMs(0.1)
      busyMs += 0.1
    }
  }
  const part = busyMs / clock.elapsedMs()
  t.mock.restoreAll()
  assert(Math.abs(part - 0.4) < 0.03, `it had ${part} of the processor`)
  assert.deepEqual(
    storedAtMs.map((ms) => Math.floor(ms / 10) * 10),
    [0, 0, 250, 500, 750, 1200],
  )
})

test('a store of zeros to a page without a frame gives it one, as the capture says it had', (t) => {
  const { host } = replay(t, 0)
  assert.notEqual(host.pte(0, 2), ABSENT_PTE)
  assert.equal(host.pte(0, 1), ABSENT_PTE)
})

test('contents are the same bytes in every guest', (t) => {
  const [a, b] = [replay(t, 0), replay(t, 1)]
  const words = ({ host }: Replayed, guest: number, ppn: number) =>
    Array.from({ length: 1024 }, (_, word) => host.guests[guest]!.mmu.load(ppn, word))
  const first = replay(t, 1).host
  first.guests[0]!.contents.writeKnown(0, 3)
  assert.deepEqual(words(b, 1, 1), words(b, 1, 4))
  assert.deepEqual(
    words(b, 1, 1),
    Array.from({ length: 1024 }, (_, word) => first.guests[0]!.mmu.load(0, word)),
  )
  assert.notDeepEqual(words(a, 0, 3), words(b, 1, 1))
})

test('the guest waits at each snapshot until it was sampled, and then makes up for the time', (t) => {
  const { snapshots, stores } = replay(t, 0, { sampleMs: 600 })
  assert.deepEqual(
    snapshots,
    [0, 1, 2].map((snapshot) => expectedPages(0, snapshot)),
  )
  const times = stores.map(({ atMs }) => atMs)
  assert.ok(
    times.slice(2).every((atMs) => atMs >= 600),
    `${times}`,
  )
  // Its changes were due at 250, 500 and 750: the last is on time again. The next sample ends at 1,600.
  assert.equal(times[4], 750)
  assert.ok(times[5]! >= 1600)
})

test('a guest that is too slow replays the same, only later', (t) => {
  const { snapshots, stores } = replay(t, 0, { storeMs: 900 })
  assert.deepEqual(
    snapshots,
    [0, 1, 2].map((snapshot) => expectedPages(0, snapshot)),
  )
  assert.equal(stores.length, 6)
})

test('a run that stops ends the replay, while it waits for a time or for a sample', (t) => {
  assert.equal(replay(t, 0, { stopsAtMs: 600 }).snapshots.length, 1)
  const waiting = replay(t, 0, { sampleMs: 10_000, stopsAtMs: 600 })
  assert.equal(waiting.snapshots.length, 1)
  assert.equal(waiting.stores.length, 2)
})

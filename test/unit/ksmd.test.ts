/** How ksmd paces itself: batches, sleeps that end at ticks, full scans, the advisor, and run = 0, 1 and 2. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { Ksmd } from '../../src/ksm/ksmd.js'
import { KSM_DEFAULTS, type KsmSettings } from '../../src/ksm/settings.js'
import { mpnOf, SHARED, sharedPte } from '../../src/machine/pte.js'
import { KSM, LAST_PASS, SCAN } from '../../src/measure/counters.js'
import type { KsmPlan } from '../../src/scenario/plan.js'
import { drive } from '../../src/sync/actor.js'
import type { Control } from '../../src/sync/control.js'
import { FakeClock, FakeControl } from '../support/fake-clock.js'
import { TestHost } from '../support/host.js'

interface Setting {
  host: TestHost
  /** By phase; a phase is as long as `phaseMs`. */
  phases: readonly Partial<KsmSettings>[]
  phaseMs?: number
  CONFIG_HZ?: number
  /** Called after each sleep, which is when guests act. */
  onSleep?: (elapsedMs: number, control: Control) => void
}

/** Lets ksmd work through the phases; returns the times of its batches' ends and what had been scanned by then. */
function run(t: TestContext, { host, phases, phaseMs = 1000, CONFIG_HZ = 250, onSleep }: Setting) {
  const clock = new FakeClock(t)
  const row = host.scanRow
  const steps: { ms: number; scanned: number }[] = []
  let phase = 0
  const control: FakeControl = new FakeControl(
    clock,
    { guests: host.guests.length, phases: phases.length },
    () => {
      const ms = clock.elapsedMs()
      steps.push({ ms, scanned: row[SCAN.pagesScanned]! })
      onSleep?.(ms, control)
      if (ms < (phase + 1) * phaseMs) return
      control.endPhase(phase)
      if (++phase < phases.length) control.startPhase(phase, clock.startNs)
      else control.stop()
    },
  )
  control.startPhase(0, clock.startNs)
  const settings = phases.map((own) => ({ ...KSM_DEFAULTS, smart_scan: 0 as const, ...own }))
  const plan: KsmPlan = {
    policy: 'ksm',
    count: 1,
    onDeath: 'fail',
    CONFIG_HZ,
    fixed: settings[0]!,
    rates: settings,
  }
  const task = {
    machine: host.handle,
    counters: host.counters,
    thread: host.guests.length,
    guests: host.guests,
  } as unknown as ScannerTask
  drive(new Ksmd(host.scannerView, task, plan, control), control)
  t.mock.restoreAll()
  return { steps, row }
}

/** Guests whose pages all hold contents of their own, or all the same. */
function bootedHost(
  pages: readonly number[],
  content: (page: number) => number = (page) => 1 + page,
): TestHost {
  const all = pages.reduce((sum, count) => sum + count, 0)
  const host = new TestHost({ guests: pages, frames: all + 64 })
  for (const guest of host.guests)
    for (let ppn = 0; ppn < guest.pages; ppn++) guest.contents.writeKnown(ppn, content(guest.firstPage + ppn))
  return host
}

for (const [sleep_millisecs, CONFIG_HZ, periodMs] of [
  [20, 250, 24],
  [1, 250, 8],
  [5, 250, 12],
  [20, 1000, 21],
  [20, 100, 30],
] as const) {
  test(`a batch every ${periodMs} ms for sleep_millisecs ${sleep_millisecs} at ${CONFIG_HZ} ticks a second`, (t) => {
    const host = bootedHost([1000])
    const { row } = run(t, {
      host,
      phases: [{ pages_to_scan: 10, sleep_millisecs }],
      phaseMs: 2000,
      CONFIG_HZ,
    })
    const batches = row[SCAN.pagesScanned]! / 10
    assert(Math.abs(batches - 2000 / periodMs) <= 2, `${batches} batches`)
    const asked = row[SCAN.pagesAsked]! / row[SCAN.pagesScanned]!
    assert(asked > 0.95 && asked < 1.05, `asked for ${asked} of what was scanned`)
  })
}

test('a batch ends with the full scan, and the next full scan begins with a batch of its own', (t) => {
  const host = bootedHost([25])
  const { row } = run(t, { host, phases: [{ pages_to_scan: 20, sleep_millisecs: 20 }], phaseMs: 240 })
  // Two batches to a full scan: 20 pages, then 5 and the end.
  const batches = 240 / 24
  assert(Math.abs(row[KSM.full_scans]! - batches / 2) <= 1, `${row[KSM.full_scans]} full scans`)
  assert.equal(row[KSM.full_scans], row[SCAN.passes])
})

test('a batch as large as the memory does not see the end of the scan: the next one does, and does nothing else', (t) => {
  const host = bootedHost([20])
  const { steps } = run(t, { host, phases: [{ pages_to_scan: 20, sleep_millisecs: 20 }], phaseMs: 200 })
  const growth = steps.map(({ scanned }, index) => scanned - (steps[index - 1]?.scanned ?? 0))
  assert.deepEqual([...new Set(growth.filter((_, index) => index > 0))].sort(), [0, 20])
})

test('a full scan tells how many pages were merged or new to it: that is how a warm-up knows its end', (t) => {
  const host = bootedHost([10, 10], () => 5)
  const seen: number[][] = []
  run(t, {
    host,
    phases: [{ pages_to_scan: 100, sleep_millisecs: 1 }],
    phaseMs: 40,
    onSleep: () => {
      if (host.scanRow[SCAN.passes]! > seen.length)
        seen.push([host.scanRow[LAST_PASS.news]!, host.scanRow[LAST_PASS.pages]!])
    },
  })
  assert.deepEqual(seen.slice(0, 3), [
    [20, 20],
    [19, 20],
    [0, 20],
  ])
})

test('run 0 stops the scan where it is and leaves what is merged; run 1 goes on from there', (t) => {
  const host = bootedHost([40, 40], () => 7)
  const scans = new Set<number>()
  const { row } = run(t, {
    host,
    phases: [
      { pages_to_scan: 80, sleep_millisecs: 1 },
      { run: 0 },
      { run: 1, pages_to_scan: 80, sleep_millisecs: 1 },
    ],
    onSleep: (ms) => {
      if (ms < 1050 || ms > 1950) return
      assert.equal(host.scanRow[KSM.pages_sharing], 79)
      assert.equal(host.pte(1, 3), sharedPte(host.mpn(0, 0)))
      scans.add(host.scanRow[KSM.full_scans]!)
    },
  })
  assert.equal(scans.size, 1)
  assert(row[KSM.full_scans]! > [...scans][0]!)
  host.assertIntact()
})

test('run 2 gives every page a frame of its own again, and all counters of pages are 0; then it rests', (t) => {
  const host = bootedHost([30, 30], (page) => page % 6)
  const merged: number[] = []
  const { row } = run(t, {
    host,
    phases: [{ pages_to_scan: 100, sleep_millisecs: 1, use_zero_pages: 1 }, { run: 2 }],
    phaseMs: 60,
    onSleep: (ms) => {
      if (ms < 60) merged.push(host.scanRow[KSM.pages_sharing]!)
    },
  })
  assert.equal(merged.at(-1), 45)
  const scanned = row[SCAN.pagesScanned]
  for (const field of [
    'pages_shared',
    'pages_sharing',
    'pages_unshared',
    'rmapItems',
    'full_scans',
    'zeroFrame',
  ] as const)
    assert.equal(row[KSM[field]], 0, field)
  for (const [guest, { pages }] of host.guests.entries())
    for (let ppn = 0; ppn < pages; ppn++) assert.equal(host.pte(guest, ppn) & SHARED, 0)
  assert.equal(row[SCAN.pagesScanned], scanned)
  host.assertIntact()
})

test('an unmerge without frames waits for some, holding no page meanwhile, and goes on when they come', (t) => {
  const host = new TestHost({ guests: [32, 32], frames: 40 })
  // All the same: 64 pages merge into one frame as they come, 39 frames are free, and are then taken by somebody else.
  const { scannerView } = host
  const taken: number[] = []
  let written = 0
  const { row } = run(t, {
    host,
    phases: [{ pages_to_scan: 1000, sleep_millisecs: 1 }, { run: 2 }],
    phaseMs: 2000,
    onSleep: (ms) => {
      if (ms < 1900 && host.freeFrames() > 16 && written < 64) {
        for (let more = 0; more < 8 && written < 64; more++, written++)
          host.guests[written >> 5]!.contents.writeKnown(written & 31, 9)
      }
      if (ms > 1950 && ms < 1990 && taken.length === 0) {
        for (let mpn = host.reclaimerView.allocator.allocate(); mpn >= 0 && taken.length < 30; ) {
          taken.push(mpn)
          mpn = host.reclaimerView.allocator.allocate()
        }
      }
    },
  })
  assert.equal(written, 64)
  assert(taken.length >= 30)
  const shared = host.guests.flatMap(({ firstPage, pages }) =>
    Array.from({ length: pages }, (_, ppn) => host.handle.ptes[firstPage + ppn]!).filter(
      (pte) => (pte & SHARED) !== 0,
    ),
  )
  assert(shared.length > 0, 'there were frames for all')
  assert(scannerView.allocator.isReclaimRequested(), 'nobody was asked for frames')
  assert(row[KSM.pages_sharing]! > 0)
  assert(shared.every((pte) => mpnOf(pte) === mpnOf(shared[0]!)))
})

test('an unmerge that its phase cut short begins anew: what was merged meanwhile is unmerged, too', (t) => {
  const host = bootedHost([8, 8], () => 7)
  const task = {
    machine: host.handle,
    counters: host.counters,
    thread: host.guests.length,
    guests: host.guests,
  } as unknown as ScannerTask
  const clock = new FakeClock(t)
  const control = new FakeControl(clock, { guests: host.guests.length, phases: 4 })
  const rates = ([1, 2, 1, 2] as const).map((run) => ({
    ...KSM_DEFAULTS,
    run,
    smart_scan: 0 as const,
    sleep_millisecs: 0,
  }))
  const plan: KsmPlan = { policy: 'ksm', count: 1, onDeath: 'fail', CONFIG_HZ: 250, fixed: rates[0]!, rates }
  const ksmd = new Ksmd(host.scannerView, task, plan, control, 1)
  for (const [phase, steps] of [60, 8, 60, 60].entries()) {
    control.startPhase(phase, clock.startNs)
    for (let step = 0; step < steps; step++) ksmd.step()
  }
  for (const { firstPage, pages } of host.guests)
    for (let page = firstPage; page < firstPage + pages; page++)
      assert.equal(host.handle.ptes[page]! & SHARED, 0, `page ${page} is still shared`)
  assert.equal(host.scanRow[KSM.rmapItems], 0)
  host.assertIntact()
})

test('the advisor decides how many pages a batch has, at the end of each full scan', (t) => {
  const host = bootedHost([200])
  const seen: [number, number][] = []
  run(t, {
    host,
    phases: [
      {
        advisor_mode: 'scan-time',
        advisor_min_pages_to_scan: 10,
        advisor_target_scan_time: 1,
        advisor_max_cpu: 100,
        sleep_millisecs: 20,
      },
    ],
    phaseMs: 3000,
    onSleep: () => {
      const scans = host.scanRow[KSM.full_scans]!
      if (scans !== seen.at(-1)?.[0]) seen.push([scans, host.scanRow[KSM.pages_to_scan]!])
    },
  })
  // A scan of 200 pages takes about half a second, less than a whole one: as long as is wanted. The first changes are
  // held back, and no processor time is known here: a percent of a processor allows as many pages as there are now.
  assert.equal(seen[0]![1], 10)
  assert(seen.length > 3)
  assert.deepEqual(
    seen.slice(1, 4).map(([, pages]) => pages),
    [100, 1000, 10_000],
  )
})

test('steered to another pages_to_scan its batches have as many, and none at 0, until it is let go', (t) => {
  const steering = [10, 0, undefined]
  const moments = [{ ms: 0, scanned: 0 }]
  // More than are scanned: a batch ends early with a full scan.
  const host = bootedHost([9500])
  run(t, {
    host,
    phases: [{ run: 1, pages_to_scan: 100 }],
    phaseMs: 4000,
    onSleep: (ms, control) => {
      const isLast = moments.length > steering.length
      if (ms < 1000 * moments.length || (isLast && ms < 3990)) return
      if (!isLast) control.steerScanRate(steering[moments.length - 1])
      moments.push({ ms, scanned: host.scanRow[SCAN.pagesScanned]! })
    },
  })
  const pagesOfBatch = moments.slice(1).map(({ ms, scanned }, at) => {
    // 20 ms are six ticks of 4 ms.
    const batches = (ms - moments[at]!.ms) / 24
    return (scanned - moments[at]!.scanned) / batches
  })
  const [planned, fewer, none, again] = pagesOfBatch
  assert(Math.abs(planned! - 100) < 6, `${planned}`)
  assert(Math.abs(fewer! - 10) < 3, `${fewer}`)
  assert.equal(none, 0)
  assert(Math.abs(again! - 100) < 6, `${again}`)
})

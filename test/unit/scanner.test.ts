import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { LAST_PASS, SCAN } from '../../src/measure/counters.js'
import type { Plan, TpsPlan, TpsRates } from '../../src/scenario/plan.js'
import { type Policy, SCAN_PAGES_MAX } from '../../src/sharing/policy.js'
import { createScanHands } from '../../src/sharing/scan-hands.js'
import { ALL_PAGES, ScanPart } from '../../src/sharing/scan-part.js'
import { Scanner } from '../../src/sharing/scanner.js'
import { AT_ONCE, drive, ON_EVENT } from '../../src/sync/actor.js'
import type { Control } from '../../src/sync/control.js'
import { FakeClock, FakeControl } from '../support/fake-clock.js'
import { type HostOptions, scanCounts, TestHost } from '../support/host.js'

const ESX: TpsRates = {
  unthrottled: false,
  ShareScanTimeSeconds: 3600,
  ShareScanGHz: 4,
  ShareRateMax: 1024,
}
const UNTHROTTLED: TpsRates = { ...ESX, unthrottled: true }

interface Setting {
  host: TestHost
  rates: TpsRates
  /** Of the run, on the fake clock, or by what the scanner has done. */
  isOver: (elapsedMs: number, row: Float64Array) => boolean
  order?: 'random' | 'sequential'
  part?: ScanPart
  onSleep?: (elapsedMs: number, control: Control) => void
}

function planOf(rates: TpsRates, order: 'random' | 'sequential' = 'sequential') {
  return {
    seed: 1,
    host: { processors: 2, GHz: 3 } as Plan['host'],
    scanner: { policy: 'tps', order, ShareForceSalting: 0, onDeath: 'fail', rates: [rates] } as TpsPlan,
  }
}

/** Runs the scanner through one phase; returns how often each page was visited. */
function scan(t: TestContext, { host, rates, isOver, order, part, onSleep }: Setting): number[] {
  const clock = new FakeClock(t)
  const control: FakeControl = new FakeControl(clock, { guests: host.guests.length }, () =>
    onSleep?.(clock.elapsedMs(), control),
  )
  control.startPhase(0, clock.startNs)
  control.isStopping = () => isOver(clock.elapsedMs(), host.scanRow)
  const plan = planOf(rates, order)
  const visits = new Array<number>(host.handle.ptes.length).fill(0)
  const { policy } = host
  const scan = policy.scan.bind(policy)
  policy.scan = (pages, count, guest) => {
    for (const page of pages.subarray(0, count)) {
      visits[page]! += 1
      assert.equal(
        guest,
        host.guests.findLastIndex(({ firstPage }) => firstPage <= page),
      )
    }
    scan(pages, count, guest)
  }
  const hands = createScanHands(((part?.index ?? 0) + 1) * host.guests.length)
  drive(new Scanner(policy, control, host.scanRow, plan, host.guests, host.handle.ptes, hands, part), control)
  t.mock.restoreAll()
  host.assertIntact()
  return visits
}

function bootedHost(options: HostOptions = {}): TestHost {
  const host = new TestHost({ guests: [100, 100], frames: 240, ...options })
  for (const { contents } of host.guests)
    for (let ppn = 0; ppn < 100; ppn++) contents.writeKnown(ppn, 1 + ppn)
  return host
}

test('unthrottled, every guest is scanned pass after pass, and all equal pages are found', (t) => {
  const host = bootedHost()
  const visits = scan(t, { host, rates: UNTHROTTLED, isOver: (_, row) => row[SCAN.passes] === 3 })
  assert.ok(
    visits.every((count) => count >= 3 && count <= 4),
    `${visits}`,
  )
  assert.equal(scanCounts(host.scanRow).merges, 100)
  assert.equal(host.freeFrames(), 240 - 100)
  assert.equal(host.scanRow[SCAN.pagesAsked], host.scanRow[SCAN.pagesScanned])
})

test('a pass is over when every guest has had it, and tells what it merged and visited', (t) => {
  // The first guest has a tenth of the second one's pages, and so ten times as many passes.
  const host = new TestHost({ guests: [64, 640], frames: 800 })
  for (const { contents, pages } of host.guests) {
    for (let ppn = 0; ppn < pages; ppn++) contents.writeKnown(ppn, 1 + ppn)
  }
  const rows: number[][] = []
  scan(t, {
    host,
    rates: UNTHROTTLED,
    isOver: (_, row) => {
      if (row[SCAN.passes]! > rows.length) rows.push([row[LAST_PASS.news]!, row[LAST_PASS.pages]!])
      return rows.length === 3
    },
  })
  const [first, second, third] = rows as [number[], number[], number[]]
  assert.equal(first[0], 64)
  assert.deepEqual([second[0], third[0]], [0, 0])
  for (const [, pages] of rows) assert.ok(pages! >= 640 && pages! <= 640 * 2 + 128, `${pages}`)
})

test('guests that are left alone are not visited, and passes do not wait for them', (t) => {
  const host = bootedHost({ share: [true, false] })
  const visits = scan(t, { host, rates: UNTHROTTLED, isOver: (_, row) => row[SCAN.passes] === 2 })
  assert.ok(visits.slice(0, 100).every((count) => count >= 2))
  assert.ok(visits.slice(100).every((count) => count === 0))
})

test('an empty host is looked at again and again, until a guest touches a page', (t) => {
  const host = new TestHost({ guests: [100] })
  let touched = false
  const visits = scan(t, {
    host,
    rates: UNTHROTTLED,
    isOver: (_, row) => row[SCAN.pagesScanned]! > 0,
    onSleep: () => {
      if (!touched) host.guests[0]!.contents.writeKnown(7, 1)
      touched = true
    },
  })
  assert.deepEqual([visits.findIndex((count) => count > 0), touched], [7, true])
})

test('at ESX rates a guest is scanned once in ShareScanTime, page by page', (t) => {
  const host = bootedHost()
  // 100 pages in 10 s: 10 pages/s of each guest.
  const rates = { ...ESX, ShareScanTimeSeconds: 10 }
  const visits = scan(t, { host, rates, isOver: (elapsedMs) => elapsedMs >= 10_020 })
  const scanned = host.scanRow[SCAN.pagesScanned]!
  assert.ok(scanned >= 198 && scanned <= 202, `${scanned}`)
  assert.ok(visits.every((count) => count >= 0 && count <= 2))
  assert.ok(Math.abs(host.scanRow[SCAN.pagesAsked]! - 200.4) < 1)
})

test('ShareRateMax slows each guest down, ShareScanGHz all of them', (t) => {
  const limited = bootedHost()
  scan(t, {
    host: limited,
    rates: { ...ESX, ShareScanTimeSeconds: 1, ShareRateMax: 5 },
    isOver: (ms) => ms >= 10_000,
  })
  const scannedAtMax = limited.scanRow[SCAN.pagesScanned]!
  assert.ok(scannedAtMax >= 98 && scannedAtMax <= 102, `${scannedAtMax}`)
  // 0.05 MB/s for each of 6 GHz: 76.8 pages/s, where 200 are wanted.
  const slow = bootedHost()
  scan(t, {
    host: slow,
    rates: { ...ESX, ShareScanTimeSeconds: 1, ShareScanGHz: 0.05 },
    isOver: (ms) => ms >= 10_000,
  })
  const scannedSlowly = slow.scanRow[SCAN.pagesScanned]!
  assert.ok(scannedSlowly >= 762 && scannedSlowly <= 770, `${scannedSlowly}`)
})

test('guests that are left alone use up nothing of what the host may scan', (t) => {
  // 0.0125 MB/s for each of 6 GHz: 19.2 pages/s, where each guest wants 100.
  const host = bootedHost({ share: [true, false] })
  const rates = { ...ESX, ShareScanTimeSeconds: 1, ShareScanGHz: 0.0125 }
  scan(t, { host, rates, isOver: (elapsedMs) => elapsedMs >= 10_000 })
  const scanned = host.scanRow[SCAN.pagesScanned]!
  assert.ok(scanned >= 190 && scanned <= 194, `${scanned}`)
})

for (const off of [{ ShareScanGHz: 0 }, { ShareRateMax: 0 }]) {
  test(`${JSON.stringify(off)} turns scanning off`, (t) => {
    const host = bootedHost()
    scan(t, { host, rates: { ...ESX, ...off }, isOver: (elapsedMs) => elapsedMs > 60_000 })
    assert.deepEqual(scanCounts(host.scanRow), {})
  })
}

test('a scanner that was kept from its processor catches up on a second at most, and says what was asked of it', (t) => {
  const host = bootedHost()
  const rates = { ...ESX, ShareScanTimeSeconds: 10 }
  let delayed = false
  const delay = (elapsedMs: number) => {
    if (delayed || elapsedMs < 1000) return
    delayed = true
    // From here on the clock shows 60 s more.
    const { now } = performance
    t.mock.method(performance, 'now', () => now.call(performance) + 60_000)
  }
  scan(t, { host, rates, onSleep: delay, isOver: (elapsedMs) => elapsedMs >= 62_000 })
  const scanned = host.scanRow[SCAN.pagesScanned]!
  // Two seconds at 20 pages/s and one second caught up, of 62 that were asked for.
  assert.ok(scanned >= 55 && scanned <= 62, `${scanned}`)
  assert.ok(Math.abs(host.scanRow[SCAN.pagesAsked]! - 62 * 20) < 2)
})

test('steered, it scans all guests together at that rate, or no page more, or as planned again', (t) => {
  const host = bootedHost()
  // 20 pages/s of both.
  const rates = { ...ESX, ShareScanTimeSeconds: 10 }
  const steering = [1000, 0, undefined]
  const scanned = [0]
  scan(t, {
    host,
    rates,
    onSleep: (elapsedMs, control) => {
      if (elapsedMs < 2000 * scanned.length || scanned.length > steering.length) return
      // At 500 pages/s of a guest it was woken to scan five: steered to none, it must leave them.
      control.steerScanRate(steering[scanned.length - 1])
      scanned.push(host.scanRow[SCAN.pagesScanned]!)
    },
    isOver: (elapsedMs) => elapsedMs >= 8000,
  })
  scanned.push(host.scanRow[SCAN.pagesScanned]!)
  const [planned, faster, none, again] = scanned.slice(1).map((count, at) => count - scanned[at]!)
  assert(planned! >= 36 && planned! <= 42, `${planned}`)
  assert(faster! >= 1950 && faster! <= 2020, `${faster}`)
  assert.equal(none, 0)
  assert(again! >= 36 && again! <= 42, `${again}`)
})

/** A scanner in an unthrottled phase, to be stepped. */
function unthrottledScanner(
  t: TestContext,
  host: TestHost,
  part: ScanPart,
  policy: Pick<Policy, 'scan'>,
  row: Float64Array,
) {
  const clock = new FakeClock(t)
  const control = new FakeControl(clock, { guests: host.guests.length })
  control.startPhase(0, clock.startNs)
  const plan = planOf(UNTHROTTLED, 'random')
  const hands = createScanHands((part.index + 1) * host.guests.length)
  return new Scanner(policy, control, row, plan, host.guests, host.handle.ptes, hands, part)
}

test('two scanners find what one would, each pass of theirs together is a visit to every page', (t) => {
  const host = bootedHost()
  const visits = new Array<number>(200).fill(0)
  const scanners = [
    { policy: host.policy, row: host.scanRow },
    { policy: host.otherPolicy, row: host.reclaimRow },
  ].map(({ policy, row }, index) => {
    const scan: Policy['scan'] = (pages, count, guest) => {
      for (const page of pages.subarray(0, count)) visits[page]! += 1
      policy.scan(pages, count, guest)
    }
    return { row, scanner: unthrottledScanner(t, host, new ScanPart(index, 2), { scan }, row) }
  })
  while (scanners.some(({ row }) => row[SCAN.passes]! < 1)) {
    for (const { row, scanner } of scanners) if (row[SCAN.passes]! < 1) assert.equal(scanner.step(), AT_ONCE)
  }
  assert.ok(
    visits.every((count) => count >= 1),
    `${visits}`,
  )
  const [one, other] = scanners.map(({ row }) => row)
  assert.equal(one![SCAN.merges]! + other![SCAN.merges]!, 100)
  assert.equal(one![LAST_PASS.news]! + other![LAST_PASS.news]!, 100)
  const scanned = one![SCAN.pagesScanned]! + other![SCAN.pagesScanned]!
  assert.equal(one![LAST_PASS.pages]! + other![LAST_PASS.pages]!, scanned)
  host.assertIntact()
})

test('several scanners are asked together for what one would be, and do it', (t) => {
  // 100 pages in 10 s: 10 pages/s of each of two guests, whose chunks are not dealt out evenly.
  const rates = { ...ESX, ShareScanTimeSeconds: 10 }
  let scanned = 0
  let asked = 0
  for (let index = 0; index < 3; index++) {
    const host = bootedHost()
    const part = new ScanPart(index, 3)
    const visits = scan(t, { host, rates, part, isOver: (elapsedMs) => elapsedMs >= 10_020 })
    assert.ok(visits.every((count) => count <= 2))
    scanned += host.scanRow[SCAN.pagesScanned]!
    asked += host.scanRow[SCAN.pagesAsked]!
  }
  assert.ok(scanned >= 196 && scanned <= 204, `${scanned}`)
  assert.ok(Math.abs(asked - 200.4) < 1, `${asked}`)
})

test('unthrottled, the end of a pass is no reason to rest; that no page is there is', (t) => {
  // Two whole batches: the third of a pass finds nothing but its end.
  const pages = 2 * SCAN_PAGES_MAX
  const host = new TestHost({ guests: [pages], frames: pages + 40 })
  for (let ppn = 0; ppn < pages; ppn++) host.guests[0]!.contents.writeKnown(ppn, 1 + ppn)
  const scanner = unthrottledScanner(t, host, ALL_PAGES, host.policy, host.scanRow)
  for (let step = 0; step < 20; step++) assert.equal(scanner.step(), AT_ONCE, `step ${step}`)
  assert.ok(host.scanRow[SCAN.passes]! >= 3)
  host.handle.ptes.fill(0)
  const wakes = Array.from({ length: 20 }, () => scanner.step())
  assert.ok(wakes.some((wakeNs) => wakeNs !== AT_ONCE))
})

test('a scanner without a page rests until something changes', (t) => {
  const host = bootedHost()
  const scan = () => assert.fail('it has no page')
  const scanner = unthrottledScanner(t, host, new ScanPart(7, 8), { scan }, host.scanRow)
  assert.equal(scanner.step(), ON_EVENT)
  assert.deepEqual(scanCounts(host.scanRow), {})
})

test('each scanner takes an order of its own', (t) => {
  const host = new TestHost({ guests: [128], frames: 140 })
  for (let ppn = 0; ppn < 128; ppn++) host.guests[0]!.contents.writePrivate(ppn)
  const orderOf = (part: ScanPart) => {
    const visited: number[] = []
    const scan: Policy['scan'] = (pages, count) => {
      for (const page of pages.subarray(0, count)) visited.push(page % 64)
    }
    unthrottledScanner(t, host, part, { scan }, host.scanRow).step()
    return visited
  }
  const [one, other] = [orderOf(new ScanPart(0, 2)), orderOf(new ScanPart(1, 2))]
  assert.equal(one!.length, other!.length)
  assert.notDeepEqual(one, other)
  assert.deepEqual(orderOf(new ScanPart(1, 2)), other)
})

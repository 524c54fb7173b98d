import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TpsRates } from '../../src/scenario/plan.js'
import { RATE_DOUBLES, RateController, scanRates } from '../../src/sharing/rate.js'

const PAGES_OF_8_GIB = 2 ** 21
/** ESX's defaults. */
const ESX: TpsRates = {
  unthrottled: false,
  ShareScanTimeSeconds: 3600,
  ShareScanGHz: 4,
  ShareRateMax: 1024,
}
const HOST = { processors: 4, GHz: 3.4 }

function started(pagesPerSecond: number, nowNs: number): RateController {
  const rate = new RateController()
  rate.start(pagesPerSecond, nowNs)
  return rate
}

test("ESX's default scans a guest of 8 GiB in 60 min: 583 pages/s", () => {
  const [rate] = scanRates(ESX, HOST, [PAGES_OF_8_GIB])
  assert.equal(rate, PAGES_OF_8_GIB / 3600)
  assert.equal(Math.round(rate!), 583)
})

test('dividing memory and time by the same scale leaves the rate as it was', () => {
  const scale = 128
  const scaled = { ...ESX, ShareScanTimeSeconds: 3600 / scale }
  const [rate] = scanRates(scaled, HOST, [PAGES_OF_8_GIB / scale])
  assert.equal(Math.round(rate!), 583)
})

test('ShareRateMax is the most that one guest is scanned at', () => {
  const rates = scanRates({ ...ESX, ShareRateMax: 500 }, HOST, [PAGES_OF_8_GIB, 360_000])
  assert.deepEqual(rates, [500, 100])
})

test('ShareScanGHz holds for all guests together: 4 MB/s, so 1,024 pages/s, for each GHz of each processor', () => {
  const host = { processors: 1, GHz: 1 }
  const rates = scanRates({ ...ESX, ShareRateMax: 32_768 }, host, [
    PAGES_OF_8_GIB,
    PAGES_OF_8_GIB,
    PAGES_OF_8_GIB,
  ])
  assert.equal(Math.round(rates.reduce((sum, rate) => sum + rate, 0)), 1024)
  assert.equal(rates[0], rates[2])
  const half = scanRates({ ...ESX, ShareRateMax: 32_768, ShareScanGHz: 2 }, host, [PAGES_OF_8_GIB])
  assert.equal(Math.round(half[0]!), 512)
  const twoProcessors = scanRates(ESX, { processors: 2, GHz: 1 }, [
    PAGES_OF_8_GIB,
    PAGES_OF_8_GIB,
    PAGES_OF_8_GIB,
  ])
  assert.ok(
    twoProcessors.every((rate) => Math.round(rate) === 583),
    'below 2,048 pages/s nothing is cut',
  )
})

test('a host that is too slow is shared out in proportion to what each guest wants', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 10 ** 7 }), { minLength: 1, maxLength: 6 }), (pages) => {
      const fast = scanRates(ESX, { processors: 10_000, GHz: 3 }, pages)
      const slow = scanRates(ESX, { processors: 1, GHz: 0.1 }, pages)
      const hostMax = 4 * 0.1 * 256
      const wanted = fast.reduce((sum, rate) => sum + rate, 0)
      const part = Math.min(1, hostMax / wanted)
      slow.forEach((rate, guest) => {
        assert.ok(Math.abs(rate - fast[guest]! * part) < 1e-9 * (1 + rate))
      })
    }),
  )
})

test('0 turns scanning off, for either limit; a guest that does not share has no rate', () => {
  assert.deepEqual(scanRates({ ...ESX, ShareScanGHz: 0 }, HOST, [1000, 1000]), [0, 0])
  assert.deepEqual(scanRates({ ...ESX, ShareRateMax: 0 }, HOST, [1000, 1000]), [0, 0])
  assert.deepEqual(scanRates(ESX, HOST, [0, 3600]), [0, 1])
  assert.deepEqual(scanRates(ESX, HOST, [0, 0]), [0, 0])
})

test('the allowance is what time brings less what is used', () => {
  const rate = started(1000, 5e9)
  assert.equal(rate.available(), 0)
  assert.equal(rate.advance(5e9 + 10e6), 10)
  assert.equal(rate.available(), 10)
  rate.use(4)
  assert.equal(rate.available(), 6)
  assert.equal(rate.advance(5e9 + 15e6), 5)
  assert.equal(rate.available(), 11)
})

test('however often the scanner wakes, over time it may scan what the rate says', () => {
  const ticks = fc.array(fc.integer({ min: 0, max: 500_000_000 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(ticks, fc.double({ min: 2, max: 5000, noNaN: true }), (ticksNs, pagesPerSecond) => {
      // Ticks and rates at which the limit on catching up never bites.
      const rate = started(pagesPerSecond, 0)
      let nowNs = 0
      let asked = 0
      let scanned = 0
      for (const tickNs of ticksNs) {
        nowNs += tickNs
        asked += rate.advance(nowNs)
        scanned += rate.available()
        rate.use(rate.available())
      }
      const expected = (nowNs / 1e9) * pagesPerSecond
      assert.ok(Math.abs(asked - expected) < 1e-6 * (1 + expected))
      // Nothing is lost but the part of a page that is still due.
      assert.ok(scanned <= expected + 1e-6 && scanned > expected - 1 - 1e-6, `${scanned} of ${expected}`)
    }),
  )
})

test('a scanner that was kept from a processor catches up on one second, and what it lost was asked for', () => {
  const rate = started(100, 0)
  assert.equal(rate.advance(60e9), 6000)
  assert.equal(rate.available(), 100)
  rate.use(100)
  rate.advance(60e9 + 10e6)
  assert.equal(rate.available(), 1)
})

test('a rate below a page per second still comes to a page', () => {
  const rate = started(0.25, 0)
  for (let second = 1; second < 4; second++) rate.advance(second * 1e9)
  assert.equal(rate.available(), 0)
  rate.advance(4e9)
  assert.equal(rate.available(), 1)
  rate.use(1)
  rate.advance(100e9)
  assert.equal(rate.available(), 1)
})

test('a new rate begins where the old one ends, and keeps what part of a page was due', () => {
  const rate = started(0.5, 0)
  rate.advance(1e9)
  assert.equal(rate.available(), 0)
  // Nothing is due for the time between two phases.
  rate.start(1, 500e9)
  assert.equal(rate.advance(500.5e9), 0.5)
  assert.equal(rate.available(), 1)
})

test('a rate that is changed goes on from what was due, and is kept for a second of the new one', () => {
  const rate = started(10, 0)
  rate.change(100, 0.55e9)
  assert.equal(rate.available(), 5)
  rate.advance(0.6e9)
  assert.deepEqual([rate.available(), rate.askedPages()], [10, 10.5])
  rate.change(2, 0.6e9)
  assert.equal(rate.available(), 2)
  rate.change(0, 0.6e9)
  rate.advance(60e9)
  assert.equal(rate.askedPages(), 10.5)
})

test('what is asked for is used, left to catch up on, or lost', () => {
  const steps = fc.array(fc.record({ ms: fc.nat(3000), used: fc.nat(2000) }), { maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), steps, (pagesPerSecond, all) => {
      const rate = started(pagesPerSecond, 0)
      let nowNs = 0
      let usedPages = 0
      for (const { ms, used } of all) {
        nowNs += ms * 1e6
        rate.advance(nowNs)
        const pages = Math.min(used, rate.available())
        rate.use(pages)
        usedPages += pages
      }
      const leftPages = rate.askedPages() - rate.lostPages() - usedPages
      assert.ok(leftPages > -1e-6 && leftPages <= pagesPerSecond + 1e-6, `${leftPages}`)
      assert.ok(Math.abs(leftPages - rate.available()) < 1)
    }),
  )
})

test('nothing is lost within a second, and nothing without a rate', () => {
  const rate = started(1000, 0)
  rate.advance(1e9)
  assert.equal(rate.lostPages(), 0)
  rate.advance(3e9)
  assert.deepEqual([rate.askedPages(), rate.lostPages(), rate.available()], [3000, 2000, 1000])
  rate.start(0, 4e9)
  rate.advance(9e9)
  assert.deepEqual([rate.askedPages(), rate.lostPages()], [0, 0])
})

test('a copy of its state tells what it would find later, and changes nothing', () => {
  const state = new Float64Array(RATE_DOUBLES)
  const rate = new RateController(state)
  rate.start(1000, 0)
  const copy = new RateController(state.slice())
  copy.advance(5e9)
  assert.deepEqual([copy.lostPages(), rate.lostPages()], [4000, 0])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { ScanLag } from '../../src/experiment/scan-lag.js'
import { RateController } from '../../src/sharing/rate.js'
import { createScanHands, ScanHand } from '../../src/sharing/scan-hands.js'

const PAGES = 160
const PER_SECOND = 40
const SECOND_NS = 1e9

/** One scanner that goes through two guests' pages in order, 40 a second of each, and may be stopped. */
class Scene {
  readonly hands = createScanHands(2)
  readonly lag: ScanLag
  readonly hand = new ScanHand(this.hands, 1)
  readonly rate = new RateController(this.hand.rate)
  private sampledSeconds = 0

  constructor() {
    const guests = [0, 1].map((guest) => ({
      firstPage: guest * PAGES,
      pages: PAGES,
      share: true,
      salt: undefined,
    }))
    const plan = { seed: 1, scanner: { policy: 'tps', count: 1, order: 'sequential' } }
    const task = { index: 0, plan, guests, scanHands: this.hands } as unknown as ScannerTask
    this.lag = new ScanLag([task], 2 * PAGES)
    this.hand.enter(0)
    this.rate.start(PER_SECOND, 0)
  }

  /** The scanner has been to `places` of a pass at this time. */
  scanned(seconds: number, places: number, passes = 0): void {
    this.rate.advance(seconds * SECOND_NS)
    this.rate.use(this.rate.available())
    this.hand.moveTo(passes, places)
  }

  /** Takes a sample at this time; which of the second guest's pages that wait are overdue? */
  overdue(seconds: number, waiting: readonly number[], phase = 0): number[] {
    this.lag.begin(phase, seconds * SECOND_NS)
    return waiting.filter((ppn) => this.lag.isOverdue(PAGES + ppn, 1))
  }

  /** All pages have been waiting since the beginning of the phase. */
  waitFromTheStart(): readonly number[] {
    const all = Array.from({ length: PAGES }, (_, ppn) => ppn)
    assert.deepEqual(this.overdue(this.sampledSeconds, all), [])
    return all
  }
}

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index)
}

test('a scanner that keeps up leaves no page overdue', () => {
  const scene = new Scene()
  const all = scene.waitFromTheStart()
  for (let second = 1; second <= 4; second++) {
    scene.scanned(second, 40 * second)
    assert.deepEqual(scene.overdue(second, all), [])
  }
})

test('late by less than it may catch up on, it leaves none either', () => {
  const scene = new Scene()
  const all = scene.waitFromTheStart()
  assert.deepEqual(scene.overdue(1, all), [])
})

test('pages that one on time would have been to are overdue: as many as were lost, and those that come next', () => {
  const scene = new Scene()
  const all = scene.waitFromTheStart()
  scene.scanned(1, 40)
  // Until 4 s it does nothing: of 120 pages it may catch up on 40.
  assert.deepEqual(scene.overdue(4, all), range(40, 120))
  scene.scanned(4, 80)
  assert.deepEqual(scene.overdue(4, all), range(80, 160))
})

test('so they are while the scanner does not even come to look', () => {
  const scene = new Scene()
  const all = scene.waitFromTheStart()
  assert.deepEqual(scene.overdue(3, all), range(0, 80))
})

test('what began to wait after the scanner on time would have been there is not overdue', () => {
  const scene = new Scene()
  scene.waitFromTheStart()
  scene.scanned(1, 40)
  assert.deepEqual(scene.overdue(2, []), [])
  // By 4 s it would have been to 40 … 119, but these may have been stored to since.
  assert.deepEqual(scene.overdue(4, range(40, 160)), [])
  assert.deepEqual(scene.overdue(5, range(40, 160)), [])
})

test('what waits ever since is overdue once the scanner on time has passed it again', () => {
  const scene = new Scene()
  scene.waitFromTheStart()
  scene.scanned(1, 40)
  scene.overdue(2, [])
  // 50 came at 1.25 s, and comes again at 5.25 s; for another second that may be caught up on.
  for (const second of [4, 5, 6]) assert.deepEqual(scene.overdue(second, [50]), [], `${second} s`)
  assert.deepEqual(scene.overdue(7, [50]), [50])
})

test('in another phase, and in one whose rate the scanner does not know yet, nothing is lost', () => {
  const scene = new Scene()
  const all = scene.waitFromTheStart()
  assert.deepEqual(scene.overdue(9, all, 1), [])
  scene.hand.enter(1)
  scene.rate.start(PER_SECOND, 9 * SECOND_NS)
  assert.deepEqual(scene.overdue(10, all, 1), [])
  assert.deepEqual(scene.overdue(12, all, 1), range(0, 80))
})

test('of a guest with half of its pages present a page lost is worth two places', () => {
  const scene = new Scene()
  const all = scene.waitFromTheStart()
  scene.lag.notePresent(1, 0.5)
  assert.deepEqual(scene.overdue(2, all), range(0, 80))
})

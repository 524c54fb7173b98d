/** Several scanners as one: counts added up, and passes that are over when each has had its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabScan } from '../../src/experiment/lab-scan.js'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { counterRow, createCounters, LAST_PASS, SCAN } from '../../src/measure/counters.js'

/** Three scanners, after one guest. */
function scanOf(guest: { pages: number; share: boolean }) {
  const counters = createCounters(5)
  const tasks = [0, 1, 2].map((index) => {
    const guests = [{ firstPage: 0, ...guest }]
    return { counters, thread: 1 + index, index, guests, plan: { scanner: { count: 3 } } }
  })
  const rows = tasks.map(({ thread }) => counterRow(counters, thread))
  return { scan: new LabScan(tasks as unknown as ScannerTask[]), rows }
}

test('counts are added up, passes are those of the slowest', () => {
  const { scan, rows } = scanOf({ pages: 1000, share: true })
  for (const [index, row] of rows.entries()) {
    for (const field of Object.values(SCAN)) row[field] = 10 ** index * (1 + field)
    row[SCAN.passes] = 7 - index
    row[LAST_PASS.news] = 1 + index
    row[LAST_PASS.pages] = 100 * (1 + index)
  }
  const { passes, cpuSeconds, waitingSeconds, ...counts } = scan.counters()
  for (const [name, count] of Object.entries(counts)) {
    assert.equal(count, 111 * (1 + SCAN[name as keyof typeof SCAN]), name)
  }
  assert.equal(Object.keys(counts).length, 8)
  assert.equal(passes, 5)
  assert.deepEqual(scan.passes(), [7, 6, 5])
  assert.deepEqual(scan.lastPass(), { news: 6, pages: 600 })
  assert.deepEqual([cpuSeconds, waitingSeconds], [undefined, undefined], 'nothing is known of the threads')
})

test('a scanner without a page holds up no pass', () => {
  const { scan, rows } = scanOf({ pages: 100, share: true })
  rows[0]![SCAN.passes] = 3
  rows[1]![SCAN.passes] = 2
  assert.deepEqual(scan.passes(), [3, 2])
  assert.equal(scan.counters().passes, 2)
})

test('where no guest shares, no pass is ever over', () => {
  const { scan } = scanOf({ pages: 1000, share: false })
  assert.equal(Math.min(...scan.passes()), 0)
  assert.equal(scan.counters().passes, 0)
})

test('times are those of all scanners’ threads that the system tells of, and of no others', () => {
  const { scan } = scanOf({ pages: 1000, share: true })
  const of = (cpuSeconds: number, waitingSeconds: number) => {
    return {
      cpuSeconds,
      waitingSeconds,
      asleepSeconds: 0,
      slices: 0,
      voluntarySwitches: 0,
      involuntarySwitches: 0,
    }
  }
  const { cpuSeconds, waitingSeconds } = scan.counters([
    of(100, 100),
    of(1, 2),
    undefined,
    of(4, 8),
    of(100, 100),
  ])
  assert.deepEqual([cpuSeconds, waitingSeconds], [5, 10])
})

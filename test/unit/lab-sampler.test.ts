import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LabSampler } from '../../src/experiment/lab-sampler.js'
import { LabScan } from '../../src/experiment/lab-scan.js'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { type Accounts, NO_ACCOUNTS } from '../../src/experiment/run-accounts.js'
import { UNIQUE_TAG, ZERO_TAG } from '../../src/machine/machine.js'
import {
  ABSENT_PTE,
  LOCKED,
  mpnOf,
  PRESENT,
  privatePte,
  SHARED,
  SWAPPED,
  SWAPPED_PTE,
  sharedPte,
} from '../../src/machine/pte.js'
import { counterRow, createCounters, GUEST, RECLAIM, SCAN } from '../../src/measure/counters.js'
import type { Plan } from '../../src/scenario/plan.js'
import { createScanHands } from '../../src/sharing/scan-hands.js'
import { TestHost } from '../support/host.js'

const FRAMES = 70
const CONTENTS = 40

/** As much of a plan as a sampler reads. */
function planOf(host: TestHost, count: number): Plan {
  const guests = host.guests.map(({ pages, share, salt }) => ({ pages, share, salt }))
  const { frames } = host.handle.memory
  return {
    guests,
    host: { frames },
    contents: CONTENTS,
    seed: 1,
    phases: [{ name: 'settle' }, { name: 'idle' }],
    scanner: { policy: 'tps', count, order: 'random', ShareForceSalting: 0 },
  } as unknown as Plan
}

function samplerOf(
  host: TestHost,
  scanners = 1,
  counters = host.counters,
  accounts: Pick<Accounts, 'read'> = NO_ACCOUNTS,
): LabSampler {
  const { guests } = host
  const plan = planOf(host, scanners)
  const scanHands = createScanHands(scanners * guests.length)
  const tasks = Array.from({ length: scanners }, (_, index) => {
    return {
      counters,
      scanHands,
      thread: guests.length + index,
      index,
      plan,
      guests,
    } as unknown as ScannerTask
  })
  return new LabSampler(plan, host.handle, counters, new LabScan(tasks), accounts, tasks, () => 0)
}

const mpns = fc.nat(FRAMES - 1)
const pages = fc.record({
  pte: fc.oneof(
    fc.constantFrom(ABSENT_PTE, LOCKED, SWAPPED_PTE, SWAPPED_PTE | LOCKED),
    mpns.map(privatePte),
    mpns.map(sharedPte),
    mpns.map((mpn) => sharedPte(mpn) | LOCKED),
  ),
  tag: fc.oneof(fc.constantFrom(UNIQUE_TAG, ZERO_TAG, 31, 32, CONTENTS - 1), fc.integer({ min: 1, max: 6 })),
})

interface Page {
  pte: number
  tag: number
}

/** Frames that are met with several contents, as they can be while guests run, count once more for each that is new. */
function sharedFrames(present: readonly Page[]): number {
  const frames = new Set<number>()
  const contents = new Set<number>()
  let count = 0
  for (const { pte, tag } of present) {
    const isNew = tag === UNIQUE_TAG || !contents.has(tag)
    contents.add(tag)
    if ((pte & SHARED) === 0) continue
    if (isNew || !frames.has(mpnOf(pte))) count++
    frames.add(mpnOf(pte))
  }
  return count
}

/** The same figures, by sets. */
function bruteForce(host: TestHost, [from, to]: [number, number]) {
  const all = Array.from(host.handle.ptes, (pte, page) => ({ pte, tag: host.handle.tags[page]!, page }))
  const present = all.slice(from, to).filter(({ pte }) => (pte & PRESENT) !== 0)
  const shared = present.filter(({ pte }) => (pte & SHARED) !== 0)
  const contents = new Set(present.map(({ tag, page }) => (tag === UNIQUE_TAG ? `page ${page}` : tag)))
  const frames = sharedFrames(present)
  return {
    presentPages: present.length,
    sharedPages: shared.length,
    zeroPages: shared.filter(({ tag }) => tag === ZERO_TAG).length,
    swappedPages: all.slice(from, to).filter(({ pte }) => (pte & (PRESENT | SWAPPED)) === SWAPPED).length,
    sharedCommonPages: frames,
    savedPages: shared.length - frames,
    opportunityPages: present.length - contents.size,
  }
}

test('counts pages, frames and contents as sets of them would, whatever the page tables say', () => {
  const host = new TestHost({ guests: [20, 13, 30], frames: FRAMES })
  const sampler = samplerOf(host)
  fc.assert(
    fc.property(fc.array(pages, { minLength: 63, maxLength: 63 }), (all) => {
      all.forEach(({ pte, tag }, page) => {
        host.handle.ptes[page] = pte
        host.handle.tags[page] = tag
      })
      const sample = sampler.sample(12, 'idle', undefined)
      const expected = bruteForce(host, [0, 63])
      assert.deepEqual({ ...sample, ...expected }, sample)
      const missed = Object.values(sample.notShared!).reduce((sum, count) => sum + count, 0)
      assert.equal(missed, sample.opportunityPages - sample.savedPages)
      host.guests.forEach(({ firstPage, pages }, guest) => {
        const { presentPages, sharedPages, zeroPages, swappedPages } = bruteForce(host, [
          firstPage,
          firstPage + pages,
        ])
        const expectedOfGuest = { presentPages, sharedPages, zeroPages, swappedPages }
        assert.deepEqual({ ...sample.guests[guest], ...expectedOfGuest }, sample.guests[guest])
      })
    }),
    { numRuns: 300 },
  )
})

test('a host that shared all it could has saved its opportunity, and its footprint is what is left', () => {
  const host = new TestHost({ guests: [20, 20], frames: FRAMES })
  for (const { contents, mmu } of host.guests) {
    for (let ppn = 0; ppn < 10; ppn++) contents.writeKnown(ppn, 1 + (ppn % 5))
    for (let ppn = 10; ppn < 14; ppn++) contents.writePrivate(ppn)
    for (let ppn = 14; ppn < 17; ppn++) mmu.zero(ppn)
  }
  const sampler = samplerOf(host)
  const before = sampler.sample(0, 'settle', undefined)
  assert.deepEqual([before.savedPages, before.opportunityPages, before.footprintPages], [0, 34 - 14, 34])
  host.pass()
  const { savedPages, opportunityPages, footprintPages, zeroPages } = sampler.sample(1, 'settle', undefined)
  assert.deepEqual([savedPages, opportunityPages, footprintPages, zeroPages], [20, 20, 14, 6])
})

test('counters are those of the thread that each row belongs to', () => {
  const host = new TestHost({ guests: [2, 2] })
  for (const [guest, { counters }] of host.guests.entries()) {
    for (const field of Object.values(GUEST)) counters[field] = 1000 * (guest + 1) + field
  }
  for (const field of Object.values(SCAN)) host.scanRow[field] = 5000 + field
  host.reclaimRow[SCAN.merges] = 6000
  host.reclaimRow[RECLAIM.swapOuts] = 6001
  const sample = samplerOf(host).sample(90.5, 'benchmark', 3)
  assert.deepEqual([sample.timeSeconds, sample.phase, sample.snapshot], [90.5, 'benchmark', 3])
  assert.equal(sample.stores, 3000 + 2 * GUEST.stores)
  assert.equal(sample.cowFaults, 3000 + 2 * GUEST.cowFaults)
  assert.equal(sample.swapIns, 3000 + 2 * GUEST.swapIns)
  assert.deepEqual([sample.reclaimMerges, sample.swapOuts], [6000, 6001])
  for (const [name, field] of Object.entries(GUEST)) {
    assert.equal(sample.guests[1]![name as keyof typeof GUEST], 2000 + field)
  }
  const { cpuSeconds, waitingSeconds, ...counted } = sample.scan
  assert.equal(Object.keys(counted).length, 9)
  for (const [name, count] of Object.entries(counted)) {
    assert.equal(count, 5000 + SCAN[name as keyof typeof counted], name)
  }
  assert.deepEqual([cpuSeconds, waitingSeconds], [undefined, undefined], 'no scanner has attached')
})

test('the scanners come after the guests, and the reclaimer after all scanners', () => {
  const host = new TestHost({ guests: [2] })
  const counters = createCounters(1 + 3 + 1)
  for (const scanner of [0, 1, 2]) counterRow(counters, 1 + scanner)[SCAN.merges] = 10 ** scanner
  counterRow(counters, 4)[SCAN.merges] = 6000
  counterRow(counters, 4)[RECLAIM.swapOuts] = 6001
  const { scan, reclaimMerges, swapOuts } = samplerOf(host, 3, counters).sample(1, 'idle', undefined)
  assert.deepEqual([scan.merges, reclaimMerges, swapOuts], [111, 6000, 6001])
})

test('what the kernel counts of the threads is read once, and the scanners’ part of it is theirs', () => {
  const host = new TestHost({ guests: [2] })
  const threads = [1, 2, 4, 8].map((cpuSeconds) => ({
    ...{ cpuSeconds, waitingSeconds: 10 * cpuSeconds, asleepSeconds: 0 },
    ...{ slices: 1, voluntarySwitches: 1, involuntarySwitches: 0 },
  }))
  let readings = 0
  const read = () => ({ threads, host: undefined, readings: readings++ })
  const sample = samplerOf(host, 2, createCounters(4), { read }).sample(1, 'idle', undefined)
  assert.equal(readings, 1)
  assert.deepEqual(sample.threads, threads)
  assert.deepEqual([sample.scan.cpuSeconds, sample.scan.waitingSeconds], [6, 60])
})

/** What a scanner makes of its task: it shares as the plan says, and counts where it is to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReclaimerTask, ScannerTask } from '../../src/experiment/messages.js'
import { counterRow, RECLAIM, SCAN } from '../../src/measure/counters.js'
import { reclaimerOf, scannerOf } from '../../src/sharing/attach.js'
import { createScanHands } from '../../src/sharing/scan-hands.js'
import { Control, type ControlHandle, createControl } from '../../src/sync/control.js'
import { TestHost } from '../support/host.js'

const CONTENT = 5

/** A scanner's task, of a host with two guests. */
function taskOf(host: TestHost, control: ControlHandle, scanner: object, index = 0): ScannerTask {
  return {
    machine: host.handle,
    control,
    counters: host.counters,
    thread: 2,
    index,
    scanHands: createScanHands((index + 1) * host.guests.length),
    guests: host.guests,
    plan: {
      seed: 1,
      scanner: { policy: 'tps', count: 1, order: 'random', rates: [{ unthrottled: true }], ...scanner },
    } as unknown as ScannerTask['plan'],
  }
}

for (const [salts, ShareForceSalting, shares] of [
  [[1, 2], 0, true],
  [[1, 2], 2, false],
  [[3, 3], 2, true],
] as const) {
  test(`guests of salts ${salts}, under ShareForceSalting ${ShareForceSalting}: ${shares ? '' : 'not '}shared`, () => {
    const host = new TestHost({ salts })
    for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
    const handle = createControl(2, 4, 1)
    const task = taskOf(host, handle, { ShareForceSalting })
    const control = new Control(handle)
    control.startRun(0)
    control.startPhase(0, 0)
    const scanner = scannerOf(task, control, 1)
    while (counterRow(host.counters, 2)[SCAN.passes]! < 1) scanner.step()
    assert.equal(host.mpn(0, 0) === host.mpn(1, 0), shares)
    host.assertIntact()
  })
}

test('one of several scanners visits its part of the pages', () => {
  const host = new TestHost({ guests: [64, 64], frames: 140 })
  for (const { contents } of host.guests) for (let ppn = 0; ppn < 64; ppn++) contents.writePrivate(ppn)
  const handle = createControl(2, 5, 1)
  const control = new Control(handle)
  control.startPhase(0, 0)
  for (const [index, scanned] of [64, 64, 0].entries()) {
    const scanner = scannerOf(taskOf(host, handle, { count: 3 }, index), control)
    host.scanRow.fill(0)
    for (let steps = 0; steps < 3 && host.scanRow[SCAN.passes]! < 1; steps++) scanner.step()
    assert.equal(host.scanRow[SCAN.pagesScanned], scanned, `scanner ${index}`)
  }
})

for (const [scanner, merges, swapOuts] of [
  [{ policy: 'tps', ShareForceSalting: 0 }, 1, 0],
  [{ policy: 'ksm' }, 0, 1],
] as const) {
  test(`a reclaimer under policy ${scanner.policy} ${merges === 1 ? 'tries to share a page first' : 'only swaps'}`, () => {
    const host = new TestHost({ guests: [2], frames: 16, swap: true })
    for (const ppn of [0, 1]) host.guests[0]!.contents.writeKnown(ppn, CONTENT)
    const control = new Control(createControl(1, 3, 1))
    host.pass()
    const { allocator } = host.reclaimerView
    const task = {
      machine: host.handle,
      counters: host.counters,
      thread: 2,
      guests: host.guests,
      plan: { seed: 1, scanner },
      enoughFrames: allocator.availableFrames() + 1,
    } as unknown as ReclaimerTask
    host.guests[0]!.contents.writeKnown(1, CONTENT)
    const reclaimer = reclaimerOf(task, control)
    allocator.requestReclaim()
    for (let steps = 0; allocator.isReclaimRequested() && steps < 1000; steps++) reclaimer.step()
    const row = counterRow(host.counters, 2)
    assert.deepEqual([row[SCAN.merges], row[RECLAIM.swapOuts]], [merges, swapOuts])
    host.assertIntact()
    host.close()
  })
}

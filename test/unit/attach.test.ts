/** What a scanner makes of its task: it shares as the plan says, and counts where it is to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { counterRow, SCAN } from '../../src/measure/counters.js'
import { scannerOf } from '../../src/sharing/attach.js'
import { Control, createControl } from '../../src/sync/control.js'
import { TestHost } from '../support/host.js'

const CONTENT = 5

for (const [salts, ShareForceSalting, shares] of [
  [[1, 2], 0, true],
  [[1, 2], 2, false],
  [[3, 3], 2, true],
] as const) {
  test(`guests of salts ${salts}, under ShareForceSalting ${ShareForceSalting}: ${shares ? '' : 'not '}shared`, () => {
    const host = new TestHost({ salts })
    for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
    const handle = createControl(2, 4, 1)
    const task: ScannerTask = {
      machine: host.handle,
      control: handle,
      counters: host.counters,
      thread: 2,
      guests: host.guests,
      plan: {
        seed: 1,
        scanner: { policy: 'tps', order: 'random', ShareForceSalting, rates: [{ unthrottled: true }] },
      } as unknown as ScannerTask['plan'],
    }
    const control = new Control(handle)
    control.startRun(0)
    control.startPhase(0, 0)
    const scanner = scannerOf(task, control, 1)
    while (counterRow(host.counters, 2)[SCAN.passes]! < 1) scanner.step()
    assert.equal(host.mpn(0, 0) === host.mpn(1, 0), shares)
    host.assertIntact()
  })
}

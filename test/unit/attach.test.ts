/** What the thread of a scanner or reclaimer makes of its task: it shares as the plan says, and is counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { threadId } from '../../src/host/threads.js'
import { counterRow } from '../../src/measure/counters.js'
import { attachHypervisor } from '../../src/sharing/attach.js'
import { Control, createControl } from '../../src/sync/control.js'
import { scanCounts, TestHost } from '../support/host.js'

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
      plan: { scanner: { policy: 'tps', order: 'random', ShareForceSalting } } as ScannerTask['plan'],
    }
    const { policy, counters, control } = attachHypervisor(task)
    const leader = new Control(handle)
    assert.deepEqual([leader.attachedWorkers(), leader.threadId(2)], [1, threadId()])
    assert(!leader.isQuiet(2))
    control.arriveQuiet(2)
    assert(leader.isQuiet(2))
    for (const guest of [0, 1]) policy.visit(host.page(guest, 0), guest, true)
    assert.equal(host.mpn(0, 0) === host.mpn(1, 0), shares)
    assert.deepEqual(scanCounts(counters), scanCounts(counterRow(host.counters, 2)))
    assert.equal(scanCounts(counters).pagesScanned, 2)
    host.assertIntact()
  })
}

/** The accounts of a run's threads count from its start, whatever becomes of a thread. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { NO_ACCOUNTS, RunAccounts } from '../../src/experiment/run-accounts.js'
import { threadId, threadTimes } from '../../src/host/threads.js'
import { Control, createControl } from '../../src/sync/control.js'

const skip = threadTimes(threadId()) === undefined && 'this system keeps no such account'
/** More than any system numbers threads up to. */
const NO_THREAD = 2 ** 31 - 1

function compute(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('the first reading is the start; then time goes on, on a processor, waiting or asleep', { skip }, () => {
  const control = new Control(createControl(1, 2, 1))
  control.attach(0, threadId())
  const accounts = new RunAccounts(control)
  const beforeMs = performance.now()
  const start = accounts.read()
  const nothing = {
    slices: 0,
    voluntarySwitches: 0,
    involuntarySwitches: 0,
    cpuSeconds: 0,
    waitingSeconds: 0,
  }
  assert.deepEqual({ ...start.threads![0]!, asleepSeconds: 0 }, { ...nothing, asleepSeconds: 0 })
  assert.deepEqual(start.host!.run, { busy: 0, idle: 0, stolen: 0 })
  const startMs = performance.now()
  compute(60)
  const readMs = performance.now()
  const [thread, other] = accounts.read().threads!
  const endMs = performance.now()
  assert(thread!.cpuSeconds > 0)
  const sum = thread!.cpuSeconds + thread!.waitingSeconds + thread!.asleepSeconds
  // A reading may be interrupted, before or after it looks at the clock.
  const [least, most] = [(readMs - startMs) / 1000, (endMs - beforeMs) / 1000]
  assert(sum > 0.9 * least && sum < 1.1 * most, `${sum} of ${least} to ${most} s`)
  assert.equal(other, undefined, 'one that has not attached')
  accounts.close()
})

test('a thread that takes over counts from its own beginning, on top of what was before', { skip }, () => {
  const control = new Control(createControl(1, 1, 1))
  control.attach(0, NO_THREAD)
  const accounts = new RunAccounts(control)
  assert.deepEqual(accounts.read().threads, [undefined])
  control.attach(0, threadId())
  assert(accounts.read().threads![0]!.slices > 0)
  accounts.close()
})

test('it gives back the files that it opened', { skip }, () => {
  const openFiles = () => readdirSync('/proc/self/fd').length
  const before = openFiles()
  const control = new Control(createControl(1, 1, 1))
  control.attach(0, threadId())
  const accounts = new RunAccounts(control)
  accounts.read()
  assert.equal(openFiles(), before + 3)
  accounts.close()
  assert.equal(openFiles(), before)
})

test('a run without threads has no accounts', () => {
  assert.deepEqual(NO_ACCOUNTS.read(), {})
})

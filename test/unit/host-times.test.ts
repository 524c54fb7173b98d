/** How busy processors are, from /proc/stat: what is busy, what is idle, what was stolen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedProcessors } from '../../src/host/affinity.js'
import { HostClock, openHostClock, parseHostTimes } from '../../src/host/host-times.js'

/** In ticks of 10 ms: user nice system idle iowait irq softirq steal guest guest_nice; processor 2 is switched off. */
const STAT = `cpu  1100 220 330 4400 550 66 77 88 900 100
cpu0 100 20 30 400 50 6 7 8 90 10
cpu1 0 0 0 1000 0 0 0 0 0 0
cpu3 1000 200 300 3000 500 60 70 80 810 90
intr 123 456
ctxt 789
`

test('busy is what ran, steal is apart, a wait for the disk is idle, and guests are not counted twice', () => {
  const { run, whole } = parseHostTimes(STAT, [0])
  assert.deepEqual(run, { busy: (100 + 20 + 30 + 6 + 7) / 100, idle: (400 + 50) / 100, stolen: 8 / 100 })
  assert.deepEqual(whole, { busy: (1100 + 220 + 330 + 66 + 77) / 100, idle: 4950 / 100, stolen: 88 / 100 })
})

test('of several processors it is the sum; one that is switched off has no time', () => {
  const { run } = parseHostTimes(STAT, [0, 1, 2])
  assert.deepEqual(run, { busy: 1.63, idle: 14.5, stolen: 0.08 })
})

test('kernels of old, with fewer fields, have no steal', () => {
  const { whole } = parseHostTimes('cpu 100 0 0 300\n', [])
  assert.deepEqual(whole, { busy: 1, idle: 3, stolen: 0 })
})

test('it is as much as the beginning of the file that is read', () => {
  const readInto = (text: Uint8Array) => new TextEncoder().encodeInto(STAT, text).written
  const clock = new HostClock({ readInto, close: () => {} }, [1])
  assert.deepEqual(clock.read().run, { busy: 0, idle: 10, stolen: 0 })
})

test('this machine’s processors go on, those of this process among them', {
  skip: allowedProcessors() === undefined && 'this system does not tell',
}, () => {
  const clock = openHostClock()!
  const all = ({ busy, idle, stolen }: { busy: number; idle: number; stolen: number }) => busy + idle + stolen
  const before = clock.read()
  const end = performance.now() + 100
  while (performance.now() < end);
  const after = clock.read()
  assert(all(after.run) > all(before.run))
  assert(all(after.whole) >= all(after.run))
  assert(after.run.busy > before.run.busy, 'this very thread was busy')
  clock.close()
})

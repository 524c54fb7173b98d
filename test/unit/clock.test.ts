import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { byVirtualClock, epochMs, measureClockCostNs, nowNs, realNowNs } from '../../src/measure/clock.js'

const CLOCK = new URL('../../src/measure/clock.js', import.meta.url).href
const READ_CLOCK = `
  import(${JSON.stringify(CLOCK)}).then(({ nowNs }) => require('node:worker_threads').parentPort.postMessage(nowNs()))
`
/** The offset between two clocks is only as good as one reading of both. */
const TOLERANCE_NS = 5e6

test('never goes back', () => {
  let last = nowNs()
  for (let n = 0; n < 10_000; n++) {
    const now = nowNs()
    assert.ok(now >= last)
    last = now
  }
})

test("is the system's monotonic clock", () => {
  const before = Number(process.hrtime.bigint())
  const now = nowNs()
  const after = Number(process.hrtime.bigint())
  assert.ok(now > before - TOLERANCE_NS && now < after + TOLERANCE_NS)
})

test('a thread that starts later reads the same time', { timeout: 30_000 }, async () => {
  const before = nowNs()
  const worker = new Worker(READ_CLOCK, { eval: true })
  const [inWorker] = (await once(worker, 'message')) as [number]
  assert.ok(inWorker > before - TOLERANCE_NS && inWorker < nowNs() + TOLERANCE_NS)
})

test('knows what a reading costs: something, and less than a page fault', () => {
  const cost = measureClockCostNs()
  assert.ok(cost > 0 && cost < 100_000, `${cost}`)
})

test('a virtual clock stands still until it is moved, and is the clock of one call alone', () => {
  const clock = { ns: 5 }
  byVirtualClock(clock, () => {
    assert.equal(nowNs(), 5)
    clock.ns += 3e6
    assert.deepEqual([nowNs(), epochMs()], [clock.ns, 3.000005])
    assert.ok(realNowNs() > clock.ns)
  })
  const fails = () =>
    byVirtualClock(clock, () => {
      throw new Error('in the middle')
    })
  assert.throws(fails, /in the middle/)
  assert.ok(nowNs() > clock.ns && epochMs() > 1e12)
})

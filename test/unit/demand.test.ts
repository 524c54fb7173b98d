/** Part of a processor, asked for: by a clock and an account of it that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Demand, type Demanding, demandIn } from '../../src/guest/demand.js'
import { Prng } from '../../src/random/prng.js'

const SLICE_MS = 10
/** How far a thread computes before it looks again. */
const STEP_MS = 0.1
const TICK_MS = 4

interface Life {
  part: number
  ms: number
  seed?: number
  load?: number
  /** The part of what it wants of its processor that others leave it, at a time. */
  left?: (ms: number) => number
  /** How much of its time is accounted for while it runs. */
  account?: (cpuMs: number) => number
}

function lifeOf(part: number, seed = 1): Demanding {
  return { guest: 0, seed, phases: [{ name: 'busy' }], plan: { demand: [part] } } as unknown as Demanding
}

/** A thread that does nothing but what is demanded: what it has of its processor, by ms. */
function live({ part, ms, seed = 1, load = 1, left = () => 1, account = (cpuMs) => cpuMs }: Life): number[] {
  let cpuMs = 0
  let countedMs = 0
  const demand = demandIn(0, lifeOf(part, seed), () => countedMs * 1e6, load)!
  const had: number[] = []
  let now = 0
  while (now < ms) {
    const restMs = demand.restUntilNs(now * 1e6) / 1e6
    if (restMs > now) {
      now = restMs
      countedMs = cpuMs
    } else {
      now += STEP_MS
      cpuMs += STEP_MS * left(now)
      countedMs = Math.max(countedMs, account(cpuMs))
    }
    while (had.length < Math.min(now, ms)) had.push(cpuMs)
  }
  return had
}

test('what is asked for is had, over a phase and at any time of it, to within a slice', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.nat(1000), (part, seed) => {
      live({ part, ms: 400, seed }).forEach((cpuMs, ms) => {
        assert(Math.abs(cpuMs - part * ms) <= 1.5 * SLICE_MS, `${cpuMs} of ${ms} ms, instead of ${part}`)
      })
    }),
    { numRuns: 50 },
  )
})

test('an account that lags behind by a tick while the thread runs is made good', () => {
  const account = (cpuMs: number) => Math.floor(cpuMs / TICK_MS) * TICK_MS
  for (const part of [0.1, 0.5, 0.9]) {
    const had = live({ part, ms: 2000, account }).at(-1)!
    assert(Math.abs(had / 2000 - part) < 0.01, `${had / 2000} instead of ${part}`)
  }
})

test('a thread that shares its processor computes for longer, until it has what it asked for', () => {
  const had = live({ part: 0.4, ms: 2000, left: () => 0.6 }).at(-1)!
  assert(Math.abs(had / 2000 - 0.4) < 0.01, `${had / 2000}`)
})

test('what it could not get it makes up as far as a slice, and no further', () => {
  const had = live({ part: 0.5, ms: 1000, left: (ms) => (ms < 500 ? 0 : 1) })
  const extraMs = had.at(-1)! - 0.5 * 500
  assert(
    extraMs > 0.5 * SLICE_MS && extraMs <= 1.5 * SLICE_MS,
    `${extraMs} ms more than its part of the rest`,
  )
})

test('what it had too much it goes without as far as a slice, and no further', () => {
  let countedNs = 0
  const demand = new Demand(0.5, () => countedNs, new Prng(1))
  countedNs = 800e6
  let nowNs = 1000e6
  let computedNs = 0
  while (nowNs < 1500e6) {
    const restNs = demand.restUntilNs(nowNs)
    const stepNs = restNs > nowNs ? 0 : STEP_MS * 1e6
    computedNs += stepNs
    countedNs += stepNs
    nowNs = Math.max(restNs, nowNs + stepNs)
  }
  const lessNs = 250e6 - computedNs
  assert(lessNs > 0.5 * SLICE_MS * 1e6 && lessNs <= 1.5 * SLICE_MS * 1e6, `${lessNs / 1e6} ms less`)
})

test('who asks for all of a processor never rests, whatever the account says', () => {
  // Its clock is faster than that of the wall.
  let nowNs = 0
  const demand = new Demand(1, () => 1.01 * nowNs, new Prng(1))
  for (; nowNs < 100e6; nowNs += 1e5) assert.equal(demand.restUntilNs(nowNs), nowNs)
})

test('two guests do not march in step', () => {
  const startsOf = (seed: number) => {
    const had = live({ part: 0.2, ms: 1000, seed })
    return had.flatMap((cpuMs, ms) =>
      ms > 100 && cpuMs > had[ms - 1]! && had[ms - 1] === had[ms - 2] ? [ms] : [],
    )
  }
  const [one, two] = [startsOf(1), startsOf(2)]
  const together = one.filter((ms) => two.includes(ms)).length
  assert(one.length > 50 && together < one.length / 3, `${together} of ${one.length}`)
})

test('under another load another part is asked for, the whole at most, and nothing under none', () => {
  for (const [load, expected] of [
    [0.5, 0.2],
    [2, 0.8],
    [4, 1],
  ] as const) {
    const had = live({ part: 0.4, ms: 2000, load }).at(-1)! / 2000
    assert(Math.abs(had - expected) < 0.01, `${had} instead of ${expected}`)
  }
  assert.equal(
    demandIn(0, lifeOf(0.4), () => 0, 0),
    undefined,
  )
  assert.equal(
    demandIn(0, lifeOf(0), () => 0, 4),
    undefined,
  )
})

/** Long series keep what a reader would see: every curve's extremes, each phase's ends, and every fault. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chartsOf } from '../../src/charts/charts.js'
import { LIGHT } from '../../src/charts/theme.js'
import { keptSamples } from '../../src/charts/thin.js'
import { thinRun } from '../../src/charts/thin-run.js'
import { runView } from '../support/run-view.js'

const LENGTH = 600
const curve = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 }), { freq: 10 }), {
  minLength: LENGTH,
  maxLength: LENGTH,
})
const phases = fc
  .array(fc.integer({ min: 0, max: LENGTH }), { maxLength: 4 })
  .map((borders) =>
    Array.from({ length: LENGTH }, (_, index) => `p${borders.filter((border) => border <= index).length}`),
  )

function extremes(values: readonly (number | null)[]): number[] {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? [] : [Math.min(...known), Math.max(...known)]
}

test('every curve keeps its extremes in every phase, and every phase its first and last sample', () => {
  fc.assert(
    fc.property(fc.array(curve, { minLength: 1, maxLength: 4 }), phases, (curves, phase) => {
      const kept = keptSamples(phase, curves, 100)
      assert.deepEqual(
        kept,
        [...new Set(kept)].sort((a, b) => a - b),
      )
      for (const name of new Set(phase)) {
        const isOwn = (index: number) => phase[index] === name
        const own = kept.filter(isOwn)
        assert.equal(own[0], phase.indexOf(name))
        assert.equal(own.at(-1), phase.lastIndexOf(name))
        for (const values of curves) {
          assert.deepEqual(
            extremes(own.map((index) => values[index]!)),
            extremes(values.filter((_, index) => isOwn(index))),
          )
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('no more than so many samples are kept, and those of a short series all', () => {
  const phase = Array.from({ length: 50_000 }, () => 'all')
  const noise = phase.map((_, index) => (index * 7919) % 1009)
  const kept = keptSamples(phase, [noise, noise.toReversed()], 1000)
  assert(kept.length <= 1000 && kept.length > 500, `${kept.length}`)
  assert.deepEqual(keptSamples(phase.slice(0, 1000), [noise], 1000), [...Array(1000).keys()])
})

test('of no curve, samples at even distances are kept', () => {
  const phase = Array.from({ length: 5000 }, () => 'all')
  const kept = keptSamples(phase, [], 1000)
  assert(kept.length <= 1000 && kept.length > 900, `${kept.length}`)
})

test('what is kept besides lies at even distances: a smooth curve stays one', () => {
  const phase = Array.from({ length: 50_000 }, () => 'all')
  const kept = keptSamples(phase, [phase.map((_, index) => index)], 1000)
  const widest = Math.max(...kept.slice(1).map((sample, index) => sample - kept[index]!))
  assert(widest <= 2 * (50_000 / 500), `${widest}`)
})

/** One sample a second. In the middle of the idle phase, for one interval, a burst of faults and a dent in what is shared. */
const BURST = 1800
const LONG = runView(['a', 'b'], (samples) => {
  const last = samples.at(-1)!
  return Array.from({ length: last.timeSeconds + 1 }, (_, seconds) => {
    const sample = samples[Math.floor(seconds / 60)]!
    const isAfter = seconds >= BURST
    return {
      ...sample,
      timeSeconds: seconds,
      sharedPages: sample.sharedPages + (seconds === BURST ? 5000 : 0),
      cowFaults: 2 * seconds + (isAfter ? 700 : 0),
      cowLatencies: sample.cowLatencies!.map((_, bucket) =>
        bucket === 30 ? seconds + (isAfter ? 700 : 0) : 0,
      ),
      scan: { ...sample.scan, pagesScanned: 3 * seconds, pagesAsked: 3 * seconds },
    }
  })
})

test('a thinned run has charts with the same texts: peaks of one interval, and every fault of the heat map', () => {
  const thin = thinRun(LONG, 400)
  const samples = thin.series.timeSeconds.length
  assert(samples <= 420 && samples > 200, `${samples}`)
  const textsOf = (run: typeof LONG) => chartsOf(run, LIGHT).map(({ name, text }) => `${name}: ${text}`)
  assert.deepEqual(textsOf(thin), textsOf(LONG))
  const cow = textsOf(thin).find((text) => text.startsWith('cow'))
  assert.match(cow!, /at most 89,900 faults\/s/) // 702 faults × 128
})

test('a thinned run has the columns that charts read, and no other', () => {
  const { columns } = thinRun(LONG, 400).series
  for (const name of ['sharedPages.b', 'footprintPages', 'cowFaults', 'notShared.starvedPages']) {
    assert(name in columns, name)
  }
  for (const name of ['savedPages.b', 'stores', 'pagesCompared']) assert(!(name in columns), name)
})

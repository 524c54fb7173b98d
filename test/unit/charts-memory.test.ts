/** Charts of memory over time: what is drawn is what the samples say, at full size. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Chart } from '../../src/charts/chart.js'
import { drawCurves } from '../../src/charts/curves.js'
import { arrangePhaseNames } from '../../src/charts/phase-bands.js'
import { reasonsChart } from '../../src/charts/reasons.js'
import type { RunView } from '../../src/charts/run-view.js'
import { sharedChart } from '../../src/charts/shared.js'
import { DARK, LIGHT } from '../../src/charts/theme.js'
import { renderSvg } from '../../src/report/svg.js'
import { lastPoint, namedSeries, runView } from '../support/run-view.js'
import { sampleRun } from '../support/sample-run.js'

const { samples } = sampleRun(['a', 'b'])
const END = samples.at(-1)!
const fullSizeGiB = (pages: number) => (pages / 256 / 1024) * 128

function shared(run: RunView): Chart {
  return drawCurves(run, LIGHT, sharedChart(run))
}

function reasons(run: RunView): Chart {
  return drawCurves(run, LIGHT, reasonsChart(run))
}

function bandsOf({ option }: Chart) {
  return namedSeries(option).filter(({ stack }) => stack !== undefined)
}

function linesOf({ option }: Chart) {
  return namedSeries(option).filter(({ stack }) => stack === undefined)
}

function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!)
}

function assertNear(actual: number, expected: number): void {
  assert(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${actual}, expected ${expected}`)
}

test('each guest is a band of the stack, in GiB at full size over minutes', () => {
  const [a, b] = bandsOf(shared(runView(['a', 'b'])))
  assert.deepEqual([a!.name, b!.name, a!.stack === b!.stack], ['a', 'b', true])
  const [minutes, gibibytes] = lastPoint(b!)
  assert.equal(minutes, 120)
  assertNear(gibibytes!, fullSizeGiB(END.guests[1]!.sharedPages!))
})

test('footprint and opportunity are lines beside the stack', () => {
  const [footprint, opportunity] = linesOf(shared(runView(['a', 'b'])))
  assertNear(lastPoint(footprint!)[1]!, fullSizeGiB(END.footprintPages))
  assertNear(lastPoint(opportunity!)[1]!, fullSizeGiB(END.opportunityPages))
})

test('the drawing shows title, axes with units, phases and guests', () => {
  const texts = textsOf(renderSvg(shared(runView(['a', 'b']))))
  for (const text of ['case-study: memory shared by each guest', 'time (min)', 'memory (GiB)']) {
    assert.ok(texts.includes(text), text)
  }
  for (const text of ['warmup', 'idle', 'benchmark', 'a', 'b']) assert.ok(texts.includes(text), text)
})

test('64 guests are drawn as a few groups that hold all of their memory', () => {
  const guests = Array.from({ length: 64 }, (_, index) => `web-${index + 1}`)
  const bands = bandsOf(shared(runView(guests)))
  assert.deepEqual(
    bands.map(({ name }) => name),
    ['web-1–10', 'web-11–20', 'web-21–30', 'web-31–40', 'web-41–50', 'web-51–60', 'web-61–64'],
  )
  const total = bands.reduce((sum, band) => sum + lastPoint(band)[1]!, 0)
  assertNear(total, fullSizeGiB(sampleRun(guests).samples.at(-1)!.sharedPages))
})

test('what is saved and each reason are bands that lie on each other', () => {
  const bands = bandsOf(reasons(runView(['a', 'b'])))
  assert.deepEqual(
    bands.map(({ name }) => name),
    ['saved', 'second look', 'rate limited', 'starved', 'ineligible', 'salted apart'],
  )
  const pages = [END.savedPages, ...Object.values(END.notShared!)]
  bands.forEach((band, index) => {
    assertNear(lastPoint(band)[1]!, fullSizeGiB(pages[index]!))
  })
})

test('what stores have broken is a line of its own, where it is known', () => {
  const [broken] = linesOf(reasons(runView(['a', 'b'])))
  assert.equal(broken!.name, 'broken by stores')
  assertNear(lastPoint(broken!)[1]!, fullSizeGiB(END.brokenPages!))
  const unknown = runView(['a'], (all) => all.map((sample) => ({ ...sample, brokenPages: undefined })))
  assert.deepEqual(linesOf(reasons(unknown)), [])
})

test('columns that an older run does not have are left out', () => {
  const run = runView(['a', 'b'])
  const { savedPages, footprintPages } = run.series.columns
  const columns = { savedPages: savedPages!, footprintPages: footprintPages! }
  const old = { ...run, series: { ...run.series, columns } }
  assert.deepEqual(
    [...bandsOf(shared(old)), ...linesOf(shared(old))].map(({ name }) => name),
    ['footprint (machine)'],
  )
  assert.deepEqual(
    bandsOf(reasons(old)).map(({ name }) => name),
    ['saved'],
  )
})

test('a run of one sample is drawn as points, one of none as empty axes', () => {
  const one = runView(['a'], (all) => all.slice(0, 1))
  const none = runView(['a'], () => [])
  for (const run of [one, none]) {
    for (const phases of [run.phases, []]) {
      const svg = renderSvg(shared({ ...run, phases }))
      assert.match(svg, /^<svg/)
      assert.doesNotMatch(svg, /NaN|Infinity/)
    }
  }
})

test('the text says from where to where each curve goes in each phase, and how high it was', () => {
  const { text } = shared(runView(['a', 'b']))
  const gibibytes = (pages: number) => `${Number(fullSizeGiB(pages).toPrecision(3))} GiB`
  const of = (name: string) => samples.filter(({ phase }) => phase === name)
  const [start, end] = [of('warmup').at(-1)!, of('idle').at(-1)!]
  const most = gibibytes(Math.max(...[start, ...of('idle')].map(({ sharedPages }) => sharedPages)))
  assert(
    text.includes(
      `idle (10 to 40 min): shared from ${gibibytes(start.sharedPages)} to ${gibibytes(end.sharedPages)}, at most ${most};`,
    ),
    text,
  )
  assert(text.includes('warmup (0 to 10 min): shared from 0 GiB'), text)
})

test('the text of the reasons names those that there were', () => {
  const { text } = reasons(runView(['a', 'b']))
  for (const reason of ['second look', 'rate limited', 'starved', 'broken by stores']) {
    assert(text.includes(reason), reason)
  }
  for (const reason of ['ineligible', 'salted apart']) assert(!text.includes(reason), reason)
})

test('names of phases that would touch move up, and vanish only when no row is left', () => {
  const phases = ['one', 'two', 'three', 'four'].map((name, index) => ({
    name,
    startSeconds: index,
    endSeconds: index + 1,
  }))
  assert.deepEqual(arrangePhaseNames(phases, 200).rowOfPhase, [0, 0, 0, 0])
  assert.deepEqual(arrangePhaseNames(phases, 1).rowOfPhase, [0, 1, 2, undefined])
})

test('the drawing depends on its data alone: drawn again in the same process, it is the same', () => {
  const [one, other] = [0, 1].map(() => renderSvg(shared(runView(['a', 'b']))))
  assert.equal(one, other)
  const names = [...one!.matchAll(/(?:class="|#)(zr0-[a-z]+\d+|zr0-cls-\d+)/g)].map(([, name]) => name)
  assert.ok(new Set(names).size > 3)
})

test('on a dark background nothing is drawn in black', () => {
  const run = runView(['a', 'b'])
  const svg = renderSvg(drawCurves(run, DARK, sharedChart(run)))
  assert.doesNotMatch(svg, /#000000|"black"|#FFFFFF/i)
  assert(svg.includes(DARK.background))
})

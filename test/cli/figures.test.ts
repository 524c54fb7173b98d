/** What the figures of a run show, read back from their marks by their own axes, is what timeseries.csv says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { readTimeSeries, runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'

const GUESTS = ['guest-1', 'guest-2']
const MEMORY_SCALE = 4
const TIME_SCALE = 2
const MIB_PER_PAGE = 4096 / 2 ** 20
/** Okabe and Ito's first two; what lines are drawn in. */
const [FIRST, SECOND, LINE] = ['#0072B2', '#E69F00', '#000000']

type Point = readonly [x: number, y: number]

/** A figure as its file has it. */
class Figure {
  private readonly svg: string
  /** From a value on an axis to its pixel, by the labels that stand at its ticks. */
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  readonly lowestY: number

  /** @param scale of the vertical axis */
  constructor(directory: string, name: string, scale = (value: number) => value) {
    this.svg = readFileSync(join(directory, 'figures', `${name}.svg`), 'utf8')
    const labels = [
      ...this.svg.matchAll(/text-anchor="(\w+)"[^>]*translate\(([\d.]+) ([\d.]+)\)[^>]*>([\d.]+)([KM]?)</g),
    ]
    const ticks = (anchor: string, place: 2 | 3) =>
      labels
        .filter((label) => label[1] === anchor)
        .map(
          (label): Point => [Number(label[4]) * { '': 1, K: 1e3, M: 1e6 }[label[5]!]!, Number(label[place])],
        )
    this.x = through(ticks('middle', 2))
    const marks = ticks('end', 3)
    const toPx = through(marks.map(([value, px]) => [scale(value), px]))
    this.y = (value) => toPx(scale(value))
    this.lowestY = Math.min(...marks.map(([value]) => value))
  }

  /** The corners of each path with these attributes. */
  paths(...attributes: RegExp[]): Point[][] {
    const paths = [...this.svg.matchAll(/<path d="([^"]*)"[^>]*>/g)]
    return paths
      .filter(([path]) => attributes.every((attribute) => attribute.test(path)) && !path.includes('legend'))
      .map(([, d]) =>
        [...d!.matchAll(/[ML]\s*(-?[\d.]+)[ ,](-?[\d.]+)/g)].map(([, x, y]): Point => [Number(x), Number(y)]),
      )
  }
}

function through(ticks: readonly Point[]): (value: number) => number {
  const [[from, fromPx], [to, toPx]] = [ticks[0]!, ticks.at(-1)!]
  assert(from !== to, 'an axis without labels')
  return (value) => fromPx + ((value - from) * (toPx - fromPx)) / (to - from)
}

/** Each expected corner is one of the drawn ones, to a pixel. */
function assertDrawn(drawn: readonly Point[] | undefined, expected: readonly Point[]): void {
  assert(drawn !== undefined, 'no such path')
  assert(expected.length > 5)
  for (const [x, y] of expected) {
    const isThere = drawn.some((point) => Math.abs(point[0] - x) <= 1 && Math.abs(point[1] - y) <= 1)
    assert(isThere, `nothing is drawn at ${x.toFixed(1)}, ${y.toFixed(1)}: ${drawn.map(String).join(' ')}`)
  }
}

const cwd = temporaryDirectory()

for (const engine of ['stepped', 'threads']) {
  describe(`a run of engine ${engine}`, () => {
    let rows: Record<string, string>[]
    let directory: string
    const numbers = (name: string) => rows.map((row) => Number(row[name]))
    /** In memory at full size. */
    const mebibytes = (name: string) => numbers(name).map((pages) => pages * MIB_PER_PAGE * MEMORY_SCALE)
    const pointsOf = (figure: Figure, values: readonly number[]): Point[] =>
      values.map((value, sample) => [figure.x(numbers('timeSeconds')[sample]!), figure.y(value)])

    before(async () => {
      const settings = smallQuick({
        engine,
        'scale.memory': MEMORY_SCALE,
        'scale.time': TIME_SCALE,
        'guests.0.memory': '8MiB',
        'phases.1.duration': '600ms',
        'phases.2.duration': '1200ms',
        'sampling.interval': '100ms',
      })
      const { code, stderr } = await runTwinpage(['run', 'quick', '--out', engine, '--quiet', ...settings], {
        cwd,
      })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      directory = join(cwd, engine)
      rows = readTimeSeries(directory).rows
    })

    test('shared.svg: footprint, opportunity, and what each guest shares, stacked', () => {
      const figure = new Figure(directory, 'shared')
      const line = [/fill="none"/, new RegExp(`stroke="${LINE}"`), /stroke-width="2"/]
      const lines = figure.paths(...line)
      assert.equal(lines.length, 2)
      const [opportunity] = figure.paths(...line, /dasharray/)
      assertDrawn(opportunity, pointsOf(figure, mebibytes('opportunityPages')))
      const footprint = lines.find((path) => String(path) !== String(opportunity))
      assertDrawn(footprint, pointsOf(figure, mebibytes('footprintPages')))
      const [first, second] = GUESTS.map((guest) => mebibytes(`sharedPages.${guest}`))
      assertDrawn(figure.paths(new RegExp(`fill="${FIRST}"`))[0], pointsOf(figure, first!))
      const stacked = second!.map((size, sample) => size + first![sample]!)
      assertDrawn(figure.paths(new RegExp(`fill="${SECOND}"`))[0], pointsOf(figure, stacked))
    })

    test('cow.svg: faults a second since the sample before, at full size', () => {
      const figure = new Figure(directory, 'cow')
      const [seconds, faults] = [numbers('timeSeconds'), numbers('cowFaults')]
      const expected = seconds.flatMap((second, sample): Point[] => {
        const lengthSeconds = second - seconds[sample - 1]!
        if (!(lengthSeconds > 0)) return []
        const perSecond = ((faults[sample]! - faults[sample - 1]!) * MEMORY_SCALE) / lengthSeconds
        return [[figure.x(second), figure.y(perSecond)]]
      })
      assertDrawn(figure.paths(new RegExp(`fill="${FIRST}"`))[0], expected)
    })

    test('scan.svg: pages a second since the sample before, on decades', () => {
      const figure = new Figure(directory, 'scan', Math.log10)
      const [seconds, pages] = [numbers('timeSeconds'), numbers('scannedPages')]
      const expected = seconds.flatMap((second, sample): Point[] => {
        const lengthSeconds = second - seconds[sample - 1]!
        if (!(lengthSeconds > 0)) return []
        const perSecond = ((pages[sample]! - pages[sample - 1]!) * MEMORY_SCALE) / lengthSeconds
        return [[figure.x(second), figure.y(Math.max(figure.lowestY, perSecond))]]
      })
      assertDrawn(
        figure.paths(/fill="none"/, new RegExp(`stroke="${FIRST}"`), /stroke-width="2"/)[0],
        expected,
      )
    })
  })
}

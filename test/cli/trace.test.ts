/** Traces through the real program: what `trace info` counts, and that a replay has exactly that opportunity. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Summary } from '../../src/experiment/outcome.js'
import type { TraceInfo } from '../../src/guest/trace-info.js'
import { Prng } from '../../src/random/prng.js'
import {
  readManifest,
  readSummary,
  readTimeSeries,
  runTwinpage,
  setting,
  type TimeSeriesRow,
  temporaryDirectory,
} from '../support/cli.js'
import { encodeTrace, type PageChange, type TraceSource } from '../support/trace-writer.js'

const SHIPPED = fileURLToPath(new URL('../../../scenarios/debian-idle-bench.pct.gz', import.meta.url))
const cwd = temporaryDirectory()

async function infoOf(file: string): Promise<TraceInfo> {
  const { code, stdout, stderr } = await runTwinpage(['trace', 'info', file, '--json'], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return JSON.parse(stdout) as TraceInfo
}

describe('trace info', { concurrency: 2 }, () => {
  test('of the shipped trace gives the published table', async () => {
    const { pagesPerGuest, guests, snapshots } = await infoOf(SHIPPED)
    assert.equal(pagesPerGuest, 65_536)
    assert.equal(guests.length, 4)
    assert.equal(snapshots.length, 73)
    const columns = [0, 4, 20, 28, 36, 60].map((index) => {
      const { timeSeconds, zeroPages, distinctContents, saveablePages, changedPages } = snapshots[index]!
      return [index, Math.round(timeSeconds), zeroPages, distinctContents, saveablePages, changedPages]
    })
    assert.deepEqual(columns, [
      [0, 20, 114_658, 64_147, 197_997, 166_731],
      [4, 40, 32_564, 79_504, 182_640, 10_545],
      [20, 120, 33_068, 89_837, 172_307, 251],
      [28, 160, 32_012, 152_025, 110_119, 57_759],
      [36, 200, 30_939, 186_930, 75_214, 112_992],
      [60, 321, 31_188, 185_275, 76_869, 249],
    ])
  })

  test('without --json is a table with a line for each snapshot', async () => {
    const { code, stdout, stderr } = await runTwinpage(['trace', 'info', SHIPPED], { cwd })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.equal(stdout.match(/^ *\d+ +\d+\.\d+ /gm)?.length, 73)
    assert.match(stdout, /^ *28 +160\.\d+ +32,012 +152,025 +110,119 +57,759 +246,514$/m)
  })
})

const PAGES = 128
const GUESTS = ['red', 'blue', 'green']
const SNAPSHOTS = 24
/** After this one nothing changes for a while. */
const LAST_BEFORE_REST = 11
const REST_SECONDS = 60

/** Guests that go on touching pages, with contents of few kinds and of their own; some come back to what they had. */
function madeUpTrace(seed: number): TraceSource {
  const prng = new Prng(seed)
  let ownContent = 1000
  const contentOf = () => {
    const kind = prng.nextBelow(8)
    if (kind === 0) return 0
    return kind < 6 ? 1 + prng.nextBelow(40) : ownContent++
  }
  const changesOf = (index: number): PageChange[] =>
    Array.from({ length: PAGES }, (_, page) => page)
      .filter((page) => (index === 0 ? page < 4 : prng.nextBelow(SNAPSHOTS / 2) === 0))
      // Page 0 is zero in every guest: zero is among the contents of backed pages, always.
      .map((page) => ({ page, content: page === 0 ? 0 : contentOf() }))
  return {
    pagesPerGuest: PAGES,
    guests: GUESTS,
    snapshots: Array.from({ length: SNAPSHOTS }, (_, index) => ({
      timeSeconds: 5 * (index + 1) + (index > LAST_BEFORE_REST ? REST_SECONDS : 0),
      changes: GUESTS.map(() => changesOf(index)),
    })),
  }
}

/** From the trace's own definition: backed pages less the distinct contents among them, and pages not backed. */
function expectedAt({ snapshots }: TraceSource): { backed: number; opportunity: number }[] {
  const contents = GUESTS.map(() => new Map<number, number>())
  return snapshots.map(({ changes }) => {
    changes.forEach((record, guest) => {
      for (const { page, content } of record) contents[guest]!.set(page, content)
    })
    const held = contents.flatMap((pages) => [...pages.values()])
    return { backed: held.length, opportunity: held.length - new Set(held).size }
  })
}

const source = madeUpTrace(3)
const restEnd = source.snapshots[LAST_BEFORE_REST + 1]!.timeSeconds - 10
const SCENARIO = `scale: { memory: 1, time: 120 }
trace: small.pct.gz
host: { memory: 2MiB }
scanner: { unthrottled: true, ShareForceSalting: 0 }
phases:
  - { name: changing, duration: ${source.snapshots[LAST_BEFORE_REST]!.timeSeconds}s }
  - { name: rest, duration: ${restEnd - source.snapshots[LAST_BEFORE_REST]!.timeSeconds}s }
  - { name: again, duration: ${source.snapshots.at(-1)!.timeSeconds + 10 - restEnd}s }
sampling: { interval: 5s }
`

describe('a replay', () => {
  const trace = join(cwd, 'small.pct.gz')
  let info: TraceInfo
  let summary: Summary
  let atSnapshots: TimeSeriesRow[]

  before(async () => {
    writeFileSync(trace, encodeTrace(source))
    writeFileSync(join(cwd, 'small.yaml'), SCENARIO)
    info = await infoOf('small.pct.gz')
    const { code, stderr } = await runTwinpage(['run', 'small.yaml', '--out', 'small', '--quiet'], { cwd })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const directory = join(cwd, 'small')
    summary = readSummary(directory)
    atSnapshots = readTimeSeries(directory).rows.filter((row) => row.snapshot !== '')
  })

  test('has a sample at each snapshot, in order, not before its time', () => {
    assert.deepEqual(
      atSnapshots.map((row) => Number(row.snapshot)),
      [...source.snapshots.keys()],
    )
    for (const [index, row] of atSnapshots.entries()) {
      assert(Number(row.timeSeconds) >= source.snapshots[index]!.timeSeconds)
    }
  })

  test('has at each snapshot exactly the opportunity that the trace has', () => {
    const opportunities = atSnapshots.map((row) => Number(row.opportunityPages))
    // Which of them only one page holds is not known.
    assert(atSnapshots.every((row) => row.brokenPages === ''))
    const present = atSnapshots.map((row) => Number(row.presentPages))
    const expected = expectedAt(source)
    assert.deepEqual(
      present,
      expected.map(({ backed }) => backed),
    )
    assert.deepEqual(
      opportunities,
      expected.map(({ opportunity }) => opportunity),
    )
    assert(new Set(opportunities).size > SNAPSHOTS / 2, 'it changes, so that the comparison means something')
  })

  test('and that is what trace info calls saveable, less the pages that are not backed yet', () => {
    const pages = GUESTS.length * PAGES
    for (const [index, row] of atSnapshots.entries()) {
      const { saveablePages } = info.snapshots[index]!
      const notBacked = pages - Number(row.presentPages)
      assert.equal(Number(row.opportunityPages), saveablePages - notBacked, `snapshot ${index}`)
    }
    assert(atSnapshots.some((row) => Number(row.presentPages) < pages))
  })

  test('captures nearly all of it while nothing changes', () => {
    const rest = summary.phases.find(({ name }) => name === 'rest')!
    assert(rest.captureRatio! >= 0.98, `captured ${rest.captureRatio}`)
    assert.deepEqual(Object.keys(rest.guests), GUESTS)
    assert.equal(summary.integrity.pagesVerified, GUESTS.length * PAGES)
  })

  test('of another file, by --set, in the shipped scenario', async () => {
    const settings = setting({ trace: 'small.pct.gz', 'scale.time': 600 })
    const ended = await runTwinpage(['run', 'debian-trace', '--out', 'other', '--quiet', ...settings], {
      cwd,
    })
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '', stderr: '' })
    const { rows } = readTimeSeries(join(cwd, 'other'))
    assert.deepEqual(
      rows.filter((row) => row.snapshot !== '').map((row) => Number(row.opportunityPages)),
      expectedAt(source).map(({ opportunity }) => opportunity),
    )
    assert.equal((readManifest(join(cwd, 'other')).options as { trace: string }).trace, trace)
  })
})

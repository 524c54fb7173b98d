/** What a run leaves behind: every file, every key and column that its readers rely on, and figures that agree. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { PhaseSummary, Summary } from '../../src/experiment/outcome.js'
import { REASONS } from '../../src/experiment/reasons.js'
import {
  type Ended,
  readManifest,
  readSummary,
  readTimeSeries,
  runTwinpage,
  smallQuick,
  type TimeSeriesRow,
  temporaryDirectory,
} from '../support/cli.js'

const GUESTS = ['guest-1', 'guest-2', 'guest-3']
const PHASES = ['settle', 'idle', 'busy']
const MEMORY_KEYS = [
  ...['sharedMiB', 'sharedCommonMiB', 'savedMiB', 'zeroMiB'],
  ...['footprintMiB', 'opportunityMiB', 'swappedMiB'],
] as const
const COLUMNS = [
  ...['timeSeconds', 'sharedPages', 'sharedCommonPages', 'savedPages', 'zeroPages', 'swappedPages'],
  ...[
    'opportunityPages',
    'footprintPages',
    'scannedPages',
    'merges',
    'cowFaults',
    'swapOuts',
    'swapIns',
    'stores',
  ],
  ...GUESTS.map((guest) => `sharedPages.${guest}`),
]
const CUMULATIVE = ['scannedPages', 'merges', 'cowFaults', 'swapOuts', 'swapIns', 'stores']

const cwd = temporaryDirectory()
const directory = join(cwd, 'out')
let ended: Ended
let summary: Summary
let rows: TimeSeriesRow[]

before(async () => {
  const settings = smallQuick({
    scale: 2,
    'host.memory': '16MiB',
    'guests.0.count': GUESTS.length,
    'guests.0.memory': '8MiB',
    'phases.1.duration': '600ms',
    'phases.2.duration': '800ms',
    'sampling.interval': '100ms',
  })
  ended = await runTwinpage(['run', 'quick', '--out', 'out', '--seed', '5', ...settings], { cwd })
  summary = readSummary(directory)
  rows = readTimeSeries(directory).rows
})

test('the run ends with 0, its table and the place of its results on stdout, and nothing on stderr in a pipe', () => {
  assert.equal(ended.code, 0)
  assert.equal(ended.stderr, '')
  for (const phase of PHASES) assert.match(ended.stdout, new RegExp(`^${phase} +[\\d.]`, 'm'))
  assert.match(ended.stdout, /Results in out\n$/)
})

test('every file is there, and no other', () => {
  assert.deepEqual(readdirSync(directory).sort(), [
    'figures',
    'latency',
    'manifest.json',
    'report.html',
    'summary.json',
    'timeseries.csv',
  ])
  const latency = [...GUESTS.flatMap((guest) => [`${guest}.hgrm`, `${guest}.hlog`]), 'over-time.csv']
  const charts = ['cow', 'latency-over-time', 'latency', 'reasons', 'scan', 'shared', 'threads']
  assert.deepEqual(
    readdirSync(join(directory, 'figures')).sort(),
    charts.map((name) => `${name}.svg`),
  )
  assert.deepEqual(readdirSync(join(directory, 'latency')).sort(), latency.sort())
  assert.deepEqual(readdirSync(cwd), ['out'])
})

test('the chart is an SVG that names the guests', () => {
  const svg = readFileSync(join(directory, 'figures/shared.svg'), 'utf8')
  assert.match(svg, /^<svg [\s\S]*<\/svg>\s*$/)
  for (const guest of GUESTS) assert(svg.includes(guest), guest)
})

describe('manifest.json', () => {
  test('says how the run ended, with what seed, versions and machine', () => {
    const { state, scenario, seed, versions, machine, exitReason, startedAt, endedAt } =
      readManifest(directory)
    assert.deepEqual({ state, scenario, seed }, { state: 'complete', scenario: 'quick', seed: 5 })
    assert.equal(versions.node, process.versions.node)
    assert.match(versions.twinpage ?? '', /^\d+\.\d+\.\d+/)
    assert(machine.processors > 0 && machine.memoryBytes > 0 && machine.cpuModel !== '')
    assert.equal(typeof exitReason, 'string')
    assert(Date.parse(startedAt) < Date.parse(endedAt!))
  })

  test('has every resolved option: as a scenario file they mean the same run', async () => {
    const { options } = readManifest(directory)
    writeFileSync(join(directory, '..', 'again.yaml'), JSON.stringify(options))
    const again = await runTwinpage(['check', 'again.yaml', '--json'], { cwd })
    assert.deepEqual(JSON.parse(again.stdout), options)
  })
})

describe('summary.json', () => {
  const isNumber = (value: unknown, what: string) => assert.equal(typeof value, 'number', what)

  test('has every key of the whole run', () => {
    const { scenario, seed, state, scale } = summary
    assert.deepEqual(
      { scenario, seed, state, scale },
      {
        scenario: 'quick',
        seed: 5,
        state: 'complete',
        scale: { memory: 2, time: 2 },
      },
    )
    const { pagesVerified, mismatches, leakedFrames, violations } = summary.integrity
    assert.deepEqual(
      { pagesVerified, mismatches, leakedFrames, violations },
      { pagesVerified: GUESTS.length * 1024, mismatches: 0, leakedFrames: 0, violations: 0 },
    )
    assert(summary.memory.metadataBytesPerPage > 0)
    assert.deepEqual(
      summary.phases.map(({ name }) => name),
      PHASES,
    )
  })

  test('has every key of each phase, and of each guest in it', () => {
    for (const phase of summary.phases) {
      for (const key of [...MEMORY_KEYS, 'startSeconds', 'endSeconds', 'captureRatio'] as const) {
        isNumber(phase[key], `${phase.name}.${key}`)
      }
      for (const key of [
        'pagesScanned',
        'pagesPerSecond',
        'passes',
        'merges',
        'staleHints',
        'falseMatches',
      ] as const) {
        isNumber(phase.scan[key], `${phase.name}.scan.${key}`)
      }
      for (const figures of [phase, ...GUESTS.map((guest) => phase.guests[guest]!)]) {
        isNumber(figures.cow.faults, 'cow.faults')
        isNumber(figures.cow.faultsPerSecond, 'cow.faultsPerSecond')
        isNumber(figures.stores.count, 'stores.count')
        isNumber(figures.stores.perSecond, 'stores.perSecond')
        isNumber(figures.sharedMiB, 'sharedMiB')
        isNumber(figures.swap.ins, 'swap.ins')
      }
      isNumber(phase.swap.outs, 'swap.outs')
      assert.deepEqual(Object.keys(phase.guests), GUESTS)
    }
  })

  test('has the scanner’s time on a processor and waiting for one, where the system tells', {
    skip: !existsSync('/proc/self/schedstat'),
  }, () => {
    for (const { scan } of summary.phases) {
      isNumber(scan.cpuSeconds, 'cpuSeconds')
      isNumber(scan.waitingSeconds, 'waitingSeconds')
    }
    assert(summary.phases[0]!.scan.cpuSeconds! > 0)
  })

  test('has latencies where there were faults, in order, and null where there were none', () => {
    const [settle, , busy] = summary.phases as [PhaseSummary, PhaseSummary, PhaseSummary]
    assert(busy.cow.faults > 0)
    const { p50, p90, p99, p999, max } = busy.cow.latencyNs!
    assert(0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max)
    assert.equal(settle.cow.latencyNs, null)
  })
})

describe('timeseries.csv', () => {
  test('has every column, and samples of every phase', () => {
    const { columns } = readTimeSeries(directory)
    for (const column of COLUMNS) assert(columns.includes(column), column)
    for (const phase of PHASES) assert(rows.filter((row) => row.phase === phase).length > 1, phase)
  })

  test('holds numbers, and its counts never fall', () => {
    for (const [index, row] of rows.entries()) {
      for (const column of COLUMNS)
        assert.match(row[column]!, /^\d+(\.\d+)?$/, `${column} of line ${index + 2}`)
      for (const column of ['timeSeconds', ...CUMULATIVE]) {
        assert(
          Number(row[column]) >= Number(rows[index - 1]?.[column] ?? 0),
          `${column} of line ${index + 2}`,
        )
      }
    }
  })
})

describe('figures agree:', () => {
  test('saved = shared − common, shared = the sum over guests, zero ≤ shared, in every line', () => {
    for (const row of rows) {
      const of = (column: string) => Number(row[column])
      assert.equal(of('savedPages'), of('sharedPages') - of('sharedCommonPages'))
      assert.equal(
        of('sharedPages'),
        GUESTS.reduce((sum, guest) => sum + of(`sharedPages.${guest}`), 0),
      )
      assert(of('zeroPages') <= of('sharedPages'))
    }
    assert(rows.some((row) => Number(row.savedPages) > 0))
  })

  test('what is not shared, by reason, adds up to opportunity − saved, in every line and at the end of each phase', () => {
    for (const row of rows) {
      const missed = REASONS.reduce((sum, reason) => sum + Number(row[`notShared.${reason}Pages`]), 0)
      assert.equal(missed, Number(row.opportunityPages) - Number(row.savedPages))
    }
    assert(rows.some((row) => Number(row['notShared.rateLimitedPages']) > 0))
    for (const { notShared, opportunityMiB, savedMiB } of summary.phases) {
      const missedMiB = Object.values(notShared!).reduce((sum, reasonMiB) => sum + reasonMiB, 0)
      assert(Math.abs(missedMiB - (opportunityMiB - savedMiB)) < 1e-6)
    }
  })

  test('each phase starts where the one before it ends', () => {
    const { phases } = summary
    for (const [index, phase] of phases.entries()) {
      assert(phase.startSeconds < phase.endSeconds)
      if (index > 0) assert.equal(phase.startSeconds, phases[index - 1]!.endSeconds)
    }
  })

  test('what a phase has is the sum of what its guests have', () => {
    const sum = (phase: PhaseSummary, of: (guest: PhaseSummary['guests'][string]) => number) =>
      GUESTS.reduce((total, guest) => total + of(phase.guests[guest]!), 0)
    for (const phase of summary.phases) {
      assert.equal(
        sum(phase, (guest) => guest.sharedMiB!),
        phase.sharedMiB,
      )
      assert.equal(
        sum(phase, (guest) => guest.zeroMiB!),
        phase.zeroMiB,
      )
      assert.equal(
        sum(phase, (guest) => guest.swappedMiB),
        phase.swappedMiB,
      )
      assert.equal(
        sum(phase, (guest) => guest.stores.count),
        phase.stores.count,
      )
      assert.equal(
        sum(phase, (guest) => guest.cow.faults),
        phase.cow.faults,
      )
      assert.equal(
        sum(phase, (guest) => guest.swap.ins),
        phase.swap.ins,
      )
    }
  })

  test('a phase ends with a line of the time series, and counts are differences of such lines', () => {
    let before: TimeSeriesRow | undefined
    for (const phase of summary.phases) {
      const end = rows.findLast((row) => row.phase === phase.name)!
      const since = (column: string) => Number(end[column]) - Number(before?.[column] ?? 0)
      for (const key of MEMORY_KEYS) {
        assert.equal(phase[key], Number(end[key.replace('MiB', 'Pages')]) / 256, key)
      }
      assert.equal(phase.captureRatio, Number(end.savedPages) / Number(end.opportunityPages))
      assert.equal(phase.stores.count, since('stores'))
      assert.equal(phase.cow.faults, since('cowFaults'))
      assert.equal(phase.scan.pagesScanned, since('scannedPages'))
      before = end
    }
  })

  test('full size is the memory scale times the figure', () => {
    for (const phase of summary.phases) {
      for (const key of MEMORY_KEYS) assert.equal(phase.fullSize[key], phase[key] * 2)
    }
  })
})

/**
 * The account of a run's threads: what another process counts of them, what each sample and the summary say of all, and that
 * it shows a scanner starve.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PhaseSummary } from '../../src/experiment/outcome.js'
import { type Ended, readTimeSeries, temporaryDirectory } from '../support/cli.js'
import { type SystemThread, threadsOf } from '../support/system-threads.js'
import {
  first,
  notTwo,
  oneInThree,
  runToEnd,
  second,
  startRun,
  unaccounted,
  wallSeconds,
  writeTwoGuests,
} from '../support/thread-runs.js'

/**
 * All on one processor. The scanner is asked for 16,000 pages/s: time runs 600 times as fast as in the scenario, or ESX's
 * settings would not let it.
 */
const CONTENDED = `scale: { memory: 1, time: 600 }
host: { memory: 80MiB, GHz: 3, processors: [${first}] }
guests:
  - name: guest
    count: 4
    memory: 16MiB
    image: [{ class: common, size: 50% }, { class: private, size: rest }]
    workload:
      settle: [{ do: boot }]
      steady: [{ do: update, where: all, rate: 3/s }]
scanner: { ShareForceSalting: 0, nice: 19, ShareScanTime: 10min, ShareScanGHz: 32, ShareRateMax: 128 }
phases:
  - { name: settle, duration: 300s }
  - { name: steady, duration: 1200s }
sampling: { interval: 60s }
`

/** Guests that can be told apart from outside. */
const SETTINGS = {
  'guests.0.demand': '{ steady: 0.6 }',
  'guests.0.processors': `[${first}]`,
  'guests.1.demand': '{ steady: 0.2 }',
  'guests.1.processors': `[${second}]`,
}

const cwd = temporaryDirectory()
writeTwoGuests(cwd)
writeFileSync(join(cwd, 'contended.yaml'), CONTENDED)

test('threads are accounted for as another process does it', { skip: notTwo }, () =>
  oneInThree(async (attempt) => {
    const out = `observed-${attempt}`
    const { child, ended } = startRun('two.yaml', out, SETTINGS, { cwd })
    const observed = await observe(child.pid!, join(cwd, out), ended)
    assert.equal((await ended).code, 0)
    const { rows } = readTimeSeries(join(cwd, out))
    const names = {
      one: (thread: SystemThread) => thread.processors === String(first),
      two: (thread: SystemThread) => thread.processors === String(second),
    }
    for (const [name, isIt] of Object.entries(names)) {
      const seen = observed.filter(({ threads }) => threads.some(isIt))
      const [from, to] = [seen[0]!, seen.at(-1)!]
      assert(to.line - from.line >= 10, 'the observer has seen most of the phase')
      for (const [column, field] of [
        ['cpuSeconds', 'cpuNs'],
        ['waitingSeconds', 'waitingNs'],
      ] as const) {
        const at = ({ threads }: Observation) => threads.find(isIt)![field] / 1e9
        const outside = at(to) - at(from)
        const inside =
          Number(rows[to.line]![`${column}.${name}`]) - Number(rows[from.line]![`${column}.${name}`])
        // Both are behind by up to a tick, and the line of the file is rounded.
        assert(
          Math.abs(inside - outside) <= 0.05 * outside + 0.01,
          `${column}.${name}: ${inside}, outside ${outside}`,
        )
      }
    }
  }),
)

interface Observation {
  /** The last line of the time series when the threads were looked at, from 0. */
  line: number
  threads: SystemThread[]
}

/** Looks at the threads of a run whenever it has just taken a sample of its steady phase. */
async function observe(pid: number, directory: string, ended: Promise<Ended>): Promise<Observation[]> {
  const observations: Observation[] = []
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver) {
    await sleep(1)
    const last = lastLine(directory)
    if (last?.phase !== 'steady' || last.line === observations.at(-1)?.line) continue
    try {
      observations.push({ line: last.line, threads: threadsOf(pid) })
    } catch {
      // It has ended.
    }
  }
  return observations
}

function lastLine(directory: string): { line: number; phase: string } | undefined {
  try {
    const { rows } = readTimeSeries(directory)
    return { line: rows.length - 1, phase: rows.at(-1)!.phase! }
  } catch {
    return undefined
  }
}

test('each sample has every thread and processor, and the scanners’ figures agree with their threads', {
  skip: unaccounted,
}, async () => {
  const { phases } = await runToEnd(
    'two.yaml',
    'whole',
    { 'scanner.count': 2, 'phases.1.duration': '500ms' },
    { cwd },
  )
  const names = ['one', 'two', 'scanner-1', 'scanner-2', 'reclaimer']
  const { rows, columns } = readTimeSeries(join(cwd, 'whole'))
  const fields = [
    'cpuSeconds',
    'waitingSeconds',
    'asleepSeconds',
    'slices',
    'voluntarySwitches',
    'involuntarySwitches',
  ]
  for (const name of names) {
    for (const field of fields) {
      const values = rows.map((row) => Number(row[`${field}.${name}`] || Number.NaN))
      assert.equal(values[0], 0, `${field}.${name} counts from the start`)
      values.forEach((value, line) => {
        assert(value >= (values[line - 1] ?? 0), `${field}.${name} in line ${line}`)
      })
    }
  }
  for (const column of ['runBusySeconds', 'runIdleSeconds', 'hostBusySeconds', 'hostStolenSeconds'])
    assert(columns.includes(column), column)
  const sum = (row: Record<string, string>, field: string) =>
    Number(row[`${field}.scanner-1`]) + Number(row[`${field}.scanner-2`])
  for (const row of rows) {
    assert(Math.abs(Number(row.scannerCpuSeconds) - sum(row, 'cpuSeconds')) < 0.002)
    assert(Math.abs(Number(row.scannerWaitingSeconds) - sum(row, 'waitingSeconds')) < 0.002)
  }
  for (const { threads, scan, startSeconds, endSeconds } of phases) {
    assert.deepEqual(Object.keys(threads!), names)
    const [a, b] = [threads!['scanner-1']!, threads!['scanner-2']!]
    assert(Math.abs(a.cpuSeconds + b.cpuSeconds - scan.cpuSeconds!) < 1e-9)
    for (const { cpuSeconds, waitingSeconds, asleepSeconds } of Object.values(threads!))
      assert(cpuSeconds + waitingSeconds + asleepSeconds >= endSeconds - startSeconds - 1e-9)
  }
})

test(
  'a nice scanner starves beside guests that never sleep, and not beside others',
  { skip: unaccounted },
  () =>
    oneInThree(async (attempt) => {
      const busyPhase = async (demand: number) => {
        const out = `demand-${demand}-${attempt}`
        const settings = { 'guests.0.demand': demand }
        return (await runToEnd('contended.yaml', out, settings, { cwd })).phases[1]!
      }
      const starved = await busyPhase(1)
      const fed = await busyPhase(0)
      const asked = fed.scan.pagesAskedPerSecond!
      assert(asked > 10_000)
      assert(fed.scan.pagesPerSecond > 0.9 * asked, `${fed.scan.pagesPerSecond} of ${asked} pages/s`)
      assert(starved.scan.pagesPerSecond < 0.5 * asked, `${starved.scan.pagesPerSecond} of ${asked} pages/s`)
      const waiting = (phase: PhaseSummary) =>
        phase.threads!.scanner!.waitingSeconds / wallSeconds(phase, 600)
      assert(waiting(starved) > 0.5, `${waiting(starved)} of the time`)
      assert(waiting(starved) > 2 * waiting(fed), `${waiting(starved)} and ${waiting(fed)} of the time`)
      const { involuntarySwitches, slices } = starved.threads!['guest-1']!
      assert(involuntarySwitches > 0.5 * slices, 'a guest that never sleeps does not give its processor up')
    }),
)

test('engine stepped has no account of threads, and no columns for one', async () => {
  const settings = { engine: 'stepped', 'phases.1.duration': '50ms' }
  const { phases } = await runToEnd('two.yaml', 'stepped', settings, { cwd })
  for (const phase of phases) assert(!('threads' in phase) && !('host' in phase))
  const { columns } = readTimeSeries(join(cwd, 'stepped'))
  assert(!columns.some((column) => /^(cpuSeconds|runBusySeconds|hostBusySeconds)/.test(column)))
})

/** `twinpage study` as a user runs it: real runs, each in its own process; stopped, started again, changed. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Analysis } from '../../src/study/analysis.js'
import type { StudyRecord } from '../../src/study/record.js'
import {
  readJson,
  readManifest,
  readSummary,
  runTwinpage,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'

const cwd = temporaryDirectory()
const STUDY = `
description: churn and scan rate on a tiny quick
scenario: quick
set:
  engine: stepped
  host.memory: 64MiB
  guests.*.count: 2
  guests.*.memory: 1MiB
  guests.*.workload.settle.0.over: 0s
  phases.1.duration: 50ms
  phases.2.duration: 500ms
  scanner.ShareScanTime: 10min
replicates: 2
factors:
  churn:
    levels:
      low: { 'guests.*.workload.busy.0.rate': 500/s }
      high: { 'guests.*.workload.busy.0.rate': 20000/s }
  unthrottled: { key: scanner.unthrottled, levels: [false, true] }
responses:
  captured: { path: phases.busy.captureRatio }
  faults: { path: phases.busy.cow.faults, unit: faults }
`
writeFileSync(join(cwd, 'tiny.yaml'), STUDY)
const study = (...args: string[]) => runTwinpage(['study', './tiny.yaml', ...args], { cwd })
const record = (out: string) => readJson<StudyRecord>(cwd, out, 'study.json')
const RUNS = 8

describe('a study from its beginning to its end', { concurrency: 1 }, () => {
  const out = join('results', 'studies', 'tiny')

  test('runs every cell of every replicate, each into a directory of its own, and prints the answer', async () => {
    const { code, stdout, stderr } = await study()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.match(stdout, /^# tiny\n\nchurn and scan rate on a tiny quick\n\nComplete: 8 runs\.\n/)
    assert.match(stdout, /\| churn × unthrottled \|/)
    assert.match(stdout, /\nResults in results\/studies\/tiny\n$/)
    const { runs, state } = record(out)
    assert.deepEqual([runs.length, state], [RUNS, 'complete'])
    for (const { directory, seed, levels } of runs) {
      const manifest = readManifest(join(cwd, out, directory))
      assert.deepEqual([manifest.state, manifest.seed], ['complete', seed])
      const { scanner } = manifest.options as { scanner: { unthrottled: boolean } }
      assert.equal(String(scanner.unthrottled), levels.unthrottled)
      assert(existsSync(join(cwd, out, directory, 'report.html')))
    }
    const pids = runs.map(({ directory }) => readManifest(join(cwd, out, directory)).pid)
    assert.equal(new Set(pids).size, RUNS, 'each in a process of its own')
  })

  test('its figures are those of the runs, and its answer is sensible', () => {
    const { responses } = readJson<Analysis>(cwd, out, 'analysis.json')
    const { runs } = record(out)
    for (const { levels, mean } of responses[1]!.cells) {
      const ofCell = runs.filter((run) => JSON.stringify(run.levels) === JSON.stringify(levels))
      const faults = ofCell.map((run) => readSummary(join(cwd, out, run.directory)).phases.at(-1)!.cow.faults)
      assert.equal(mean, (faults[0]! + faults[1]!) / 2)
    }
    const churn = responses[1]!.differences.find(({ factor }) => factor === 'churn')!
    assert(churn.mean! > 0, 'more churn, more CoW faults')
    for (const file of ['captured-interaction.svg', 'faults-interaction.svg'])
      assert.match(readFileSync(join(cwd, out, 'figures', file), 'utf8'), /^<svg[\s\S]*<\/svg>\s*$/)
  })

  test('the same command again runs nothing; --json prints the analysis', async () => {
    const before = record(out).runs.map(
      ({ directory }) => statSync(join(cwd, out, directory, 'manifest.json')).mtimeMs,
    )
    const { code, stdout, stderr } = await study('--json')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.deepEqual(JSON.parse(stdout), readJson(cwd, out, 'analysis.json'))
    const after = record(out).runs.map(
      ({ directory }) => statSync(join(cwd, out, directory, 'manifest.json')).mtimeMs,
    )
    assert.deepEqual(after, before)
  })

  test('another seed, or another level, is another study', async () => {
    for (const [args, says] of [
      [['./tiny.yaml', '--seed', '2'], /seed was 1, is now 2; allowed is the same study/],
      [['./other/tiny.yaml'], /levels\.1\.settings\.\S+ was "20000\/s", is now "30000\/s"; allowed/],
    ] as const) {
      mkdirSync(join(cwd, 'other'), { recursive: true })
      writeFileSync(join(cwd, 'other', 'tiny.yaml'), STUDY.replace('20000/s', '30000/s'))
      const { code, stdout, stderr } = await runTwinpage(['study', ...args], { cwd })
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, /^twinpage: --out: [^\n]*\n$/)
      assert.match(stderr, says)
    }
  })
})

test('a study of threads shows the latency of its CoW faults by level', async () => {
  const threads = STUDY.replace('engine: stepped', 'engine: threads').replace(
    '  unthrottled: { key: scanner.unthrottled, levels: [false, true] }\n',
    '',
  )
  writeFileSync(join(cwd, 'threads.yaml'), threads)
  const { code, stderr } = await runTwinpage(['study', './threads.yaml', '--out', 'threads'], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const { latencies } = readJson<Analysis>(cwd, 'threads', 'analysis.json')
  assert.deepEqual(
    latencies.map(({ phase, factor, level }) => [phase, factor, level]),
    [
      ['busy', 'churn', 'low'],
      ['busy', 'churn', 'high'],
    ],
  )
  for (const { level, latencyNs, fromIntendedNs } of latencies) {
    const runs = record('threads').runs.filter(({ levels }) => levels.churn === level)
    const counts = runs.map(({ directory }) => {
      const { cow } = readSummary(join(cwd, 'threads', directory)).phases.at(-1)!
      return cow.latencyNs?.count ?? 0
    })
    assert.equal(latencyNs!.count, counts[0]! + counts[1]!)
    assert.equal(fromIntendedNs!.count, latencyNs!.count)
    assert(fromIntendedNs!.p50 >= latencyNs!.p50)
  }
  assert.match(readFileSync(join(cwd, 'threads/figures/latency-churn.svg'), 'utf8'), />high</)
  assert.match(
    readFileSync(join(cwd, 'threads/report.md'), 'utf8'),
    /figures\/latency-churn\.svg\)\n\n\| phase/,
  )
})

test('Ctrl-C ends it with what there is; started again it runs only what is missing', async () => {
  const { child, ended } = startTwinpage(['study', './tiny.yaml', '--out', 'stopped'], { cwd })
  const complete = () => record('stopped').runs.filter(({ state }) => state === 'complete')
  await until('two runs are complete', () => complete().length >= 2)
  child.kill('SIGINT')
  const { code, stdout, stderr } = await ended
  assert.equal(code, 130)
  assert.match(stdout, /Partial: \d of 8 runs\./)
  assert.match(stderr, /^twinpage: \d of 8 runs were not made; the same command goes on with them\n$/)
  assert.equal(record('stopped').state, 'partial')
  assert.equal(readJson<Analysis>(cwd, 'stopped', 'analysis.json').state, 'partial')
  const manifests = complete().map(({ directory }) => join(cwd, 'stopped', directory, 'manifest.json'))
  assert(manifests.length >= 2 && manifests.length < RUNS)
  const before = manifests.map((file) => readFileSync(file, 'utf8'))

  const again = await study('--out', 'stopped')
  assert.deepEqual({ code: again.code, stderr: again.stderr }, { code: 0, stderr: '' })
  assert.match(again.stdout, /Complete: 8 runs\./)
  assert.deepEqual(
    manifests.map((file) => readFileSync(file, 'utf8')),
    before,
  )
  assert.equal(readdirSync(join(cwd, 'stopped', 'runs')).length, RUNS)
})

test('a run that fails is told of; the others are made, and the exit code is its own', async () => {
  const text = STUDY.replace(
    'low: {',
    "low: { 'host.stallLimit': 1ms, 'host.swap.enabled': false, 'host.memory': 1MiB,",
  )
    .replace('  host.memory: 64MiB\n', '')
    .replace('high: {', "high: { 'host.memory': 64MiB,")
  writeFileSync(join(cwd, 'failing.yaml'), text)
  const { code, stdout, stderr } = await runTwinpage(['study', './failing.yaml', '--out', 'failing'], { cwd })
  assert.equal(code, 3)
  assert.match(stdout, /Partial: 4 of 8 runs\./)
  assert.match(stderr, /runs\/\d{3}-r1-low-\S+ failed: [^\n]*free[^\n]*\n/)
  assert.match(stderr, /4 of 8 runs failed, and count as missing/)
  const states = record('failing').runs.map(({ levels, state }) => [levels.churn, state].join())
  assert.deepEqual(new Set(states), new Set(['low,failed', 'high,complete']))
})

describe('a mistake gives one line and exit code 2, and leaves nothing behind:', { concurrency: 4 }, () => {
  const mistakes: [name: string, from: string, to: string, says: RegExp][] = [
    [
      'level',
      '20000/s',
      '20000',
      /mistake-level\.yaml:18: .*expected a rate such as 1000\/s, got 20000 \(cell churn=high, /,
    ],
    [
      'path',
      'busy.cow.faults',
      'bsy.cow.faults',
      /mistake-path\.yaml:22: responses\.faults\.path: no phase is called "bsy"/,
    ],
    [
      'key',
      'replicates: 2',
      'replicate: 2',
      /mistake-key\.yaml:13: replicate: unknown key, did you mean replicates\?/,
    ],
  ]
  for (const [name, from, to, says] of mistakes) {
    test(name, async () => {
      const other = temporaryDirectory()
      writeFileSync(join(other, `mistake-${name}.yaml`), STUDY.replace(from, to))
      const { code, stdout, stderr } = await runTwinpage(['study', `./mistake-${name}.yaml`], { cwd: other })
      assert.match(stderr, /^twinpage: [^\n]{10,500}\n$/)
      assert.match(stderr, says)
      assert.deepEqual({ code, stdout, files: readdirSync(other).length }, { code: 2, stdout: '', files: 1 })
    })
  }
  test('no such study', async () => {
    const { code, stderr } = await runTwinpage(['study', 'scan-rte'], { cwd })
    assert.match(
      stderr,
      /^twinpage: no study called "scan-rte" ships with twinpage, did you mean scan-rate\? /,
    )
    assert.equal(code, 2)
  })
})

describe('check', { concurrency: 2 }, () => {
  test('prints the cells and the runs of a study, which another seed orders otherwise', async () => {
    const runsOf = async (...args: string[]) => {
      const { code, stdout, stderr } = await runTwinpage(['check', './tiny.yaml', '--json', ...args], { cwd })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      return JSON.parse(stdout) as { cells: object; runs: { cell: string }[] }
    }
    const { cells, runs } = await runsOf()
    assert.equal(Object.keys(cells).length, 4)
    assert.equal(runs.length, RUNS)
    const other = await runsOf('--seed', '2')
    assert.notDeepEqual(
      other.runs.map(({ cell }) => cell),
      runs.map(({ cell }) => cell),
    )
  })
  test('of a study that ships, as YAML', async () => {
    const { code, stdout } = await runTwinpage(['check', 'scan-rate'], { cwd })
    assert.equal(code, 0)
    assert.match(stdout, /^study: scan-rate\nscenario: case-study\ncells:\n {2}churn=low, scanTime=10min:/)
  })
  test('tells of a mistake in one', async () => {
    writeFileSync(join(cwd, 'wrong.yaml'), STUDY.replace('20000/s', '20000'))
    const { code, stderr } = await runTwinpage(['check', 'wrong.yaml'], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /^twinpage: wrong\.yaml:18: [^\n]*\(cell churn=high/)
  })
})

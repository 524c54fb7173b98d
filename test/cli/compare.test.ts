/** `twinpage compare` as a user runs it, on real runs. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Comparison } from '../../src/compare/comparison.js'
import { readSummary, runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()

test('two runs: the ratios are those of their summaries, in text and in JSON', async () => {
  for (const [out, time] of [
    ['slow', '60min'],
    ['fast', '10min'],
  ] as const) {
    const changes = smallQuick({
      engine: 'stepped',
      'phases.2.duration': '60s',
      'scanner.ShareScanTime': time,
    })
    assert.equal((await runTwinpage(['run', 'quick', ...changes, '--out', out, '--quiet'], { cwd })).code, 0)
  }
  const { code, stdout, stderr } = await runTwinpage(['compare', 'slow', 'fast'], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.match(stdout, /differs in scanner\.ShareScanTime: "10min", not "60min"/)
  for (const line of stdout.split('\n')) assert(line.length <= 80, line)
  const json = await runTwinpage(['compare', 'slow', 'fast', '--json'], { cwd })
  const { phases } = JSON.parse(json.stdout) as Comparison
  const [slow, fast] = ['slow', 'fast'].map((out) => readSummary(join(cwd, out)).phases.at(-1)!)
  const { groups } = phases.at(-1)!.figures.find(({ path }) => path === 'scan.pagesPerSecond')!
  assert.equal(groups[1]!.ratio, fast!.scan.pagesPerSecond / slow!.scan.pagesPerSecond)
  assert(groups[1]!.ratio! > 2, 'a faster scan scans more')

  const warning = 'fast is named twice, and counted once'
  const twice = await runTwinpage(['compare', 'slow', 'fast', 'fast'], { cwd })
  assert.deepEqual(twice, { code: 0, signal: null, stdout, stderr: `twinpage: warning: ${warning}\n` })
  const twiceJson = await runTwinpage(['compare', 'slow', 'fast', 'fast', '--json'], { cwd })
  assert.equal(twiceJson.stderr, '')
  assert.deepEqual((JSON.parse(twiceJson.stdout) as Comparison).warnings, [warning])
})

test('what is no results directory is an error in one line, with exit code 2', async () => {
  mkdirSync(join(cwd, 'hostile'))
  mkdirSync(join(cwd, 'empty'))
  writeFileSync(join(cwd, 'hostile', 'manifest.json'), '{"state": ["complete"]}')
  writeFileSync(join(cwd, 'file'), '')
  for (const [path, finding] of [
    ['nowhere', /no such directory/],
    ['file', /not a directory/],
    ['empty', /no results of a run in it/],
    ['hostile', /manifest\.json is not that of a run/],
  ] as const) {
    const { code, stderr } = await runTwinpage(['compare', path], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, finding)
    assert.match(stderr, /^twinpage: .*allowed is .*\n$/)
  }
})

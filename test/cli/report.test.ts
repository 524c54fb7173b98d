/** `twinpage report`, and the report.html that every run leaves. What a browser makes of it: test/browser. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()
const SMALL = smallQuick({ engine: 'stepped' })
const STUDY = fileURLToPath(new URL('../../../results/findings/starvation', import.meta.url))
const HOSTILE = '</script><script>x</script>&"'

const report = (...args: string[]) => runTwinpage(['report', ...args], { cwd })
const page = (...path: string[]) => readFileSync(join(cwd, ...path), 'utf8')

before(async () => {
  for (const seed of ['1', '2']) {
    const args = ['run', 'quick', '--seed', seed, '--out', `run-${seed}`, '--quiet', ...SMALL]
    assert.equal((await runTwinpage(args, { cwd })).code, 0)
  }
})

test('a run leaves one, and the command makes the same again from the other files', async () => {
  const first = page('run-1', 'report.html')
  assert.match(first, /<h1>quick<\/h1>[\s\S]*The most memory was saved at the end of/)
  assert.match(first, /data-chart="shared"[\s\S]*data-chart="cow"/)
  rmSync(join(cwd, 'run-1', 'report.html'))
  const { code, stdout, stderr } = await report('run-1')
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'run-1/report.html\n', stderr: '' })
  assert.equal(page('run-1', 'report.html'), first)
})

test('several runs are on one page', async () => {
  const { code, stdout } = await report('run-1', 'run-2', '--out', 'both.html')
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'both.html\n' })
  const both = page('both.html')
  assert.match(
    both,
    /<h2>A: quick, seed 1,[\s\S]*id="run-0-shared"[\s\S]*<h2>B: quick, seed 2,[\s\S]*id="run-1-shared"/,
  )
})

test('nothing that a file says becomes markup', async () => {
  cpSync(join(cwd, 'run-1'), join(cwd, 'hostile'), { recursive: true })
  for (const name of ['manifest.json', 'summary.json']) {
    const text = page('hostile', name).replaceAll('"quick"', JSON.stringify(HOSTILE))
    writeFileSync(join(cwd, 'hostile', name), text)
  }
  assert.equal((await report('hostile')).code, 0)
  const html = page('hostile', 'report.html')
  assert(!html.includes('<script>x'))
  assert(html.includes('<h1>&lt;/script&gt;&lt;script&gt;x&lt;/script&gt;&amp;&quot;</h1>'))
})

test('a partial run has one, and it says so at its top', async () => {
  cpSync(join(cwd, 'run-1'), join(cwd, 'partial'), { recursive: true })
  for (const name of ['manifest.json', 'summary.json']) {
    const text = page('partial', name).replace('"state": "complete"', '"state": "partial"')
    writeFileSync(join(cwd, 'partial', name), text)
  }
  assert.equal((await report('partial')).code, 0)
  assert.match(page('partial', 'report.html'), /This run is partial[\s\S]*The most memory was saved/)
})

test('a study has one, made of its report and its charts', async () => {
  const { code, stdout } = await report(STUDY, '--out', 'study.html')
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'study.html\n' })
  assert.match(page('study.html'), /<h1>starvation<\/h1>[\s\S]*<table>[\s\S]*<img src="data:/)
})

describe('a mistake gives one line and exit code 2:', () => {
  const broken = (name: string, file: string, text: string) => {
    cpSync(join(cwd, 'run-1'), join(cwd, name), { recursive: true })
    writeFileSync(join(cwd, name, file), text)
    return name
  }
  const cases: [string, () => string[], RegExp][] = [
    ['no directory', () => ['nowhere'], /nowhere: it has no manifest\.json; allowed is/],
    ['several and no --out', () => ['run-1', 'run-2'], /--out: is needed for a page of several runs/],
    ['an --out that is a directory', () => ['run-1', '--out', '.'], /--out: can't be written/],
    [
      'a manifest that is no JSON',
      () => [broken('cut', 'manifest.json', '{')],
      /manifest\.json: is not JSON/,
    ],
    [
      'a run that is not over',
      () => [broken('running', 'manifest.json', '{"state": "running"}')],
      /running: the run is not over/,
    ],
    [
      'a manifest that lacks nearly everything',
      () => [broken('bare', 'manifest.json', '{"state": "complete"}')],
      /bare: its files are not those of a run/,
    ],
    [
      'a study among several',
      () => ['run-1', STUDY, '--out', 'x.html'],
      /starvation: it has no manifest\.json; allowed is/,
    ],
    [
      'a summary of something else',
      () => [broken('odd', 'summary.json', '[]')],
      /odd: its files are not those of a run/,
    ],
    [
      'a time series of something else',
      () => [broken('csv', 'timeseries.csv', 'a,b\n')],
      /csv: its files are not those of a run/,
    ],
  ]
  for (const [name, args, says] of cases) {
    test(name, async () => {
      const { code, stdout, stderr } = await report(...args())
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, /^twinpage: [^\n]*\n$/)
      assert.match(stderr, says)
    })
  }
})

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { ResultsDirectory } from '../../src/report/results-directory.js'

const RUN = { scenario: 'case-study', seed: 7, startedAt: new Date('2026-01-02T03:04:05.678Z') }

let home: string
const cwd = process.cwd()

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'twinpage-results-'))
  process.chdir(home)
})

afterEach(() => {
  process.chdir(cwd)
  rmSync(home, { recursive: true })
})

function refusal(out: string): string {
  let message = ''
  assert.throws(
    () => ResultsDirectory.create({ ...RUN, out }),
    (error) => {
      assert.ok(error instanceof UserError)
      assert.equal(error.place.key, '--out')
      message = error.message
      return true
    },
  )
  return message
}

test('runs that start in the same second get directories of their own, named by time and seed', () => {
  const paths = [1, 2, 3].map(() => ResultsDirectory.create(RUN).path)
  const first = join(home, 'results', 'case-study', '20260102T030405Z-7')
  assert.deepEqual(paths, [first, `${first}-2`, `${first}-3`])
})

test('a new directory is empty: the probe is gone', () => {
  assert.deepEqual(readdirSync(ResultsDirectory.create(RUN).path), [])
})

test('--out names the directory itself, made if it is missing, taken if it is empty', () => {
  mkdirSync('there')
  assert.equal(ResultsDirectory.create({ ...RUN, out: 'there' }).path, join(home, 'there'))
  assert.equal(ResultsDirectory.create({ ...RUN, out: 'not/there' }).path, join(home, 'not', 'there'))
  assert.ok(existsSync('not/there'))
})

test('--out must not be a file', () => {
  writeFileSync('file', '')
  assert.match(refusal('file'), /file is not a directory; allowed is/)
})

test('--out must not lie where no directory can be made', () => {
  writeFileSync('file', '')
  assert.match(refusal('file/below'), /can't write to .*ENOTDIR/)
})

test('--out must not hold a run, nor anything else, and what it holds stays', () => {
  mkdirSync('run')
  writeFileSync('run/manifest.json', '{}')
  assert.match(refusal('run'), /already holds a run/)
  mkdirSync('notes')
  writeFileSync('notes/todo.txt', 'buy milk')
  assert.match(refusal('notes'), /is not empty/)
  assert.equal(readFileSync('notes/todo.txt', 'utf8'), 'buy milk')
})

test('writing replaces a file and leaves nothing else behind', () => {
  const results = ResultsDirectory.create(RUN)
  results.writeJson('manifest.json', { state: 'running' })
  results.writeJson('manifest.json', { state: 'complete' })
  assert.deepEqual(JSON.parse(readFileSync(join(results.path, 'manifest.json'), 'utf8')), {
    state: 'complete',
  })
  assert.deepEqual(readdirSync(results.path), ['manifest.json'])
})

test('what was appended can be read at once', () => {
  const results = ResultsDirectory.create(RUN)
  results.append('timeseries.csv', 'a\n')
  results.append('timeseries.csv', 'b\n')
  assert.equal(readFileSync(join(results.path, 'timeseries.csv'), 'utf8'), 'a\nb\n')
})

test('no file can be written outside the directory', () => {
  const results = ResultsDirectory.create(RUN)
  for (const name of ['../escaped', '', '/tmp/escaped']) {
    assert.throws(() => results.write(name, ''), /Expected a path inside/)
  }
})

test('a discarded run leaves nothing, not even the directories above', () => {
  const results = ResultsDirectory.create(RUN)
  results.write('latency/web.hlog', '')
  results.discard()
  assert.deepEqual(readdirSync(home), [])
})

test('a discarded run leaves what others have put there', () => {
  const kept = ResultsDirectory.create(RUN)
  ResultsDirectory.create(RUN).discard()
  assert.deepEqual(readdirSync(join(home, 'results', 'case-study')), ['20260102T030405Z-7'])
  writeFileSync(join(kept.path, 'notes.txt'), '')
  kept.write('manifest.json', '{}')
  kept.discard()
  assert.deepEqual(readdirSync(kept.path), ['notes.txt'])
})

test('a discarded run keeps a directory that was there before', () => {
  mkdirSync('there')
  const results = ResultsDirectory.create({ ...RUN, out: 'there' })
  results.write('manifest.json', '{}')
  results.discard()
  assert.deepEqual(readdirSync('there'), [])
})

test('one that is there is gone on with: what it holds stays until it is written anew', () => {
  const { path } = ResultsDirectory.create({ ...RUN, out: 'there' })
  writeFileSync(join(path, 'old.txt'), 'old')
  writeFileSync(join(path, 'both.txt'), 'old')
  ResultsDirectory.reopen(path).write('both.txt', 'new')
  assert.deepEqual(readdirSync(path).sort(), ['both.txt', 'old.txt'])
  assert.equal(readFileSync(join(path, 'both.txt'), 'utf8'), 'new')
})

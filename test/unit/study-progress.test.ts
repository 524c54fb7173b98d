import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { glyphsOf } from '../../src/cli/drawing.js'
import { StudyProgress } from '../../src/cli/study-progress.js'
import type { RunRecord } from '../../src/study/record.js'

const GLYPHS = glyphsOf({ LANG: 'C.UTF-8' })

function run(number: number, cell: number, seconds: number | null): RunRecord {
  return {
    number,
    replicate: number > 4 ? 2 : 1,
    cell,
    seed: 1,
    directory: '',
    state: seconds === null ? 'missing' : 'complete',
    seconds,
  }
}

test('says which run it is, and the time left by the median of each cell, or of all', () => {
  let nowMs = 0
  const progress = new StudyProgress('rates', ['rate=1', 'rate=2'], GLYPHS, () => nowMs)
  assert.equal(progress.view(), undefined)
  const first = [run(1, 0, null), run(2, 1, null), run(3, 0, null)]
  progress.begin(first[0]!, first)
  assert.equal(progress.view()!.line, 'rates · run 1 of 3 · rate=1 · replicate 1')
  const all = [run(1, 0, 10), run(2, 1, 100), run(3, 0, 30), run(4, 0, 20), run(5, 1, null), run(6, 0, null)]
  progress.begin(all[4]!, all)
  assert.equal(progress.view()!.line, 'rates · run 5 of 6 · rate=2 · replicate 2 · about 120 s left')
  nowMs = 40_000
  assert.match(progress.view()!.line, / about 80 s left$/)
  nowMs = 400_000
  assert.match(progress.view()!.line, / about 20 s left$/)
})

test('a narrow terminal gets more lines, none of them wider', () => {
  const progress = new StudyProgress('rates', ['rate=1', 'rate=2'], GLYPHS, () => 0)
  const all = [run(1, 0, 10), run(2, 1, null)]
  progress.begin(all[1]!, all)
  const block = progress.view()!.block!
  const plain = (columns: number) => block(columns).map(stripVTControlCharacters)
  assert.deepEqual(plain(80), [
    'rates · run 2 of 2 · rate=2 · replicate 1',
    `${'█'.repeat(12)}${'░'.repeat(12)}  50 % · about 10 s left`,
  ])
  assert.deepEqual(plain(20), [
    'rates · run 2 of 2',
    'rate=2',
    'replicate 1',
    `${'█'.repeat(6)}${'░'.repeat(7)}  50 %`,
    'about 10 s left',
  ])
})

/** What a run shows of itself while it goes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { glyphsOf, STYLES } from '../../src/cli/drawing.js'
import { RunProgress } from '../../src/cli/run-progress.js'
import type { Sample } from '../../src/experiment/outcome.js'
import { columnsOf } from '../../src/report/columns.js'
import type { Plan } from '../../src/scenario/plan.js'
import { sampleRun } from '../support/sample-run.js'

const UNICODE = glyphsOf({ LANG: 'en_US.UTF-8' })
/** A minute of the scenario is a second of the run. */
const SCALE = { memory: 128, time: 60 }
const { plan: base, samples } = sampleRun(['a', 'b', 'c', 'd'], SCALE)

const PLAN: Plan = {
  ...base,
  phases: [
    { name: 'warmup', ends: { when: 'settled' }, seconds: 60 },
    { name: 'idle', ends: { when: 'time' }, seconds: 30 },
    { name: 'benchmark', ends: { when: 'time' }, seconds: 90 },
  ],
}

function progressOf(plan: Plan, samples: readonly Sample[] = [], glyphs = UNICODE): RunProgress {
  const progress = new RunProgress(plan, glyphs)
  for (const sample of samples) progress.take(sample)
  return progress
}

function blockOf(progress: RunProgress, phase: string, timeSeconds: number, columns = 80): string[] {
  return progress.view(phase, timeSeconds).block!(columns).map(stripVTControlCharacters)
}

test('says where it is, what is left, what is shared, and what scanner and guests do', () => {
  const until = samples.filter(({ timeSeconds }) => timeSeconds <= 3000)
  const progress = progressOf(PLAN, until)
  blockOf(progress, 'benchmark', 2400)
  const block = blockOf(progress, 'benchmark', 3000)
  const last = until.at(-1)!
  const GiB = (pages: number) => `${((pages * 128 * 4096) / 2 ** 30).toFixed(1)} GiB`
  const captured = ((100 * last.savedPages) / last.opportunityPages).toFixed(1)
  assert.deepEqual(block, [
    'case-study · benchmark, phase 3 of 3 · at 50.0 min of the scenario',
    `${'█'.repeat(8)}${'░'.repeat(16)}  33 % · about 80 s left`,
    `shared ${GiB(last.sharedPages)} · footprint ${GiB(last.footprintPages)} · opportunity ${GiB(last.opportunityPages)} · captured ${captured} %`,
    // A second of the run is a minute of the samples, in each second of which 10 pages are scanned of 12.5 asked for.
    'scan 600/s of 750/s asked · scanner on CPU 4.7 % · waits 0.5 %',
    `CoW 480/s · ${'█'.repeat(32)} · peak 480/s`,
  ])
})

test('of a warm-up it says what ends it, and how long what comes then takes', () => {
  const progress = progressOf(PLAN)
  blockOf(progress, 'warmup', 0)
  const [title, bar] = blockOf(progress, 'warmup', 600)
  assert.equal(title, 'case-study · warmup, phase 1 of 3 · at 10.0 min of the scenario')
  assert.equal(bar, `${'░'.repeat(24)}   0 % · until settled, 50 s at most · then about 120 s`)
  const passes: Plan = {
    ...PLAN,
    phases: [PLAN.phases[1]!, { name: 'again', ends: { when: 'passes', passes: 2 }, seconds: 60 }],
  }
  assert.match(blockOf(progressOf(passes), 'idle', 0)[1]!, / about 30 s and again left$/)
  assert.match(blockOf(progressOf(passes), 'again', 1800)[1]!, / until 2 scan passes, 60 s at most$/)
})

test('stepped, time left goes by the pace so far', () => {
  let nowMs = 0
  const plan: Plan = { ...PLAN, engine: 'stepped', phases: PLAN.phases.slice(1) }
  const progress = new RunProgress(plan, UNICODE, () => nowMs)
  blockOf(progress, 'idle', 0)
  nowMs = 5000
  // 10 seconds of the virtual clock took 5.
  assert.match(blockOf(progress, 'idle', 600)[1]!, / about 55 s left$/)
})

test('before and after the phases it says what is done then', () => {
  assert.deepEqual(blockOf(progressOf(PLAN), 'start', 0), [
    'case-study · setting up memory and threads',
    `${'░'.repeat(24)}   0 %`,
  ])
  const [title, bar] = blockOf(progressOf(PLAN, samples), 'verify', 7200)
  assert.equal(title, 'case-study · verifying every page')
  assert.equal(bar, `${'█'.repeat(24)} 100 %`)
})

test('figures of a sample that is seconds old say so', () => {
  const progress = progressOf(PLAN, samples.slice(0, 3))
  assert.match(blockOf(progress, 'idle', 120 + 5 * 60).join('\n'), /waits 0\.5 %\nCoW/)
  assert.match(blockOf(progress, 'idle', 120 + 9 * 60).join('\n'), /\nfigures 9 s old\n/)
})

test('a scanner that is behind or waits, and swapping, stand out', () => {
  const [first, calm, next] = [samples[0]!, samples[1]!, samples[2]!]
  const keepsUp = { ...calm, scan: { ...calm.scan, pagesAsked: calm.scan.pagesScanned } }
  const behind = {
    ...next,
    swappedPages: 256,
    scan: { ...next.scan, pagesScanned: calm.scan.pagesScanned + 1, waitingSeconds: 1 },
  }
  const yellow = (of: readonly Sample[]) => {
    const text = progressOf(PLAN, of).view('idle', 120).block!(80).join('\n')
    const [, ...parts] = text.split(STYLES.yellow[0])
    return parts.map((part) => part.split(' ')[0])
  }
  assert.deepEqual(yellow([first, keepsUp]), [])
  assert.deepEqual(yellow([calm, behind]), ['swapped', 'scan', 'waits'])
})

test('no line is wider than the terminal, from 20 columns on, and none is lost', () => {
  const huge: Plan = { ...PLAN, scenario: 'a-scenario-with-quite-a-long-name' }
  for (let columns = 20; columns <= 120; columns++) {
    const block = blockOf(progressOf(huge, samples), 'benchmark', 3000, columns)
    for (const line of block.filter((line) => !line.startsWith(huge.scenario)))
      assert(columnsOf(line) < columns || !line.includes(' · '), `${columns}: ${line}`)
    assert.equal(block.join(' ').match(/shared|footprint|opportunity|captured|scan|CoW/g)!.length, 7)
  }
})

test('where the locale has no Unicode there is only ASCII', () => {
  const ascii = progressOf(PLAN, samples, glyphsOf({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }))
  blockOf(ascii, 'benchmark', 2400)
  const lines = [...blockOf(ascii, 'benchmark', 3000), ascii.view('benchmark', 3000).line]
  for (const line of lines) assert.match(line, /^[ -~]+$/)
  assert.match(lines.join('\n'), /\n#{8}-{16} {2}33 % \| about 80 s left\n/)
})

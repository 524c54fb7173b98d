/** Ctrl-C at any moment: the run ends soon, with exit code 130, and what it has written is whole. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { HistogramLogReader } from 'hdr-histogram-js'
import {
  type Ended,
  type Running,
  readManifest,
  readSummary,
  readTimeSeries,
  smallQuick,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'

/** From the signal to the end of the process: what an interrupted run promises. */
const END_LIMIT_MS = 2000

const cwd = temporaryDirectory()

function startEndless(out: string, guests = 2): Running {
  const settings = smallQuick({
    'guests.0.count': guests,
    'guests.0.memory': '4MiB',
    'phases.1.duration': '60min',
  })
  return startTwinpage(['run', 'quick', '--out', out, ...settings], { cwd })
}

async function interrupt({ child, ended }: Running, signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
  const start = performance.now()
  child.kill(signal)
  const end = await ended
  const tookMs = performance.now() - start
  assert(tookMs < END_LIMIT_MS, `ended ${Math.round(tookMs)} ms after the signal`)
  return end
}

const isIdle = (out: string) => () => readTimeSeries(join(cwd, out)).rows.at(-1)!.phase === 'idle'

function assertPartial(directory: string): void {
  const { state, exitReason, endedAt } = readManifest(directory)
  assert.deepEqual({ state, exitReason }, { state: 'partial', exitReason: 'stopped before its end' })
  assert(Date.parse(endedAt!) > 0)
  const summary = readSummary(directory)
  assert.equal(summary.state, 'partial')
  const { mismatches, leakedFrames, violations } = summary.integrity
  assert.deepEqual(
    { mismatches, leakedFrames, violations },
    { mismatches: 0, leakedFrames: 0, violations: 0 },
  )
  readTimeSeries(directory)
  assert.match(readFileSync(join(directory, 'figures/shared.svg'), 'utf8'), /<\/svg>\s*$/)
  for (const { name } of summary.guests) {
    const log = new HistogramLogReader(readFileSync(join(directory, 'latency', `${name}.hlog`), 'utf8'))
    while (log.nextIntervalHistogram());
    assert(existsSync(join(directory, 'latency', `${name}.hgrm`)))
  }
}

/** The process was ended by the signal's own action, or ended itself as if it had been. */
function assertInterrupted({ code, signal, stderr }: Ended): void {
  assert(code === 130 || signal === 'SIGINT', `code ${code}, signal ${signal}`)
  assert.equal(stderr, '')
}

describe('SIGINT', () => {
  test('in the middle of a run: 130 within 2 s, and valid files marked partial', async () => {
    const run = startEndless('middle')
    await until('the idle phase goes on', isIdle('middle'))
    const { code, stdout, stderr } = await interrupt(run)
    assert.deepEqual({ code, stderr }, { code: 130, stderr: '' })
    assert.match(stdout, /quick: seed 1, partial/)
    assertPartial(join(cwd, 'middle'))
    assert.deepEqual(
      readSummary(join(cwd, 'middle')).phases.map(({ name }) => name),
      ['settle', 'idle'],
    )
    assert.equal(readSummary(join(cwd, 'middle')).integrity.pagesVerified, 2048)
  })

  test('while the program loads: it ends, and leaves nothing or valid files', async () => {
    const run = startEndless('loading')
    await sleep(100)
    assertInterrupted(await interrupt(run))
    if (existsSync(join(cwd, 'loading'))) assertPartial(join(cwd, 'loading'))
  })

  test('while the guests’ threads start: 130 within 2 s, and valid files marked partial', async () => {
    const run = startEndless('starting', 24)
    await until('the manifest is there', () => readManifest(join(cwd, 'starting')).state === 'running')
    assert.equal((await interrupt(run)).code, 130)
    assertPartial(join(cwd, 'starting'))
  })

  test('twice: the program ends at the second one at the latest, and what it has written is whole', async () => {
    const run = startEndless('twice')
    await until('the idle phase goes on', isIdle('twice'))
    run.child.kill('SIGINT')
    await sleep(20)
    assertInterrupted(await interrupt(run))
    const directory = join(cwd, 'twice')
    assert.match(readManifest(directory).state, /^(running|partial)$/)
    readTimeSeries(directory)
    if (readdirSync(directory).includes('summary.json')) assertPartial(directory)
  })
})

test('SIGTERM ends a run as SIGINT does, with its own exit code', async () => {
  const run = startEndless('term')
  await until('the idle phase goes on', isIdle('term'))
  assert.equal((await interrupt(run, 'SIGTERM')).code, 143)
  assertPartial(join(cwd, 'term'))
})

/** Signals that leave a run no time: what it leaves can be told from a finished run, and disturbs no other. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ECHO_MS } from '../../src/cli/signals.js'
import {
  readManifest,
  readTimeSeries,
  runTwinpage,
  setting,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'
import {
  ALL_PAGES,
  BUSY,
  clean,
  integrityOf,
  readEnd,
  startFaulty,
  writeScenario,
} from '../support/faults.js'

const cwd = temporaryDirectory()
writeScenario(cwd)
/** A guest that holds a run up for so long. */
const BLOCK_MS = 30_000

/** The manifest of a run that was not able to end it, and whose process is no more. */
function assertKilled(directory: string, pid: number): void {
  const { state, endedAt, exitReason, pid: named } = readManifest(directory)
  assert.deepEqual(
    { state, endedAt, exitReason, named },
    { state: 'running', endedAt: null, exitReason: null, named: pid },
  )
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  readTimeSeries(directory)
}

describe('a signal', { concurrency: 2 }, () => {
  test('twice, the second after the time of an echo: the program ends at once', async () => {
    const block = { thread: 'guest', at: 'pte', what: 'block', blockMs: BLOCK_MS, phase: BUSY } as const
    const { child, ended } = startFaulty(cwd, 'twice', block)
    await until('a guest holds the run up', () => readdirSync(cwd).includes('twice.claim'))
    child.kill('SIGINT')
    // Time that the program has: the main thread may have to wait for a processor.
    await sleep(10 * ECHO_MS)
    assert.equal(child.exitCode, null)
    const start = performance.now()
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert(performance.now() - start < BLOCK_MS / 2)
    assert.deepEqual({ code, stderr }, { code: 130, stderr: '' })
    assertKilled(join(cwd, 'twice'), child.pid!)
  })

  test('SIGKILL: the next run beside it is a whole one, and the killed one can be told from it', async () => {
    const own = temporaryDirectory()
    writeScenario(own)
    const args = ['run', 'faults.yaml', '--quiet', ...setting({ 'host.memory': '1MiB' })]
    const { child, ended } = startTwinpage([...args, ...setting({ 'phases.1.duration': '60min' })], {
      cwd: own,
    })
    const results = join(own, 'results', 'faults')
    const killed = () => join(results, readdirSync(results)[0]!)
    await until('pages are swapped out', () => Number(readTimeSeries(killed()).rows.at(-1)!.swapOuts) > 0)
    const directory = killed()
    child.kill('SIGKILL')
    assert.equal((await ended).signal, 'SIGKILL')
    assertKilled(directory, child.pid!)
    assert.deepEqual(readdirSync(directory).sort(), ['manifest.json', 'timeseries.csv'])

    const again = await runTwinpage([...args, '--out', directory], { cwd: own })
    assert.equal(again.code, 2)
    assert.match(again.stderr, /^twinpage: --out: \S+ already holds a run; [^\n]+\n$/)

    const next = await runTwinpage(args, { cwd: own })
    assert.equal(next.code, 0, next.stderr)
    const [, beside] = readdirSync(results).sort()
    assert.equal(readEnd(join(results, beside!)).state, 'complete')
    assert.deepEqual(integrityOf(join(results, beside!)), clean(ALL_PAGES))
    assertKilled(directory, child.pid!)
  })
})

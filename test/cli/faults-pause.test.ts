/** Threads that stand still for seconds, and a process that does: the run goes on afterwards as if nothing had been. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTimeSeries, temporaryDirectory, until } from '../support/cli.js'
import {
  ALL_PAGES,
  BUSY,
  clean,
  type FaultyRun,
  integrityOf,
  linesForPeople,
  readEnd,
  runFaulty,
  startFaulty,
  writeScenario,
} from '../support/faults.js'

const cwd = temporaryDirectory()
writeScenario(cwd)

const BLOCK_MS = 4000
/** Longer than guests are given to catch up with the end of a phase (src/experiment/phases.ts). */
const STOP_MS = 6000

function assertComplete(directory: string): void {
  assert.equal(readEnd(directory).state, 'complete')
  assert.deepEqual(integrityOf(directory), clean(ALL_PAGES))
}

describe('a pause', { concurrency: 4 }, () => {
  const blocked: Omit<FaultyRun, 'at' | 'what'>[] = [
    { thread: 'guest', phase: BUSY },
    { thread: 'scanner', phase: BUSY },
    { thread: 'reclaimer', hostMiB: 1 },
  ]
  for (const run of blocked) {
    test(`of the ${run.thread}’s thread, with a PTE’s lock: the run completes`, async () => {
      const block = { at: 'pte', what: 'block', blockMs: BLOCK_MS } as const
      const { code, lines, directory } = await runFaulty(cwd, run.thread, { ...block, ...run })
      assert.deepEqual({ code, lines }, { code: 0, lines: [] })
      assertComplete(directory)
    })
  }

  test('of the whole process: the run completes', async () => {
    // A fault that is no fault: the claim says when a scanner holds a lock in the busy phase.
    const fault = { thread: 'scanner', at: 'pte', what: 'block', blockMs: 1, phase: BUSY } as const
    const { child, ended } = startFaulty(cwd, 'process', fault)
    await until('the busy phase goes on', () => {
      return readTimeSeries(join(cwd, 'process')).rows.at(-1)!.phase === 'busy'
    })
    child.kill('SIGSTOP')
    await sleep(STOP_MS)
    child.kill('SIGCONT')
    const end = await ended
    assert.equal(end.code, 0, end.stderr)
    linesForPeople(end)
    assertComplete(join(cwd, 'process'))
  })
})

/** A scanner or a reclaimer whose thread dies: the run fails, or another scanner takes over and the run says so. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { readSummary, readTimeSeries, temporaryDirectory, until } from '../support/cli.js'
import {
  ALL_PAGES,
  assertFailed,
  BUSY,
  clean,
  type FaultyEnd,
  integrityOf,
  readEnd,
  runFaulty,
  startFaulty,
  writeScenario,
} from '../support/faults.js'
import { threadsOf } from '../support/system-threads.js'

const cwd = temporaryDirectory()
writeScenario(cwd)

const RESTART = { 'scanner.onDeath': 'restart' }
const TOOK_OVER =
  /^(the scanner|scanner [12] of 2) died at \d+\.\d{3} s of scenario time, in phase (boot|busy|idle): .*; another took over, and nothing (of its part )?was scanned for \d+\.\d{3} s of wall time$/

/** The one line about the scanner that died and was replaced, the same in all places. */
function gapOf({ directory, lines }: FaultyEnd): string {
  const said = readEnd(directory).messages.filter((message) => message.includes('took over, and nothing'))
  assert.equal(said.length, 1)
  assert.match(said[0]!, TOOK_OVER)
  assert(lines.includes(`twinpage: ${said[0]}`), lines.join('\n'))
  return said[0]!
}

describe('the scanner’s thread dies', { concurrency: 4 }, () => {
  // The first one, since it waits for most of its time.
  test('with the lock of a page that a guest needs: the guest gives up, and the run fails', async () => {
    const fault = { thread: 'scanner', at: 'pte', what: 'throw', phase: BUSY } as const
    const end = await runFaulty(cwd, 'restart-needed', { ...fault, settings: RESTART })
    assertFailed(
      end,
      /^guest vm-\d: a page table entry \(word \d+\) stayed locked for 20 s: the thread that holds it is dead/,
    )
    gapOf(end)
    assert(end.lines.some((line) => /: guest vm-\d PPN \d+: its PTE was left locked$/.test(line)))
    assertDamaged(end.directory)
  })

  for (const what of ['throw', 'exit'] as const) {
    test(`${what}: the run fails, and all guests are checked`, async () => {
      const end = await runFaulty(cwd, `fail-${what}`, { thread: 'scanner', at: 'look', what, phase: BUSY })
      assertFailed(end, /^the scanner died: (injected fault; in two lines|worker exited with code: 7)$/)
      assert.equal(end.lines.length, 1)
      assert.deepEqual(integrityOf(end.directory), clean(ALL_PAGES))
    })
  }

  for (const what of ['throw', 'exit', 'heap', 'terminate'] as const) {
    test(`${what}, and onDeath is restart: another takes over, and its counts go on`, async () => {
      const end = await runFaulty(cwd, `restart-${what}`, {
        ...{ thread: 'scanner', at: 'look', what, phase: BUSY, visits: 20 },
        settings: RESTART,
      })
      assert.equal(end.code, 0, end.lines.join('\n'))
      assert.equal(end.lines.length, 1)
      gapOf(end)
      const { state, exitReason } = readEnd(end.directory)
      assert.deepEqual({ state, exitReason }, { state: 'complete', exitReason: 'all phases were run' })
      assert.deepEqual(integrityOf(end.directory), clean(ALL_PAGES))
      assertCountsGoOn(end.directory)
    })
  }

  test('and onDeath is restart: the one that takes over is scheduled as the one before it', {
    skip: !existsSync('/proc/self/task') && 'this system does not show its threads',
  }, async () => {
    const fault = { thread: 'scanner', at: 'look', what: 'throw', phase: BUSY } as const
    const settings = { ...RESTART, 'scanner.nice': 7, 'phases.1.duration': '2s' }
    const { child, ended } = startFaulty(cwd, 'restart-nice', { ...fault, settings })
    const nice = new Set<number>()
    await until('two threads after each other were nice', () => {
      for (const thread of threadsOf(child.pid!)) if (thread.nice === 7) nice.add(thread.id)
      return nice.size === 2
    })
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
  })

  test('while it sets up, and onDeath is restart: the run goes on', async () => {
    const settings = RESTART
    const fault = { thread: 'scanner', at: 'setup', what: 'throw', settings } as const
    const { code, lines, directory } = await runFaulty(cwd, 'restart-setup', fault)
    assert.equal(code, 0)
    assert.match(
      lines.join('\n'),
      /^twinpage: the scanner died before the first phase: [^\n]*another took over[^\n]*$/,
    )
    assert.deepEqual(integrityOf(directory), clean(ALL_PAGES))
  })

  test('twice, and onDeath is restart: the run fails', async () => {
    const fault = { thread: 'scanner', at: 'look', what: 'throw', phase: BUSY, threads: 2 } as const
    const end = await runFaulty(cwd, 'restart-twice', { ...fault, settings: RESTART })
    assertFailed(end, /^the scanner that took over died: injected fault; in two lines$/)
    assert.equal(end.lines.length, 2)
    gapOf(end)
    assert.deepEqual(integrityOf(end.directory), clean(ALL_PAGES))
  })

  test('with the lock of a page that nobody needs: the run completes, and the lock is damage', async () => {
    const settings = { ...RESTART, 'guests.0.workload.busy': '[]' }
    const fault = { thread: 'scanner', at: 'pte', what: 'exit', visits: 10 } as const
    const end = await runFaulty(cwd, 'restart-unneeded', { ...fault, settings })
    assert.equal(end.code, 4, end.lines.join('\n'))
    gapOf(end)
    const { state, exitReason } = readEnd(end.directory)
    assert.equal(state, 'complete')
    assert.match(exitReason!, /^integrity: guest vm-\d PPN \d+: its PTE was left locked$/)
    assertDamaged(end.directory)
  })
})

describe('one of two scanners dies', { concurrency: 2 }, () => {
  const TWO = { 'scanner.count': 2 }

  test('the run fails, and says which', async () => {
    const fault = { thread: 'scanner', at: 'look', what: 'throw', phase: BUSY, settings: TWO } as const
    const end = await runFaulty(cwd, 'two-fail', fault)
    assertFailed(end, /^scanner [12] of 2 died: injected fault; in two lines$/)
    assert.deepEqual(integrityOf(end.directory), clean(ALL_PAGES))
  })

  test('and onDeath is restart: another takes over, and counts go on', async () => {
    const end = await runFaulty(cwd, 'two-restart', {
      ...{ thread: 'scanner', at: 'look', what: 'throw', phase: BUSY, visits: 20 },
      settings: { ...TWO, ...RESTART },
    })
    assert.equal(end.code, 0, end.lines.join('\n'))
    assert.equal(end.lines.length, 1)
    assert.match(gapOf(end), /^scanner [12] of 2 .* nothing of its part was scanned for/)
    assert.equal(readEnd(end.directory).state, 'complete')
    assert.deepEqual(integrityOf(end.directory), clean(ALL_PAGES))
    assertCountsGoOn(end.directory)
  })

  test('and so does the other, and onDeath is restart: each is replaced once', async () => {
    const end = await runFaulty(cwd, 'two-restart-both', {
      ...{ thread: 'scanner', at: 'setup', what: 'throw', threads: 2 },
      settings: { ...TWO, ...RESTART },
    })
    assert.equal(end.code, 0, end.lines.join('\n'))
    assert.equal(end.lines.length, 2)
    for (const name of ['scanner 1 of 2', 'scanner 2 of 2']) {
      const said = new RegExp(`${name} died before the first phase: [^\\n]*another took over[^\\n]*$`)
      assert(
        end.lines.some((line) => said.test(line)),
        end.lines.join('\n'),
      )
    }
    assert.deepEqual(integrityOf(end.directory), clean(ALL_PAGES))
  })
})

describe('the reclaimer’s thread dies: the run fails', { concurrency: 2 }, () => {
  test('while it sets up', async () => {
    const end = await runFaulty(cwd, 'reclaimer-setup', { thread: 'reclaimer', at: 'setup', what: 'exit' })
    assertFailed(end, /^the reclaimer died: worker exited with code: 7$/)
    assert.equal(end.lines.length, 1)
  })

  test('with a PTE’s lock', async () => {
    const fault = { thread: 'reclaimer', at: 'pte', what: 'throw', hostMiB: 1 } as const
    const end = await runFaulty(cwd, 'reclaimer-pte', fault)
    assertFailed(end, /^the reclaimer died: injected fault; in two lines$/)
    assert.deepEqual(integrityOf(end.directory), { ...clean(ALL_PAGES), violations: 1 })
  })
})

/**
 * A lock was left, and where the scanner was about to join a shared frame its reference too, or to merge two pages the lock
 * of the other.
 */
function assertDamaged(directory: string): void {
  const { violations, ...others } = integrityOf(directory)
  assert(violations === 1 || violations === 2, `${violations} violations`)
  assert.deepEqual({ ...others, violations: 0 }, clean(ALL_PAGES))
}

/** Nothing that counts up falls, and both threads scanned. */
function assertCountsGoOn(directory: string): void {
  const { rows } = readTimeSeries(directory)
  const columns = ['scannedPages', 'pagesAsked', 'pagesHashed', 'merges', 'passes']
  if (existsSync('/proc/self/schedstat')) columns.push('scannerCpuSeconds', 'scannerWaitingSeconds')
  for (const column of columns) {
    const counts = rows.map((row) => Number(row[column]))
    counts.forEach((count, index) => {
      assert(count >= (counts[index - 1] ?? 0), `${column} of line ${index + 2}`)
    })
  }
  const [boot, , idle] = readSummary(directory).phases
  assert(boot!.scan.pagesScanned > 0 && idle!.scan.pagesScanned > 0)
  assert(idle!.scan.passes > 0, 'passes are counted by the one that took over')
}

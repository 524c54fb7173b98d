/** A guest whose thread dies, however and whenever: the run ends, says so, and checks the others. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readSummary, temporaryDirectory } from '../support/cli.js'
import {
  ALL_PAGES,
  assertFailed,
  BUSY,
  clean,
  type FaultyRun,
  integrityOf,
  PAGES_PER_GUEST,
  readEnd,
  runFaulty,
  writeScenario,
} from '../support/faults.js'

const cwd = temporaryDirectory()
writeScenario(cwd)

const OTHERS = ALL_PAGES - PAGES_PER_GUEST

const REASONS = {
  throw: 'injected fault; in two lines',
  exit: 'worker exited with code: 7',
  heap: 'Worker terminated due to reaching memory limit: JS heap out of memory',
  terminate: 'worker exited with code: 1',
}
type Death = keyof typeof REASONS

/** Twice the memory that there is, and no way out. */
const STALLING: Partial<FaultyRun> = {
  hostMiB: 2,
  settings: { 'host.swap.enabled': 'false', 'scanner.unthrottled': 'false', 'scanner.ShareRateMax': 0 },
}

async function runWithDeath(what: Death, place: Pick<FaultyRun, 'at'> & Partial<FaultyRun>) {
  const out = `${place.at}-${place.phase ?? 'any'}-${what}`
  const end = await runFaulty(cwd, out, { thread: 'guest', what, ...place })
  assertFailed(end, new RegExp(`^guest vm-\\d died: ${REASONS[what]}$`))
  const findings = end.lines.filter((line) => line.startsWith('twinpage: integrity: '))
  const [guest] = /vm-\d/.exec(readEnd(end.directory).exitReason!)!
  const phases = readSummary(end.directory).phases.map(({ name }) => name)
  return { directory: end.directory, findings, guest, phases }
}

describe('a guest’s thread dies', { concurrency: 3 }, () => {
  // The first one, since it may wait for most of its time.
  test('exit: with a bucket’s lock, which others may wait for', async () => {
    const { directory, findings } = await runWithDeath('exit', { at: 'bucket', phase: BUSY })
    assert(findings.some((line) => line.endsWith('a bucket of the share table was left locked')))
    const { pagesVerified, mismatches } = integrityOf(directory)
    assert.deepEqual({ pagesVerified, mismatches }, { pagesVerified: OTHERS, mismatches: 0 })
  })

  for (const what of ['throw', 'terminate'] as const) {
    test(`${what}: while it sets up`, async () => {
      const { directory, phases } = await runWithDeath(what, { at: 'setup' })
      assert.deepEqual(integrityOf(directory), clean(0))
      assert.deepEqual(phases, [])
    })
  }

  test('heap: in a phase, with nothing in its hands', async () => {
    const { directory, phases } = await runWithDeath('heap', { at: 'look', phase: BUSY, visits: 5 })
    assert.deepEqual(integrityOf(directory), clean(OTHERS))
    assert.deepEqual(phases, ['boot', 'busy'])
  })

  for (const [what, phase] of [
    ['exit', 0],
    ['throw', BUSY],
    ['terminate', BUSY],
  ] as const) {
    test(`${what}: in phase ${phase}, with a PTE’s lock`, async () => {
      const { directory, findings, guest } = await runWithDeath(what, { at: 'pte', phase, visits: 100 })
      assert.equal(findings.length, 1)
      assert.match(findings[0]!, new RegExp(`: guest ${guest} PPN \\d+: its PTE was left locked$`))
      assert.deepEqual(integrityOf(directory), { ...clean(OTHERS), violations: 1 })
    })
  }

  for (const what of ['heap', 'terminate'] as const) {
    test(`${what}: while it waits for a frame`, async () => {
      const { directory, guest } = await runWithDeath(what, { at: 'stall', ...STALLING })
      assert.deepEqual(integrityOf(directory), { ...clean(OTHERS), violations: 1 })
      assert.match(
        readSummary(directory).integrity.findings[0]!,
        new RegExp(`^guest ${guest} PPN \\d+: its PTE`),
      )
    })
  }

  for (const [what, at] of [
    ['throw', 'rest'],
    ['exit', 'rest'],
    ['exit', 'verify'],
    ['heap', 'verify'],
  ] as const) {
    test(`${what}: ${at === 'rest' ? 'between the last phase and the verification' : 'in the verification'}`, async () => {
      const { directory, phases } = await runWithDeath(what, { at })
      assert.deepEqual(integrityOf(directory), clean(OTHERS))
      assert.deepEqual(phases, ['boot', 'busy', 'idle'])
    })
  }
})

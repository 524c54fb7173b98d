/** Several scanners: together they share what one does, and a run adds up what they do. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Summary } from '../../src/experiment/outcome.js'
import { readManifest, readSummary, runTwinpage, setting, temporaryDirectory } from '../support/cli.js'

const PAGES_PER_MIB = 256
/** Guests that share most of what they have, then store to it; neither is of a whole number of chunks. */
const SCENARIO = `host: { memory: 24MiB, processors: 2, GHz: 3 }
guests:
  - name: large
    count: 2
    memory: 5004KiB
    image: [{ class: common, size: 60% }, { class: zero, size: 10% }, { class: duplicated, size: 10%, copies: 3 }, { class: private, size: rest }]
    workload:
      settle: [{ do: boot }]
      busy: [{ do: update, where: all, rate: 3000/s }, { do: zero, where: 20%, rate: 200/s }]
  - name: small
    count: 5
    memory: 84KiB
    image: [{ class: common, size: rest }]
    workload: { settle: [{ do: boot }] }
scanner: { ShareForceSalting: 0, unthrottled: true }
phases:
  - { name: settle, until: settled, limit: 30s }
  - { name: busy, duration: 300ms }
  - { name: again, until: { passes: 3 }, limit: 30s }
sampling: { interval: 50ms }
`
const ALL_PAGES = 2 * 1251 + 5 * 21

const cwd = temporaryDirectory()
writeFileSync(join(cwd, 'shared.yaml'), SCENARIO)

async function run(out: string, settings: Record<string, string | number>) {
  const { code, stderr } = await runTwinpage(
    ['run', 'shared.yaml', '--quiet', '--out', out, ...setting(settings)],
    { cwd },
  )
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const directory = join(cwd, out)
  const summary = readSummary(directory)
  const { pagesVerified, mismatches, leakedFrames, violations } = summary.integrity
  assert.deepEqual([pagesVerified, mismatches, leakedFrames, violations], [ALL_PAGES, 0, 0, 0])
  return { directory, summary }
}

/** What is shared at the end of a phase. */
function sharing({ phases }: Summary, phase: number) {
  const { sharedMiB, sharedCommonMiB, savedMiB, zeroMiB, opportunityMiB, footprintMiB } = phases[phase]!
  return { sharedMiB, sharedCommonMiB, savedMiB, zeroMiB, opportunityMiB, footprintMiB }
}

test('stepped, it is the same run every time, and comes to what one scanner comes to', async () => {
  const runs = await Promise.all(
    [1, 2, 2, 3].map((count, n) => run(`stepped-${n}`, { engine: 'stepped', 'scanner.count': count })),
  )
  const [one, two, twoAgain, three] = runs.map(({ summary }) => summary)
  for (const file of ['summary.json', 'timeseries.csv', 'figures/shared.svg', 'figures/reasons.svg']) {
    const [text, again] = [1, 2].map((n) => readFileSync(join(runs[n]!.directory, file), 'utf8'))
    assert(text === again, `${file} differs`)
  }
  assert.deepEqual(twoAgain, two)
  for (const several of [two!, three!]) {
    assert.deepEqual(sharing(several, 0), sharing(one!, 0))
    assert.equal(several.phases[2]!.captureRatio, 1)
    assert.notEqual(several.phases[0]!.scan.pagesScanned, one!.phases[0]!.scan.pagesScanned)
  }
  assert.deepEqual([one!.scanners, two!.scanners, three!.scanners], [1, 2, 3])
})

test('on threads: every page is visited, counted once and shared, and the run says how many they are', async () => {
  const { summary, directory } = await run('threads-2', { 'scanner.count': 2 })
  const { options } = readManifest(directory) as unknown as { options: { scanner: { count: number } } }
  assert.deepEqual([summary.scanners, options.scanner.count], [2, 2])
  assert.deepEqual(summary.messages, [], 'no phase ends at its limit')
  const [settle, busy, again] = summary.phases
  assert.equal(settle!.cow.faults, 0)
  assert.equal(settle!.scan.merges, settle!.savedMiB * PAGES_PER_MIB)
  assert(settle!.scan.pagesScanned >= settle!.scan.passes * ALL_PAGES)
  assert(busy!.cow.faults > 0)
  assert.equal(again!.captureRatio, 1)
  assert(again!.scan.passes >= 3)
})

test('more scanners than there are chunks of pages: some rest, and passes go on', async () => {
  const settings = { 'scanner.count': 16, 'guests.0.count': 1, 'guests.0.memory': '120KiB' }
  const { code, stderr } = await runTwinpage(
    ['run', 'shared.yaml', '--quiet', '--out', 'few', ...setting(settings)],
    { cwd },
  )
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const { phases, messages, integrity } = readSummary(join(cwd, 'few'))
  assert.deepEqual(messages, [])
  assert.deepEqual([integrity.pagesVerified, integrity.mismatches, integrity.violations], [135, 0, 0])
  assert.equal(phases[2]!.captureRatio, 1)
  assert(phases[2]!.scan.passes >= 3)
})

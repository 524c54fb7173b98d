/** A disk that is full, fails or goes away under a run: no page is lost, and the run says what went wrong. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  type Ended,
  readManifest,
  readTimeSeries,
  runTwinpage,
  setting,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'
import { clean, integrityOf, linesForPeople, readEnd } from '../support/faults.js'
import { canMount, fillDisk, makeReadOnly, mountSmallDisk } from '../support/small-disk.js'

const cwd = temporaryDirectory()
const GUEST_PAGES = 768

/** Guests with more memory than the host has, and a second phase that has no end. */
writeFileSync(
  join(cwd, 'swaps.yaml'),
  `host: { memory: 4MiB, stallLimit: 1s }
guests:
  - name: vm
    count: 3
    memory: ${GUEST_PAGES * 4}KiB
    image: [{ class: private, size: 100% }]
    workload:
      boot: [{ do: boot }]
      busy: [{ do: update, where: all, rate: 2000/s }]
phases:
  - { name: boot, until: settled, limit: 30s, scanner: { unthrottled: true } }
  - { name: busy, duration: 60min }
sampling: { interval: 50ms }
`,
)
const FITS_PAGES = 8192 - 34
/** One guest that the host has room for, but so little more that pages are swapped out. */
const FITS = setting({
  'host.memory': '32MiB',
  'guests.0.count': 1,
  'guests.0.memory': `${FITS_PAGES * 4}KiB`,
  'phases.1.duration': '300ms',
})
/** Guests that need no swap file. */
const CALM = setting({ 'guests.0.memory': '1MiB' })

const needsMount = { skip: !canMount() && 'only root may mount a small disk' }

/** Exit code 3, and one line that matches. */
function assertRefused(ended: Ended, why: RegExp): void {
  const lines = linesForPeople(ended)
  assert.equal(ended.code, 3, ended.stderr)
  assert.match(lines[0]!, why)
  assert.equal(lines.length, 1, ended.stderr)
}

/** The same, of a disk that the swap file is on as well: what the run ended of is first, and each is told once. */
function assertRefusedForBoth(ended: Ended, why: RegExp): void {
  const lines = linesForPeople(ended)
  assert.equal(ended.code, 3, ended.stderr)
  for (const line of lines) assert.match(line, why)
  assert.equal(new Set(lines.map((line) => why.exec(line)![1])).size, lines.length, ended.stderr)
}

function assertFailed(directory: string, why: RegExp, pages: number): void {
  const { state, exitReason } = readEnd(directory)
  assert.equal(state, 'failed')
  assert.match(exitReason!, why)
  assert.deepEqual(integrityOf(directory), clean(pages))
}

/** Starts a run, does something when its second phase is on, and waits for its end. */
async function runUntilBusy(out: string, args: string[], act: () => void): Promise<Ended> {
  const { ended } = startTwinpage(['run', 'swaps.yaml', '--quiet', '--out', out, ...args], { cwd })
  await until('the busy phase goes on', () => readTimeSeries(join(cwd, out)).rows.at(-1)!.phase === 'busy')
  act()
  return ended
}

describe('under the swap file', { concurrency: 3 }, () => {
  test('a full disk: who finds no frame ends the run, and every page is whole', needsMount, async () => {
    const out = join(mountSmallDisk(cwd, 'swap-disk', 2048), 'out')
    const ended = await runTwinpage(['run', 'swaps.yaml', '--quiet', '--out', out], { cwd })
    // The time series is on that disk as well: either may be the first to find it full.
    const why = /(the swap file|the results) could not be written: ENOSPC/
    assertRefusedForBoth(ended, why)
    assertFailed(out, why, 3 * GUEST_PAGES)
  })

  /** Blocks of 512 bytes: more than any result takes, less than what is to be swapped out. */
  const REFUSES = 'ulimit -f 2000'
  test('a file that may not grow: who finds no frame ends the run, and every page is whole', async () => {
    const args = ['run', 'swaps.yaml', '--quiet', '--out', 'refused']
    const ended = await runTwinpage(args, { cwd, under: REFUSES })
    const why =
      /guest vm-\d: no frame came free within 1 s: all 4 MiB of machine memory are in use and the swap file could not be written: EFBIG/
    assertRefused(ended, why)
    assertFailed(join(cwd, 'refused'), why, 3 * GUEST_PAGES)
  })

  test('a file that may not grow, and guests that do without it: the run completes, and says so', async () => {
    const args = ['run', 'swaps.yaml', '--quiet', '--out', 'unneeded', ...FITS]
    const ended = await runTwinpage(args, { cwd, under: REFUSES })
    assert.equal(ended.code, 0, ended.stderr)
    const why =
      /^twinpage: the swap file could not be written: EFBIG: [^;]*; pages that were to be swapped out stayed in memory$/
    assert(
      linesForPeople(ended).some((line) => why.test(line)),
      ended.stderr,
    )
    assert.equal(readEnd(join(cwd, 'unneeded')).state, 'complete')
    assert.deepEqual(integrityOf(join(cwd, 'unneeded')), clean(FITS_PAGES))
  })
})

test('under the standard output, a full disk: exit code 3, and one line', {
  skip: !existsSync('/dev/full') && 'there is no /dev/full',
}, async () => {
  const ended = await runTwinpage(['scenarios'], { cwd, under: 'exec > /dev/full' })
  assertRefused(ended, /^twinpage: can't write to the standard output: ENOSPC/)
})

describe('under the results', { concurrency: 3 }, () => {
  test('a disk that fills up: the run fails, and the manifest says so', needsMount, async () => {
    const disk = mountSmallDisk(cwd, 'full-disk', 512)
    const ended = await runUntilBusy('full-disk/out', CALM, () => fillDisk(disk))
    const why = /the results could not be written: ENOSPC/
    assertRefused(ended, why)
    const { state, exitReason, endedAt } = readManifest(join(disk, 'out'))
    assert.equal(state, 'failed')
    assert.match(exitReason!, why)
    assert(endedAt !== null)
    assert.equal(readTimeSeries(join(disk, 'out')).rows.at(-1)!.phase, 'busy')
    assert.deepEqual(readdirSync(join(disk, 'out')).sort(), ['manifest.json', 'timeseries.csv'])
  })

  test('a full disk from the start: exit code 3, and nothing is left behind', needsMount, async () => {
    const disk = mountSmallDisk(cwd, 'no-disk', 64)
    fillDisk(disk)
    const ended = await runTwinpage(['run', 'swaps.yaml', '--out', 'no-disk/out', ...CALM], { cwd })
    assertRefused(ended, /^twinpage: can't write to \S*no-disk\/out.*ENOSPC/)
    assert.deepEqual(readdirSync(disk), ['filler'])
  })

  test('a directory that is removed: the run fails, and no half of it comes back', async () => {
    const directory = join(cwd, 'removed')
    const ended = await runUntilBusy('removed', CALM, () => rmSync(directory, { recursive: true }))
    assertRefused(ended, /the results could not be written: ENOENT: .*; nothing is left of its results$/)
    assert(!existsSync(directory))
  })

  test('a directory that is replaced by a file: the run fails, and the file stays as it is', async () => {
    const directory = join(cwd, 'replaced')
    const ended = await runUntilBusy('replaced', CALM, () => {
      rmSync(directory, { recursive: true })
      writeFileSync(directory, '')
    })
    assertRefused(ended, /the results could not be written: ENOTDIR: .*; nothing is left of its results$/)
  })

  test('a disk that becomes read-only: the run fails; its manifest can’t say so', needsMount, async () => {
    const disk = mountSmallDisk(cwd, 'frozen-disk', 512)
    const noSwap = [...CALM, ...setting({ 'host.swap.enabled': 'false' })]
    const { ended, child } = startTwinpage(
      ['run', 'swaps.yaml', '--quiet', '--out', 'frozen-disk/out', ...noSwap],
      { cwd },
    )
    await until('the disk is read-only', () => {
      return readTimeSeries(join(disk, 'out')).rows.at(-1)!.phase === 'busy' && makeReadOnly(disk)
    })
    assertRefused(await ended, /the results could not be written: EROFS/)
    const { state, pid } = readManifest(join(disk, 'out'))
    assert.deepEqual({ state, pid }, { state: 'running', pid: child.pid })
  })
})

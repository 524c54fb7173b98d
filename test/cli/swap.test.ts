/** A host with half of its guests' memory: it swaps, nothing is lost, and no swap file stays behind, however a run ends. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  readSummary,
  readTimeSeries,
  runTwinpage,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'

const GUEST_PAGES = 1024
const SCENARIO = `host:
  memory: 4MiB
guests:
  - name: vm
    count: 2
    memory: 4MiB
    image: [{ class: private, size: 90% }, { class: zero, size: rest }]
    workload:
      boot: [{ do: boot }]
      busy:
        - { do: update, where: all, rate: 2000/s }
        - { do: read, where: all, rate: 2000/s }
scanner: { ShareForceSalting: 0 }
phases:
  - { name: boot, until: settled, limit: 30s, scanner: { unthrottled: true } }
  - { name: busy, duration: DURATION }
sampling: { interval: 50ms }
`

const cwd = temporaryDirectory()
writeFileSync(join(cwd, 'short.yaml'), SCENARIO.replace('DURATION', '700ms'))
writeFileSync(join(cwd, 'endless.yaml'), SCENARIO.replace('DURATION', '60min'))

const filesBelow = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
const RESULT_FILE =
  /^(manifest\.json|summary\.json|timeseries\.csv|over-time\.csv|report\.html|[a-z-]+\.svg|vm-\d\.(hlog|hgrm))$/

/** Nothing that is no result lies in the directory, and it takes no more room than results do. */
function assertOnlyResults(directory: string): void {
  for (const file of filesBelow(directory)) assert.match(file, RESULT_FILE)
}

describe('a host with half of its guests’ memory', () => {
  test('swaps out and in; every page still holds what its guest wrote', async () => {
    const { code, stderr } = await runTwinpage(['run', 'short.yaml', '--out', 'short', '--quiet'], { cwd })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const directory = join(cwd, 'short')
    const { phases, integrity } = readSummary(directory)
    assert.deepEqual(integrity, {
      pagesVerified: 2 * GUEST_PAGES,
      mismatches: 0,
      leakedFrames: 0,
      violations: 0,
      findings: [],
    })
    const [, busy] = phases
    assert(busy!.swap.outs > 0 && busy!.swap.ins > 0)
    assert(busy!.swap.latencyNs!.p50 > 0)
    assert(busy!.swappedMiB > 0)
    assert(busy!.footprintMiB <= 4)
    assertOnlyResults(directory)

    const { rows } = readTimeSeries(directory)
    assert(rows.every((row) => Number(row.footprintPages) <= 1024))
    const last = rows.at(-1)!
    const [outs, ins, swapped] = ['swapOuts', 'swapIns', 'swappedPages'].map((column) => Number(last[column]))
    // Guests work on while they are sampled: a few pages may move between the counts.
    assert(Math.abs(outs! - ins! - swapped!) <= 32, `${outs} out, ${ins} in, ${swapped} swapped`)
  })
})

describe('the swap file is gone', { concurrency: 2 }, () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    test(`after ${signal}, and has no name while the run lasts`, async () => {
      const directory = join(cwd, signal)
      const { child, ended } = startTwinpage(['run', 'endless.yaml', '--out', signal, '--quiet'], { cwd })
      await until('pages are swapped out', () => Number(readTimeSeries(directory).rows.at(-1)!.swapOuts) > 0)
      const swapFile = openFile(child.pid!, '.swap-')
      if (existsSync('/proc/self/fd')) assert.match(swapFile ?? '', / \(deleted\)$/)
      assertOnlyResults(directory)
      child.kill(signal)
      const { code, signal: killedBy } = await ended
      if (signal === 'SIGINT') assert.equal(code, 130)
      else assert.equal(killedBy, 'SIGKILL')
      assertOnlyResults(directory)
      assert.equal(
        readdirSync(cwd).some((name) => name.startsWith('.')),
        false,
      )
    })
  }
})

/** The path that the system gives for an open file of another process, if it has one with such a name. */
function openFile(pid: number, name: string): string | undefined {
  const folder = `/proc/${pid}/fd`
  if (!existsSync(folder)) return undefined
  const targets = readdirSync(folder).flatMap((fd) => {
    try {
      return statSync(join(folder, fd)).isFile() ? [readlinkSync(join(folder, fd))] : []
    } catch {
      return []
    }
  })
  return targets.find((target) => target.includes(name))
}

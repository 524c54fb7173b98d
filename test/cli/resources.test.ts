/** Not enough of something: exit code 3, one clear line, and no results or those so far. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  readManifest,
  readSummary,
  readTimeSeries,
  runTwinpage,
  setting,
  temporaryDirectory,
} from '../support/cli.js'

const cwd = temporaryDirectory()

/** Guests have twice what the host has, nothing that could be shared, and no way out. */
const OVERCOMMITTED = `host:
  memory: 4MiB
  swap: { enabled: false }
  stallLimit: 200ms
guests:
  - name: greedy
    count: 2
    memory: 4MiB
    image: [{ class: private, size: 25% }]
    workload:
      boot: [{ do: boot }]
      fill: [{ do: fill, where: all }]
phases:
  - { name: boot, until: settled, limit: 10s, scanner: { unthrottled: true } }
  - { name: fill, duration: 60min }
  - { name: never, duration: 60min }
sampling: { interval: 100ms }
`

/** The most that a scenario may ask for; a machine that has it can't run out of memory this way. */
const LARGEST_HOST = '64GiB'
const skip = process.availableMemory() > 64 * 2 ** 30 && 'this machine can hold any host'

describe('a host that this machine can’t hold is refused before the run:', { concurrency: 2, skip }, () => {
  const settings = setting({ 'host.memory': LARGEST_HOST })
  const line =
    /^twinpage: the run needs \d+ MiB of memory \(host\.memory 65536 MiB, 4 guests\), and this machine has \d+ MiB free; .*\n$/

  for (const out of [undefined, 'made/for/it']) {
    test(`with ${out === undefined ? 'no' : 'an'} --out, nothing is left behind`, async () => {
      const own = temporaryDirectory()
      const place = out === undefined ? [] : ['--out', out]
      const { code, stdout, stderr } = await runTwinpage(['run', 'quick', ...place, ...settings], {
        cwd: own,
      })
      assert.match(stderr, line)
      assert.deepEqual({ code, stdout }, { code: 3, stdout: '' })
      assert.deepEqual(readdirSync(own), [])
    })
  }
})

test('guests that find no frame, with swap off, end the run as failed, with its results so far', async () => {
  writeFileSync(join(cwd, 'overcommitted.yaml'), OVERCOMMITTED)
  const { code, stdout, stderr } = await runTwinpage(['run', 'overcommitted.yaml', '--out', 'out'], { cwd })
  const directory = join(cwd, 'out')
  const why =
    /guest greedy-[12]: no frame came free within 0\.2 s: all 4 MiB of machine memory are in use and swap is off/
  assert.match(stderr, /^twinpage: the run failed: [^\n]+; its results so far are in out\n$/)
  assert.match(stderr, why)
  assert.match(stdout, /failed/)
  assert.equal(code, 3)

  const manifest = readManifest(directory)
  assert.equal(manifest.state, 'failed')
  assert.match(manifest.exitReason ?? '', why)

  const { state, phases, integrity, messages } = readSummary(directory)
  assert.equal(state, 'failed')
  assert.match(messages[0] ?? '', why)
  assert.deepEqual(
    phases.map(({ name }) => name),
    ['boot', 'fill'],
  )
  const stalls = Object.values(phases[1]!.guests).map((guest) => guest.stalls)
  assert(
    stalls.some((count) => count > 0),
    'stalls are counted',
  )
  assert.deepEqual(
    { ...integrity, pagesVerified: 0 },
    { pagesVerified: 0, mismatches: 0, leakedFrames: 0, violations: 0, findings: [] },
  )
  assert.equal(integrity.pagesVerified, 2048)
  assert(readTimeSeries(directory).rows.length >= 3)
})

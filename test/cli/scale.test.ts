/** Does a run show the same at every scale, also where memory and time have divisors of their own? */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PhaseSummary } from '../../src/experiment/outcome.js'
import { readSummary, runTwinpage, setting, temporaryDirectory } from '../support/cli.js'

/** What each phase comes to is decided by one rate, which is too low to get to the end of anything. */
const PACED = `engine: stepped
host: { memory: 1200MiB }
guests:
  - name: vm
    count: 2
    memory: 512MiB
    image:
      - { class: common, size: 60% }
      - { class: zero, size: 30% }
      - { class: private, size: rest }
    workload:
      boot: [{ do: boot }]
      update: [{ do: update, where: common, rate: 1000/s }]
      think: [{ do: update, where: zero, threads: 2, think: 4ms }]
scanner: { ShareForceSalting: 0, ShareScanTime: 10min }
phases:
  - { name: boot, duration: 10s, scanner: { ShareScanGHz: 0 } }
  - { name: scanTime, duration: 3min }
  - { name: rateMax, duration: 4min, scanner: { ShareRateMax: 120 } }
  - { name: scanGHz, duration: 3min, scanner: { ShareScanGHz: 0.2 } }
  - { name: settle, until: settled, scanner: { unthrottled: true } }
  - { name: update, duration: 60s, scanner: { ShareScanGHz: 0 } }
  - { name: think, duration: 60s, scanner: { ShareScanGHz: 0 } }
sampling: { interval: 30s }
`
/** Of what one run shows, by chance: runs of 16 pages are scanned in random order. A rate that were not scaled would double it. */
const DIFFERENCE_MAX_PART = 0.2
const FIGURES = ['sharedMiB', 'savedMiB', 'zeroMiB', 'opportunityMiB', 'footprintMiB'] as const

test('memory divided by less than time shows what one divisor for both shows, phase by phase', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'paced.yaml'), PACED)
  const phasesAt = async (scale: string, out: string): Promise<PhaseSummary[]> => {
    const args = ['run', 'paced.yaml', ...setting({ scale }), '--quiet', '--out', out]
    const { code, stderr } = await runTwinpage(args, { cwd })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    return readSummary(join(cwd, out)).phases
  }
  const [together, apart] = await Promise.all([
    phasesAt('16', 'together'),
    phasesAt('{ memory: 8, time: 16 }', 'apart'),
  ])
  assert.equal(apart.length, 7)
  for (const [index, { name, fullSize }] of together.entries()) {
    for (const figure of FIGURES) {
      const [one, other] = [fullSize[figure], apart[index]!.fullSize[figure]]
      const message = `${figure} at the end of ${name}: ${one} at scale 16, ${other} where memory is divided by 8`
      assert.ok(Math.abs(one - other) <= DIFFERENCE_MAX_PART * one, message)
    }
  }
})

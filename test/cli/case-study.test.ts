/** Does the case study show what its post reports? Figures are at full size, so they hold at any scale. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Summary } from '../../src/experiment/outcome.js'
import { readSummary, runTwinpage, setting, temporaryDirectory } from '../support/cli.js'

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url))
const GUESTS_MIB = 4 * 8 * 1024

function assertAsInThePost({ state, phases, integrity }: Summary): void {
  assert.equal(state, 'complete')
  const [settle, idle, benchmark] = phases.map((phase) => phase.fullSize)
  assert.deepEqual(
    phases.map(({ name, measured }) => [name, measured]),
    [
      ['settle', false],
      ['idle', true],
      ['benchmark', true],
    ],
  )
  const saved = idle!.savedMiB / GUESTS_MIB
  assert.ok(saved >= 0.6 && saved <= 0.75, `idle, ${saved} of the guests' memory is saved`)
  const footprintGiB = idle!.footprintMiB / 1024
  assert.ok(footprintGiB >= 10 && footprintGiB <= 12, `idle, the guests take ${footprintGiB} GiB`)
  assert.ok(settle!.sharedMiB > 0)
  const left = benchmark!.sharedMiB / idle!.sharedMiB
  assert.ok(left < 0.1, `after the benchmark, ${left} of the sharing is left`)
  assert.ok(benchmark!.swappedMiB > 0 && phases[2]!.swap.outs > 0)
  const { mismatches, leakedFrames, violations } = integrity
  assert.deepEqual(
    { mismatches, leakedFrames, violations },
    { mismatches: 0, leakedFrames: 0, violations: 0 },
  )
}

for (const engine of ['threads', 'stepped']) {
  test(`at 1/1024 of memory and time, engine ${engine}`, async () => {
    const cwd = temporaryDirectory()
    const settings = setting({ scale: 1024, engine })
    const args = ['run', 'case-study', ...settings, '--quiet', '--out', 'out']
    const { code, stderr } = await runTwinpage(args, { cwd })
    assert.equal(code, 0, stderr)
    assertAsInThePost(readSummary(join(cwd, 'out')))
  })
}

test('in the run that the README shows', () => {
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8')
  const [, run] = /\]\((results\/case-study\/[^/)]+)\/figures\/shared\.svg\)/.exec(readme)!
  assertAsInThePost(JSON.parse(readFileSync(join(PROJECT, run!, 'summary.json'), 'utf8')))
})

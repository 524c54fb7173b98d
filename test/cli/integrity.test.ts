/** Is damage found, whatever did it? Each run below is sound but for one fault, and must say which page it is in. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type Ended,
  readManifest,
  readSummary,
  runTwinpage,
  smallQuick,
  temporaryDirectory,
} from '../support/cli.js'
import type { Damage } from '../support/damage.js'

const DAMAGE = fileURLToPath(new URL('../support/damage.js', import.meta.url))
const PAGES_PER_GUEST = 512
const FRAMES = 1024

const cwd = temporaryDirectory()
const runTo = (out: string) => [
  ...['run', 'quick', '--quiet', '--out', out],
  ...smallQuick({
    'host.memory': `${FRAMES * 4}KiB`,
    'guests.0.memory': `${PAGES_PER_GUEST * 4}KiB`,
    'phases.2.duration': '300ms',
  }),
]

const nameOf = (page: number) =>
  `guest guest-${Math.floor(page / PAGES_PER_GUEST) + 1} PPN ${page % PAGES_PER_GUEST}`

/** Exit code 4, and each finding on a line of stderr and in the results; returns the findings. */
function assertReported({ code, stderr }: Ended, directory: string): string[] {
  assert.equal(code, 4, stderr)
  const { findings } = readSummary(directory).integrity
  assert.deepEqual(
    stderr.trimEnd().split('\n'),
    findings.map((finding) => `twinpage: integrity: ${finding}`),
  )
  assert.equal(readManifest(directory).exitReason, `integrity: ${findings[0]}`)
  return findings
}

function countsIn(directory: string) {
  const { mismatches, leakedFrames, violations } = readSummary(directory).integrity
  return { mismatches, leakedFrames, violations }
}

async function runDamaged(kind: string) {
  const ended = await runTwinpage([kind, ...runTo(kind)], { cwd, script: DAMAGE })
  const directory = join(cwd, kind)
  const findings = assertReported(ended, directory)
  return { ...(JSON.parse(ended.stdout) as Damage), findings, counts: countsIn(directory) }
}

describe('an integrity violation ends with exit code 4 and names the page:', { concurrency: 2 }, () => {
  test('one byte of a private frame is corrupted', async () => {
    const { mpn, pages, findings, counts } = await runDamaged('byte-of-a-private-frame')
    assert.equal(pages.length, 1)
    assert.equal(findings.length, 1)
    assert(findings[0]!.startsWith(`${nameOf(pages[0]!)} (MPN ${mpn}): `), findings[0])
    assert.deepEqual(counts, { mismatches: 1, leakedFrames: 0, violations: 0 })
  })

  test('one byte of a shared frame is corrupted: every page that maps it is wrong', async () => {
    const { mpn, pages, findings, counts } = await runDamaged('byte-of-a-shared-frame')
    const places = new Set(pages.map((page) => `${nameOf(page)} (MPN ${mpn})`))
    for (const finding of findings) assert(places.has(finding.split(': ')[0]!), finding)
    assert.deepEqual(counts, { mismatches: pages.length, leakedFrames: 0, violations: 0 })
  })

  test('one shared PTE is left writable', async () => {
    const { mpn, page, findings, counts } = await runDamaged('writable-shared-pte')
    assert.deepEqual(findings, [`${nameOf(page)}: shares MPN ${mpn}, but its PTE is writable`])
    assert.deepEqual(counts, { mismatches: 0, leakedFrames: 0, violations: 1 })
  })

  test('one reference drop is skipped, while the guests work', async () => {
    const directory = join(cwd, 'skipped-drop')
    const claim = join(cwd, 'skipped-mpn')
    const ended = await runTwinpage(runTo('skipped-drop'), {
      cwd,
      nodeOptions: ['--conditions=twinpage-mutant'],
      env: { TWINPAGE_MUTANT_CLAIM: claim, TWINPAGE_MUTANT_FRAMES: String(FRAMES) },
    })
    const findings = assertReported(ended, directory)
    assert.equal(findings.length, 1)
    const found =
      /^MPN (\d+) \(mapped by guest guest-\d PPN \d+\): has (\d+) references, but (\d+) pages map it$/
    const [, mpn, references, mappings] = found.exec(findings[0]!) ?? []
    assert.equal(mpn, readFileSync(claim, 'utf8'), findings[0])
    assert.equal(Number(references), Number(mappings) + 1)
    assert.deepEqual(countsIn(directory), { mismatches: 0, leakedFrames: 0, violations: 1 })
  })
})

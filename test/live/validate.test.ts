/** `twinpage validate` on the kernel's own KSM. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readKsmSettings } from '../../src/linux/ksm-settings.js'
import type { ValidationReport } from '../../src/report/validation-report.js'
import {
  readJson,
  readSummary,
  runTwinpage,
  startTwinpage,
  temporaryDirectory,
  until,
} from '../support/cli.js'
import { liveRunTest } from '../support/live-ksm.js'

/**
 * Once the guests have booted each page is scanned three times at least, whatever the time that takes: its checksum taken,
 * merged, and found as it was; and then no more. So the counters are the same on both, to the page.
 */
const STATIC = {
  host: { memory: '64MiB' },
  guests: [
    {
      name: 'guest',
      count: 3,
      memory: '4MiB',
      image: [
        { class: 'common', size: '40%' },
        { class: 'duplicated', size: '20%', copies: 4 },
        { class: 'zero', size: '10%' },
        { class: 'private', size: 'rest' },
      ],
      workload: { merge: [{ do: 'boot' }] },
    },
  ],
  scanner: { policy: 'ksm', pages_to_scan: 500, smart_scan: 0 },
  phases: [
    { name: 'merge', until: { passes: 3 }, limit: '60s' },
    { name: 'rest', duration: '50ms', scanner: { run: 0 } },
  ],
  sampling: { interval: '50ms' },
}

const cwd = temporaryDirectory()
writeFileSync(join(cwd, 'static.yaml'), JSON.stringify(STATIC))

const EXACT = ['pages_shared', 'pages_sharing', 'pages_unshared', 'pages_volatile']

liveRunTest('where nothing changes the lab is exactly right', async () => {
  const args = ['validate', './static.yaml', '--replicates', '1', '--out', 'exact', '--json']
  const tolerances = EXACT.flatMap((metric) => ['--tolerance', `${metric}=0`])
  const { code, stdout, stderr } = await runTwinpage([...args, ...tolerances], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const { scenarios } = JSON.parse(stdout) as ValidationReport
  const { pages_sharing } = scenarios[0]!.metrics
  assert.ok(pages_sharing!.kernel! > 1000, `${pages_sharing!.kernel} pages were merged`)
  assert.deepEqual(readdirSync(join(cwd, 'exact')).sort(), [
    'figures',
    'report.html',
    'static',
    'validate.json',
    'validate.md',
  ])
  const directories = ['lab-1', 'kernel-1'].map((run) => join(cwd, 'exact', 'static', run))
  const backends = directories.map((directory) => readSummary(directory).backend)
  assert.deepEqual(backends, ['lab', 'linux-ksm'])
})

liveRunTest(
  'what is beyond its tolerance is named on stderr after the report, with exit code 99',
  async () => {
    // A lab with longer ticks sleeps longer than the kernel: its curve is another one.
    const args = ['validate', './static.yaml', '--replicates', '1', '--set', 'scanner.CONFIG_HZ=100']
    const tolerances = ['--tolerance', 'pages_sharing=0', '--tolerance', 'pages_sharing.overTime=0']
    const { code, stdout, stderr } = await runTwinpage([...args, ...tolerances], { cwd })
    assert.equal(code, 99)
    assert.match(
      stderr,
      /^(twinpage: static: .* ticks\n)?twinpage: beyond the tolerance: static: pages_sharing\.overTime is [\d.]+ % off, 0 % are allowed\n$/,
    )
    assert.match(stdout, /## static: 1 replicate, seed 1/)
  },
)

liveRunTest('interrupted, it ends with 130 and puts the settings of KSM back', async () => {
  const before = readKsmSettings().pages_to_scan
  const { child, ended } = startTwinpage(
    ['validate', './static.yaml', '--out', 'partial', '--set', 'phases.1.duration=3s'],
    { cwd },
  )
  await until(
    'a run goes on in the kernel',
    () => readKsmSettings().pages_to_scan === STATIC.scanner.pages_to_scan,
  )
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.deepEqual({ code, stderr }, { code: 130, stderr: '' })
  const { state, scenarios } = readJson<ValidationReport>(cwd, 'partial', 'validate.json')
  assert.deepEqual({ state, scenarios }, { state: 'partial', scenarios: [] })
  assert.equal(readSummary(join(cwd, 'partial', 'static', 'lab-1')).state, 'complete')
  assert.equal(readSummary(join(cwd, 'partial', 'static', 'kernel-1')).state, 'partial')
  assert.equal(readKsmSettings().pages_to_scan, before)
})

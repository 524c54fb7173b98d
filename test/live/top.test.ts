/** `twinpage top` and the taking over of KSM, on the kernel of this machine. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireFreeKsm } from '../../src/linux/ksm-available.js'
import { readKsmCounters } from '../../src/linux/ksm-counters.js'
import { KSM_PATHS } from '../../src/linux/ksm-paths.js'
import { readKsmSettings, replaceKsmSettings, writeKsmSettings } from '../../src/linux/ksm-settings.js'
import { readKsmStat } from '../../src/linux/ksm-stat.js'
import { takeOverKsm } from '../../src/linux/take-over.js'
import type { KsmReport } from '../../src/report/ksm-report.js'
import { runTwinpage, temporaryDirectory, until } from '../support/cli.js'
import { liveKsmTest } from '../support/live-ksm.js'

const PAGES = 4096
const MIB = 16
const MERGEABLE_PROCESS = fileURLToPath(new URL('../support/mergeable-process.js', import.meta.url))
const cwd = temporaryDirectory()

async function topOnce(): Promise<KsmReport> {
  const { code, stdout, stderr } = await runTwinpage(['top', '--once', '--json', '--interval', '0.3'], {
    cwd,
  })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return JSON.parse(stdout) as KsmReport
}

/** Runs beside a process of so many equal, mergeable pages. */
async function withMergeablePages(run: (pid: number) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [MERGEABLE_PROCESS, String(PAGES)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    const [said] = await Promise.race([once(child.stdout, 'data'), ended])
    assert.equal(String(said), 'ready\n')
    await run(child.pid!)
  } finally {
    child.stdin.end()
    await ended
  }
}

const mergedPagesOf = (pid: number) => readKsmStat(pid)?.ksm_merging_pages

liveKsmTest('top says what the files say', async () => {
  const files = (names: string[]) =>
    Object.fromEntries(names.map((name) => [name, Number(readFileSync(join(KSM_PATHS.sysfs, name), 'utf8'))]))
  writeKsmSettings({ run: 0 })
  const { counters, settings, events, notes } = await topOnce()
  assert.deepEqual(counters, files(Object.keys(counters)))
  const { advisor_mode, ...numbers } = settings
  assert.deepEqual(numbers, files(Object.keys(numbers)))
  if (advisor_mode !== undefined)
    assert(readFileSync(join(KSM_PATHS.sysfs, 'advisor_mode'), 'utf8').includes(`[${advisor_mode}]`))
  assert(events.cow_ksm! >= 0)
  assert.match(notes[0]!, /^KSM is off \(run is 0\)/)
})

liveKsmTest("top shows a process's merged pages, the scanner's work, and that it was turned off", () =>
  withMergeablePages(async (pid) => {
    replaceKsmSettings({ run: 1, pages_to_scan: 1000, sleep_millisecs: 10 })
    await until('all pages are merged', () => mergedPagesOf(pid) === PAGES)
    await until('and the counters say so', () => readKsmCounters().pages_sharing! > 0.9 * PAGES)

    const busy = await topOnce()
    const child = busy.processes.find((process) => process.pid === pid)!
    assert.equal(child.ksm_merging_pages, PAGES)
    assert.equal(child.comm, 'node')
    assert(busy.scannedPagesPerSecond! > 0)
    assert(busy.ksmdCpuRatio! > 0)
    assert(busy.mergedMiB >= MIB && busy.savedMiB > 0.9 * MIB && busy.savedMiB < busy.mergedMiB)
    assert(busy.counters.full_scans! >= 2)
    assert.deepEqual(busy.notes, [])

    writeKsmSettings({ run: 0 })
    const off = await topOnce()
    assert.match(off.notes.join(), /^KSM is off \(run is 0\)/)
    assert.equal(off.scannedPagesPerSecond, 0)
    assert.equal(off.processes.find((process) => process.pid === pid)!.ksm_merging_pages, PAGES)
  }),
)

liveKsmTest('KSM is taken over with the advisor on, and put back although pages are merged', async () => {
  replaceKsmSettings({ run: 0, advisor_mode: 'scan-time', max_page_sharing: 300, sleep_millisecs: 15 })
  const before = readKsmSettings()
  const paths = { ...KSM_PATHS, saved: join(cwd, 'ksm-settings.json') }
  const taken = takeOverKsm(
    { run: 1, advisor_mode: 'none', pages_to_scan: 2000, sleep_millisecs: 1, max_page_sharing: 16 },
    paths,
  )
  assert.equal(readKsmSettings().pages_to_scan, 2000)
  await withMergeablePages(async (pid) => {
    assert.throws(() => requireFreeKsm({ ...paths, saved: `${paths.saved}.none` }), /KSM is in use: process /)
    await until('all pages are merged', () => mergedPagesOf(pid) === PAGES)
    assert.throws(() => taken.set({ max_page_sharing: 32 }), /max_page_sharing can't be set to 32: EBUSY/)
    taken.set({ run: 0, sleep_millisecs: 2 })
    assert.deepEqual([readKsmSettings().run, readKsmSettings().sleep_millisecs], [0, 2])
    taken.restore()
    assert.deepEqual(readKsmSettings(), before)
    assert.equal(mergedPagesOf(pid), 0)
  })
})

/** ksmd as a run's scanner: its passes and settings, over a made-up /sys/kernel/mm/ksm. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { KSM_DEFAULTS, type KsmRates } from '../../src/ksm/settings.js'
import { writeKsmSettings } from '../../src/linux/ksm-settings.js'
import { KsmdScan } from '../../src/linux/ksmd-scan.js'
import { KsmTree } from '../support/ksm-tree.js'

let tree: KsmTree

beforeEach(() => {
  tree = KsmTree.create()
})
afterEach(() => tree.remove())

function scanOf(...phases: Partial<KsmRates>[]): KsmdScan {
  const { run, pages_to_scan, sleep_millisecs, use_zero_pages, smart_scan } = KSM_DEFAULTS
  const rates = { run, pages_to_scan, sleep_millisecs, use_zero_pages, smart_scan }
  const set = (settings: object) => writeKsmSettings(settings, tree.paths)
  return new KsmdScan(
    { set, schedule: () => {} },
    phases.map((changes) => ({ ...rates, ...changes })),
    tree.paths,
  )
}

function ksmdSays(counters: Record<string, number>): void {
  for (const [name, count] of Object.entries(counters)) tree.say(name, count)
}

test('passes count from the start of the run, and on over an unmerge, which begins the count of full scans anew', () => {
  const scan = scanOf()
  assert.deepEqual(scan.passes(), [0], 'there were 12 before')
  ksmdSays({ full_scans: 15 })
  assert.deepEqual(scan.passes(), [3])
  assert.deepEqual(scan.passes(), [3])
  ksmdSays({ full_scans: 0 })
  assert.deepEqual(scan.passes(), [3])
  ksmdSays({ full_scans: 2 })
  assert.deepEqual(scan.passes(), [5])
})

test('the last pass: what was merged in it, zero pages included, and what was scanned', () => {
  const scan = scanOf()
  ksmdSays({ full_scans: 13, pages_sharing: 70, ksm_zero_pages: 5, pages_scanned: 5000 })
  scan.passes()
  assert.deepEqual(scan.lastPass(), { news: 75, pages: 1000 })
  ksmdSays({ pages_sharing: 90 })
  scan.passes()
  assert.deepEqual(scan.lastPass(), { news: 75, pages: 1000 }, 'the next pass is not over')
  ksmdSays({ full_scans: 14, pages_scanned: 5800 })
  scan.passes()
  assert.deepEqual(scan.lastPass(), { news: 20, pages: 800 })
})

test('each phase has its settings; run is written when it changes', async () => {
  const scan = scanOf(
    { pages_to_scan: 700, use_zero_pages: 1 },
    { pages_to_scan: 800 },
    { run: 0 },
    { run: 1 },
  )
  const seen: string[] = []
  for (let phase = 0; phase < 4; phase++) {
    await scan.startPhase(phase)
    seen.push(['run', 'pages_to_scan', 'use_zero_pages'].map((name) => tree.value(name)).join(' '))
    if (phase === 0) tree.say('run', 'left alone')
  }
  assert.deepEqual(seen, ['1 700 1', 'left alone 800 0', '0 100 0', '1 100 0'])
})

test('an unmerge goes on beside its phase; the next one, or the end of the run, waits for it, and hears of its failure', async () => {
  const scan = scanOf({ run: 2 }, { run: 2 })
  tree.lacks('run')
  tree.say('run/is-a-directory', 1)
  await scan.startPhase(0)
  const failed = { name: 'ResourceError', message: /^KSM's run can't be set to 2: EISDIR/ }
  await assert.rejects(scan.startPhase(1), failed)
  await assert.rejects(scan.endRun(), failed)
})

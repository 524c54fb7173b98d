/** What a run under policy `ksm` tells of KSM: in its table, its summary and its time series, and that these agree. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { Summary } from '../../src/experiment/outcome.js'
import { generalProfit, processProfit } from '../../src/ksm/counters.js'
import { type Ended, readSummary, readTimeSeries, runTwinpage, temporaryDirectory } from '../support/cli.js'

const PAGES = 1024
const GUESTS = 2
/** Of each guest: half common, a quarter private, a quarter zero. */
const SCENARIO = {
  engine: 'stepped',
  host: { memory: '16MiB' },
  guests: [
    {
      name: 'g',
      count: GUESTS,
      memory: '4MiB',
      image: [
        { class: 'common', size: '50%' },
        { class: 'private', size: '25%' },
        { class: 'zero', size: 'rest' },
      ],
      workload: { merge: [{ do: 'boot' }], busy: [{ do: 'update', where: 'common', rate: '300/s' }] },
    },
  ],
  scanner: { policy: 'ksm', pages_to_scan: 500, use_zero_pages: 1 },
  phases: [
    { name: 'merge', until: 'settled', limit: '30s' },
    { name: 'busy', duration: '1s' },
    { name: 'unmerge', duration: '500ms', scanner: { run: 2 } },
  ],
  sampling: { interval: '100ms' },
}

const cwd = temporaryDirectory()
let ended: Ended
let summary: Summary

before(async () => {
  writeFileSync(join(cwd, 'ksm.yaml'), JSON.stringify(SCENARIO))
  ended = await runTwinpage(['run', './ksm.yaml', '--out', 'out'], { cwd })
  assert.deepEqual([ended.code, ended.stderr], [0, ''])
  summary = readSummary(join(cwd, 'out'))
})

test('what could be merged is merged, and counted by the kernel’s names, as a whole and by guest', () => {
  const [merge] = summary.phases
  const { ksm } = merge!
  const zeros = PAGES / 4
  assert.deepEqual(
    [summary.backend, summary.policy, ksm?.pages_shared, ksm?.pages_sharing, ksm?.ksm_zero_pages],
    ['lab', 'ksm', PAGES / 2, PAGES / 2, GUESTS * zeros],
  )
  // Pages that map the zero page are met no more.
  const rmapItems = GUESTS * (PAGES - zeros)
  assert.equal(ksm!.pages_unshared! + ksm!.pages_volatile!, rmapItems - PAGES)
  assert.equal(ksm!.general_profit, generalProfit(PAGES / 2, GUESTS * zeros, rmapItems))
  for (const guest of ['g-1', 'g-2']) {
    const stat = { ksm_rmap_items: PAGES - zeros, ksm_zero_pages: zeros, ksm_merging_pages: PAGES / 2 }
    assert.deepEqual(merge!.guests[guest]!.ksm_stat, { ...stat, ksm_process_profit: processProfit(stat) })
  }
})

test('the time series has the same, a column for each counter, at each phase’s end', () => {
  const { rows } = readTimeSeries(join(cwd, 'out'))
  for (const { name, ksm } of summary.phases) {
    const last = rows.findLast((row) => row.phase === name)!
    for (const [counter, value] of Object.entries(ksm!))
      assert.equal(last[`ksm.${counter}`], String(value ?? ''), `${counter} at the end of ${name}`)
  }
  const scanned = rows.map((row) => Number(row['ksm.pages_scanned']))
  assert.deepEqual(
    scanned,
    [...scanned].sort((a, b) => a - b),
  )
  assert(Number(rows.at(-1)!['ksm.pages_skipped']) > 0, 'smart_scan passed over none')
})

test('stores break sharing, which the counters follow, and an unmerge leaves none', () => {
  const [merge, busy, unmerge] = summary.phases
  assert(busy!.cow.faults > 0 && busy!.ksm!.pages_sharing! < merge!.ksm!.pages_sharing!)
  const { pages_shared, pages_sharing, pages_unshared, pages_volatile, ksm_zero_pages, full_scans } =
    unmerge!.ksm!
  assert.deepEqual(
    [pages_shared, pages_sharing, pages_unshared, pages_volatile, ksm_zero_pages, full_scans],
    [0, 0, 0, 0, 0, 0],
  )
  assert.equal(unmerge!.sharedMiB, 0)
})

test('the table that a run ends with has them', () => {
  assert.match(ended.stdout, /^KSM at the end of each phase, in pages$/m)
  assert.match(ended.stdout, /^merge +512 +512 +\d+ +\d+ +512 +\d+ +/m)
})

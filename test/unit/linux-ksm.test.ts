/** What is read of the host's KSM, over a made-up /sys and /proc. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { ResourceError } from '../../src/errors.js'
import { requireFreeKsm, requireKsm } from '../../src/linux/ksm-available.js'
import { readKsmCounters, readKsmEvents } from '../../src/linux/ksm-counters.js'
import { readKsmProcesses } from '../../src/linux/ksm-processes.js'
import { readKsmSettings, replaceKsmSettings, writeKsmSettings } from '../../src/linux/ksm-settings.js'
import { readKsmStat } from '../../src/linux/ksm-stat.js'
import { findKsmd, readKsmdTimes } from '../../src/linux/ksmd.js'
import { readProcessStat } from '../../src/linux/process-stat.js'
import { KSMD_PID, KsmTree, notAsRoot, PF_KTHREAD } from '../support/ksm-tree.js'

const KSM_STAT = `ksm_rmap_items 70692
ksm_zero_pages 3
ksm_merging_pages 4211
ksm_process_profit 12723968
ksm_merge_any: no
ksm_mergeable: yes
`
const KSM_STAT_WITHOUT = KSM_STAT.replaceAll(/\d+$/gm, '0').replace('yes', 'no')

let tree: KsmTree
beforeEach(() => {
  tree = KsmTree.create()
})
afterEach(() => {
  tree.disobey()
  tree.remove()
})

describe('counters', () => {
  test('are those of the files, each under its name', () => {
    const names = Object.keys(readKsmCounters(tree.paths))
    names.forEach((name, index) => {
      tree.say(name, 1000 + index)
    })
    assert.deepEqual(
      readKsmCounters(tree.paths),
      Object.fromEntries(names.map((name, i) => [name, 1000 + i])),
    )
    assert.equal(names.length, 11)
  })
  test('may be negative', () => {
    tree.say('general_profit', -64_000)
    assert.equal(readKsmCounters(tree.paths).general_profit, -64_000)
  })
  test('of a kernel that is too old for some: those are undefined, the others are there', () => {
    tree.lacks('pages_skipped', 'ksm_zero_pages', 'general_profit', 'pages_scanned')
    const { pages_skipped, ksm_zero_pages, general_profit, pages_scanned, full_scans } = readKsmCounters(
      tree.paths,
    )
    assert.deepEqual([pages_skipped, ksm_zero_pages, general_profit, pages_scanned], Array(4).fill(undefined))
    assert.equal(full_scans, 12)
  })
  test('of vmstat', () => {
    assert.deepEqual(readKsmEvents(tree.paths), { cow_ksm: 71, ksm_swpin_copy: 3 })
    writeFileSync(join(tree.paths.proc, 'vmstat'), 'nr_free_pages 1\n')
    assert.deepEqual(readKsmEvents(tree.paths), { cow_ksm: undefined, ksm_swpin_copy: undefined })
  })
})

describe('settings', () => {
  test('are read as they are, the chosen advisor without the others', () => {
    tree.say('advisor_mode', 'none [scan-time]')
    tree.say('max_page_sharing', 16)
    const { advisor_mode, max_page_sharing, run, merge_across_nodes } = readKsmSettings(tree.paths)
    assert.deepEqual(
      { advisor_mode, max_page_sharing, run, merge_across_nodes },
      { advisor_mode: 'scan-time', max_page_sharing: 16, run: 1, merge_across_nodes: 1 },
    )
  })
  test('that a kernel is too old for are not among them', () => {
    tree.lacks('advisor_mode', 'smart_scan', 'merge_across_nodes')
    const settings = readKsmSettings(tree.paths)
    assert.equal(Object.keys(settings).length, 10)
    assert(!('advisor_mode' in settings))
  })
  test('are written with run last, and one that is a digit shorter leaves nothing of the old one', () => {
    tree.obey()
    writeKsmSettings({ run: 0, pages_to_scan: 7, sleep_millisecs: 5 }, tree.paths)
    assert.deepEqual(tree.writes, ['sleep_millisecs 5', 'pages_to_scan 7', 'run 0'])
    assert.deepEqual([tree.value('pages_to_scan'), tree.value('sleep_millisecs')], ['7', '5'])
  })
  test('the advisor keeps pages_to_scan to itself', () => {
    tree.obey()
    writeKsmSettings(
      { advisor_mode: 'scan-time', advisor_min_pages_to_scan: 600, pages_to_scan: 7 },
      tree.paths,
    )
    assert.equal(tree.value('pages_to_scan'), '600')
    writeKsmSettings({ advisor_mode: 'none', pages_to_scan: 7 }, tree.paths)
    assert.equal(tree.value('pages_to_scan'), '7')
  })
  test('max_page_sharing is refused while something is merged, and not after an unmerge', () => {
    tree.say('pages_shared', 3)
    tree.obey()
    assert.throws(
      () => writeKsmSettings({ max_page_sharing: 8 }, tree.paths),
      (error: Error) =>
        error instanceof ResourceError && /max_page_sharing can't be set to 8: EBUSY/.test(error.message),
    )
    replaceKsmSettings({ max_page_sharing: 8, run: 1 }, tree.paths)
    assert.deepEqual([tree.value('max_page_sharing'), tree.value('run')], ['8', '1'])
    assert.equal(tree.writes[1], 'run 2')
  })
  test('a setting that the kernel lacks is an error, unless it acts so anyway', () => {
    tree.lacks('advisor_mode', 'advisor_max_cpu', 'smart_scan')
    tree.obey()
    writeKsmSettings(
      { advisor_mode: 'none', advisor_max_cpu: 50, smart_scan: 0, pages_to_scan: 9 },
      tree.paths,
    )
    assert.equal(tree.value('pages_to_scan'), '9')
    for (const settings of [{ advisor_mode: 'scan-time' }, { smart_scan: 1 }] as const) {
      assert.throws(() => writeKsmSettings(settings, tree.paths), /this kernel's KSM is too old to have it/)
    }
  })
})

describe('processes', () => {
  test('ksm_stat by name', () => {
    tree.addProcess(7, { ksmStat: KSM_STAT })
    assert.deepEqual(readKsmStat(7, tree.paths), {
      ksm_rmap_items: 70_692,
      ksm_zero_pages: 3,
      ksm_merging_pages: 4211,
      ksm_process_profit: 12_723_968,
      ksm_merge_any: false,
      ksm_mergeable: true,
    })
  })
  test('of a kernel whose ksm_stat has two lines', () => {
    tree.addProcess(7, { ksmStat: 'ksm_rmap_items 4\nksm_merging_pages 2\n' })
    const { ksm_rmap_items, ksm_process_profit, ksm_mergeable } = readKsmStat(7, tree.paths)!
    assert.deepEqual([ksm_rmap_items, ksm_process_profit, ksm_mergeable], [4, undefined, undefined])
  })
  test('no ksm_stat, no process, no memory: undefined', () => {
    tree.addProcess(7, {})
    assert.equal(readKsmStat(7, tree.paths), undefined)
    assert.equal(readKsmStat(8, tree.paths), undefined)
  })
  test('are listed if KSM has to do with them', () => {
    const line = (from: string, to: string) => KSM_STAT_WITHOUT.replace(from, to)
    tree.addProcess(10, { ksmStat: KSM_STAT_WITHOUT })
    tree.addProcess(11, { ksmStat: line('rmap_items 0', 'rmap_items 1') })
    tree.addProcess(12, { ksmStat: line('zero_pages 0', 'zero_pages 1') })
    tree.addProcess(13, { ksmStat: line('merging_pages 0', 'merging_pages 1') })
    tree.addProcess(14, { ksmStat: line('mergeable: no', 'mergeable: yes'), comm: 'a) S (b' })
    tree.addProcess(15, { ksmStat: line('merge_any: no', 'merge_any: yes') })
    const { processes, unreadable } = readKsmProcesses(tree.paths)
    assert.deepEqual(processes.map(({ pid }) => pid).sort(), [11, 12, 13, 14, 15])
    assert.equal(processes.find(({ pid }) => pid === 14)!.comm, 'a) S (b')
    assert.equal(unreadable, 0)
  })
  test('one that vanishes while it is read is left out', () => {
    tree.addProcess(10, { ksmStat: KSM_STAT })
    tree.addProcess(11, { ksmStat: KSM_STAT })
    tree.addProcess(12, { ksmStat: KSM_STAT })
    // 11 goes after its ksm_stat was read; 12 before, as between the list of /proc and the opening of its files.
    tree.removeFile(11, 'stat')
    tree.removeFile(12, 'ksm_stat')
    assert.deepEqual(
      readKsmProcesses(tree.paths).processes.map(({ pid }) => pid),
      [10],
    )
  })
  test('those of other users are counted, kernel threads are not', () => {
    tree.addProcess(10, { ksmStat: KSM_STAT })
    tree.addProcess(11, { ksmStat: KSM_STAT, flags: PF_KTHREAD })
    for (const pid of [10, 11]) chmodSync(join(tree.paths.proc, String(pid), 'ksm_stat'), 0)
    assert.deepEqual(
      notAsRoot(() => readKsmProcesses(tree.paths)),
      { processes: [], unreadable: 1 },
    )
  })
  test('their state and start', () => {
    tree.addProcess(7, {
      comm: 'x) Z 1 (y',
      startTicks: 123_456,
      state: 'Z',
      flags: PF_KTHREAD,
      nice: -7,
      policy: 3,
    })
    assert.deepEqual(readProcessStat(7, tree.paths), {
      comm: 'x) Z 1 (y',
      isKernelThread: true,
      isZombie: true,
      startTicks: 123_456,
      nice: -7,
      policy: 3,
    })
    assert.equal(readProcessStat(8, tree.paths), undefined)
  })
})

describe('ksmd', () => {
  test('is found by its name, and its times are those of schedstat', () => {
    tree.addProcess(31, { comm: 'ksmd-watcher', flags: PF_KTHREAD })
    tree.addKsmd()
    tree.putProcessFile(KSMD_PID, 'schedstat', '3981717872 110275955 90210\n')
    assert.equal(findKsmd(tree.paths), KSMD_PID)
    assert.deepEqual(readKsmdTimes(KSMD_PID, tree.paths), { cpuNs: 3_981_717_872, waitingNs: 110_275_955 })
  })
  test('is nowhere to be seen in a container', () => {
    assert.equal(findKsmd(tree.paths), undefined)
    assert.equal(readKsmdTimes(KSMD_PID, tree.paths), undefined)
  })
  test('is no program that somebody called so', () => {
    tree.addProcess(31, { comm: 'ksmd' })
    assert.equal(findKsmd(tree.paths), undefined)
  })
})

describe('what is missing is said in one line:', () => {
  const says = (pattern: RegExp, require: () => void) =>
    assert.throws(require, (error: Error) => {
      assert(error instanceof ResourceError)
      assert.match(error.message, pattern)
      assert.match(error.message, /^[^\n]{20,250}$/)
      return true
    })
  test('no KSM', () => {
    tree.lacks('run')
    says(/there is no KSM here/, () => requireKsm(tree.paths))
    says(/there is no KSM here/, () => requireFreeKsm(tree.paths))
  })
  test('nothing', () => {
    requireKsm(tree.paths)
    requireFreeKsm(tree.paths)
  })
  test('no right to write', () => {
    chmodSync(join(tree.paths.sysfs, 'run'), 0o444)
    notAsRoot(() => {
      requireKsm(tree.paths)
      says(/KSM's settings can't be changed: EACCES.*root/, () => requireFreeKsm(tree.paths))
    })
  })
  test('another process has pages in it; ours are no hindrance', () => {
    tree.addProcess(process.pid, { ksmStat: KSM_STAT })
    requireFreeKsm(tree.paths)
    tree.addProcess(4711, { ksmStat: KSM_STAT, comm: 'qemu\n' })
    says(/KSM is in use: process 4711 \(qemu\\u000a\) has 70692 pages in it/, () =>
      requireFreeKsm(tree.paths),
    )
  })
  for (const flag of ['ksm_mergeable', 'ksm_merge_any']) {
    test(`another process has memory that may be merged, and nothing is yet: ${flag}`, () => {
      const ksmStat = KSM_STAT_WITHOUT.replace(`${flag}: no`, `${flag}: yes`)
      tree.say('run', 0)
      tree.addProcess(process.pid, { ksmStat })
      requireFreeKsm(tree.paths)
      tree.addProcess(4711, { ksmStat })
      says(/KSM is in use: process 4711 \(qemu\) has memory that it may merge/, () =>
        requireFreeKsm(tree.paths),
      )
    })
  }
  for (const run of [0, 1]) {
    for (const counter of ['pages_shared', 'pages_sharing']) {
      test(`${counter} of a process that is not to be seen, with run ${run}; our own are no hindrance`, () => {
        tree.say('run', run)
        tree.say(counter, 12)
        says(/KSM is in use: 12 pages are merged/, () => requireFreeKsm(tree.paths))
        tree.addProcess(process.pid, { ksmStat: KSM_STAT })
        requireFreeKsm(tree.paths)
      })
    }
  }
})

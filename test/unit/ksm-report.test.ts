/** What `twinpage top` makes of its readings: figures, notes and text. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ksmReport } from '../../src/report/ksm-report.js'
import { ksmLines } from '../../src/report/ksm-text.js'
import { ksmProcess, ksmReading, type SaidOfKsm } from '../support/ksm-reading.js'

const report = (after: SaidOfKsm, before: SaidOfKsm = {}, passSeconds: number | null = null) =>
  ksmReport(ksmReading(before), ksmReading({ monotonicMs: 2000, ...after }), passSeconds)

const MERGEABLE = { processes: [ksmProcess({})] }

describe('figures', () => {
  test('memory in MiB: what is merged, what of it is left, what is saved', () => {
    const counters = {
      pages_shared: 256,
      pages_sharing: 2560,
      ksm_zero_pages: 512,
      general_profit: 3 * 2 ** 20,
    }
    const { mergedMiB, mergedIntoMiB, zeroMiB, savedMiB, profitMiB } = report({ counters })
    assert.deepEqual(
      { mergedMiB, mergedIntoMiB, zeroMiB, savedMiB, profitMiB },
      { mergedMiB: 11, mergedIntoMiB: 1, zeroMiB: 2, savedMiB: 12, profitMiB: 3 },
    )
  })
  test('of an old kernel: no zero pages, and an unknown profit', () => {
    const counters = { pages_sharing: 256, ksm_zero_pages: undefined, general_profit: undefined }
    const { zeroMiB, savedMiB, profitMiB } = report({ counters })
    assert.deepEqual({ zeroMiB, savedMiB, profitMiB }, { zeroMiB: 0, savedMiB: 1, profitMiB: null })
  })
  test('processes by profit, then by merged pages', () => {
    const process = (pid: number, ksm_process_profit: number | undefined, ksm_merging_pages: number) =>
      ksmProcess({ pid, ksm_process_profit, ksm_merging_pages })
    const processes = [
      process(1, 5, 1),
      process(2, -7, 9),
      process(3, 5, 2),
      process(4, undefined, 3),
      process(5, 8, 0),
    ]
    assert.deepEqual(
      report({ processes }).processes.map(({ pid }) => pid),
      [5, 3, 1, 4, 2],
    )
  })
})

describe('notes', () => {
  const notes = (after: SaidOfKsm, before?: SaidOfKsm) => report({ ...MERGEABLE, ...after }, before).notes
  /** The scanner is at work, and has had time to merge. */
  const busy = { counters: { pages_scanned: 500, full_scans: 2 } }

  test('none where all is well', () => {
    assert.deepEqual(notes({ counters: { ...busy.counters, pages_sharing: 9, general_profit: 1 } }), [])
  })
  test('KSM is off, in either way', () => {
    assert.match(
      notes({ settings: { run: 0 } }).join(),
      /^KSM is off \(run is 0\)[^,]*, what is merged stays merged\.$/,
    )
    assert.match(notes({ settings: { run: 2 } }).join(), /^KSM is off \(run is 2\): everything was unmerged/)
  })
  test('nothing is mergeable', () => {
    assert.deepEqual(notes({ processes: [] }), ['No process has mergeable memory.'])
    assert.deepEqual(notes({ processes: [], unreadable: 3 }), [
      'No process that can be read has mergeable memory.',
      '3 processes could not be read: that takes root.',
    ])
  })
  test('nothing is mergeable here, but KSM has pages of processes elsewhere', () => {
    const pages = ['pages_shared', 'pages_sharing', 'ksm_zero_pages', 'pages_unshared', 'pages_volatile']
    for (const name of pages) {
      assert.deepEqual(notes({ processes: [], counters: { [name]: 1 } }), [
        'No process that can be seen has mergeable memory.',
      ])
    }
    assert.match(
      notes({ processes: [], unreadable: 3, counters: { pages_shared: 1 } })[0]!,
      /^No process that can be read has/,
    )
  })
  test('the items take more than merging saves', () => {
    const counters = { general_profit: -3 * 2 ** 20, pages_sharing: 7, full_scans: 2 }
    assert.deepEqual(notes({ counters }), [
      "Scanning costs more than it saves: KSM's items take 3072.0 KiB more.",
    ])
    assert.deepEqual(notes({ counters: { ...counters, full_scans: 1 } }), [])
  })
  test('KSM that is off costs no scanning, but its items remain', () => {
    const counters = { general_profit: -3 * 2 ** 20, full_scans: 1 }
    const [off, items, ...others] = notes({ counters, settings: { run: 0 } })
    assert.match(off!, /^KSM is off/)
    assert.equal(items, "KSM's items take 3072.0 KiB more than is saved.")
    assert.deepEqual(others, [])
    // It was turned off within the interval.
    for (const run of [0, 2] as const) assert.equal(notes({ ...busy, settings: { run } }).length, 1)
  })
  test('the scanner works and nothing is merged', () => {
    const says = ['Scanning costs more than it saves: nothing is merged after 2 passes.']
    assert.deepEqual(notes(busy), says)
    const hidden = {
      counters: { full_scans: 2, pages_scanned: undefined },
      ksmd: { cpuNs: 1e6, waitingNs: 0 },
    }
    assert.deepEqual(notes(hidden), says)
  })
  test('but not before it could merge, nor when it rests, nor when something was merged', () => {
    assert.deepEqual(notes({ counters: { ...busy.counters, full_scans: 1 } }), [])
    assert.deepEqual(notes({ counters: { full_scans: 9 } }), [])
    assert.deepEqual(notes(busy, { counters: { pages_sharing: 1 } }), [])
    assert.deepEqual(notes({ counters: { ...busy.counters, ksm_zero_pages: 1 } }), [])
  })
})

describe('text', () => {
  test('figure by figure', () => {
    const processes = [
      ksmProcess({ pid: 812, ksm_merging_pages: 512, ksm_process_profit: 2 ** 20, ksm_rmap_items: 16_384 }),
    ]
    const counters = {
      pages_shared: 256,
      pages_sharing: 2560,
      pages_scanned: 24_690,
      pages_skipped: 10,
      full_scans: 12,
    }
    const ksmd = { cpuNs: 250e6, waitingNs: 20e6 }
    const settings = {
      use_zero_pages: 0,
      smart_scan: 1,
      max_page_sharing: 256,
      advisor_mode: 'none',
    } as const
    const after = { counters: { ...counters, general_profit: 2 ** 20 }, ksmd, processes, settings }
    assert.deepEqual(ksmLines(report({ ...after, events: { cow_ksm: 3 } }, {}, 1.25)), [
      'merged    11.00 MiB into 1.00 MiB, zero pages 0.00 MiB',
      'saved     10.00 MiB, profit 1.00 MiB',
      'scan      12.3k pages/s, 5 skipped/s',
      'passes    12, time of the last 1.25 s',
      'ksmd      12.5 % of a processor, waits for one 1.0 %',
      'CoW       1.50 breaks/s',
      'settings  run 1, 100 pages/20 ms, zero 0, smart 1, sharing 256, no advisor',
      '',
      '     pid  name                merged MiB  zero pages  profit MiB  rmap items',
      '     812  qemu                      2.00           0        1.00      16,384',
    ])
  })
  test('what is unknown is a dash', () => {
    const unknown = { pages_scanned: undefined, pages_skipped: undefined, full_scans: undefined }
    const counters = { ...unknown, general_profit: undefined }
    const processes = [ksmProcess({ ksm_process_profit: undefined, ksm_zero_pages: undefined })]
    const lines = ksmLines(report({ counters, events: { cow_ksm: undefined }, ksmd: undefined, processes }))
    assert.deepEqual(lines.slice(1, 6), [
      'saved     0.00 MiB, profit -',
      'scan      - pages/s, - skipped/s',
      'passes    -, time of the last -',
      'ksmd      - of a processor, waits for one -',
      'CoW       - breaks/s',
    ])
    assert.match(lines.at(-1)!, /^ {7}1 {2}qemu {22}0\.00 {11}- {11}- {11}0$/)
  })
  test('80 columns fit a large host, and no name commands the terminal', () => {
    const pages = 2 ** 28
    const counters = {
      pages_shared: pages,
      pages_sharing: pages,
      ksm_zero_pages: pages,
      general_profit: -pages * 4096,
    }
    const settings: SaidOfKsm['settings'] = {
      pages_to_scan: 30_000,
      use_zero_pages: 1,
      smart_scan: 1,
      max_page_sharing: 1024,
      advisor_mode: 'scan-time',
      advisor_target_scan_time: 200,
    }
    const process = ksmProcess({
      pid: 4_194_303,
      comm: '\u001b[2J\n\u2028-CPU 0/KVM',
      ksm_merging_pages: pages,
    })
    const processes = [
      { ...process, ksm_process_profit: pages * 4096, ksm_rmap_items: pages, ksm_zero_pages: pages },
    ]
    const lines = ksmLines(report({ counters, settings, processes, unreadable: 999 }))
    for (const line of lines) {
      assert(line.length <= 80, line)
      assert(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), JSON.stringify(line))
    }
    assert.match(lines.join('\n'), /sharing 1024, advisor 200 s$/m)
  })
})

/**
 * The functional cases of the kernel's own KSM selftests (tools/testing/selftests/mm/ksm_tests.c and
 * ksm_functional_tests.c) that have a meaning in the lab too, as cases for either player (ksm-cases.ts). Each says what
 * must be seen in the end. MADV_UNMERGEABLE is an unmerge here; left out are protection keys, prctl, userfaultfd and NUMA.
 */
import assert from 'node:assert/strict'
import { nowNs } from '../../src/measure/clock.js'
import type { KsmCase, KsmObservation, KsmStep } from './ksm-cases.js'

export interface KsmSelftest extends KsmCase {
  expected: Partial<KsmObservation['counters']>
}

const DEFAULTS = { use_zero_pages: 0, max_page_sharing: 256, smart_scan: 1 } as const
/** "Since merging occurs only after 2 scans, make sure to get at least 2 full scans." */
const MERGE: KsmStep = { scan: 2 }
/** ksm_functional_tests.c works on 2 MiB. */
const PAGES = 512

/** Stores that are timed of either kind. */
export const TIMED_PAGES = 256
const ROUNDS = 8

/** ksm_cow_time: `TIMED_PAGES` pages of the same, and as many of which no two are alike. */
export const COW_PAGES: KsmCase = {
  name: 'ksm_cow_time',
  settings: DEFAULTS,
  guests: [[...pagesOf(TIMED_PAGES, 42), ...Array.from({ length: TIMED_PAGES }, (_, page) => 100 + page)]],
  steps: [MERGE],
}

/** A memory as COW_PAGES leaves it: what stores a word to a page, and how many breaks there were. */
export interface TimedMemory {
  store: (page: number) => void
  breaks: () => number
}

/**
 * Times first stores to merged pages and to others in turn, so that whatever else happens meets both.
 * @returns medians over all rounds, ns
 */
export async function compareStoreTimes(
  setUp: () => Promise<TimedMemory>,
): Promise<{ merged: number; unmerged: number }> {
  const times: Record<'merged' | 'unmerged', number[]> = { merged: [], unmerged: [] }
  for (let round = 0; round < ROUNDS; round++) {
    const { store, breaks } = await setUp()
    const before = breaks()
    for (let page = 0; page < TIMED_PAGES; page++) {
      times.merged.push(timeOf(store, page))
      times.unmerged.push(timeOf(store, TIMED_PAGES + page))
    }
    assert.equal(breaks() - before, TIMED_PAGES)
  }
  return { merged: median(times.merged), unmerged: median(times.unmerged) }
}

function timeOf(store: (page: number) => void, page: number): number {
  const startNs = nowNs()
  store(page)
  return nowNs() - startNs
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!
}

export const KSM_SELFTESTS: readonly KsmSelftest[] = [
  ...[10, 257, 1000].map((pages) => ({
    name: `check_ksm_merge: ${pages} pages`,
    settings: DEFAULTS,
    guests: [pagesOf(pages, 42)],
    steps: [MERGE],
    expected: merged(pages, DEFAULTS.max_page_sharing),
  })),
  {
    name: 'check_ksm_merge: 1000 pages, max_page_sharing 10',
    settings: { ...DEFAULTS, max_page_sharing: 10 },
    guests: [pagesOf(1000, 42)],
    steps: [MERGE],
    expected: merged(1000, 10),
  },
  {
    name: 'check_ksm_unmerge: two merged pages, each then changed',
    settings: DEFAULTS,
    guests: [[42, 42]],
    steps: [
      MERGE,
      {
        store: [
          { guest: 0, ppn: 0, content: 45 },
          { guest: 0, ppn: 1, content: 43 },
        ],
      },
      { scan: 1 },
    ],
    expected: merged(0, DEFAULTS.max_page_sharing),
  },
  {
    name: 'check_ksm_zero_page_merge: use_zero_pages 1',
    settings: { ...DEFAULTS, use_zero_pages: 1 },
    guests: [pagesOf(10, 0)],
    steps: [MERGE],
    expected: { ...merged(0, DEFAULTS.max_page_sharing), ksm_zero_pages: 10 },
  },
  {
    name: 'check_ksm_zero_page_merge: use_zero_pages 0',
    settings: DEFAULTS,
    guests: [pagesOf(10, 0)],
    steps: [MERGE],
    expected: { ...merged(10, DEFAULTS.max_page_sharing), ksm_zero_pages: 0 },
  },
  {
    name: 'test_unmerge: all pages the same',
    settings: DEFAULTS,
    guests: [pagesOf(PAGES, 207)],
    steps: [MERGE, { unmerge: true }],
    expected: { pages_shared: 0, pages_sharing: 0, pages_unshared: 0, pages_volatile: 0 },
  },
  {
    name: 'test_unmerge_zero_pages: unmerged at once, and broken by stores',
    settings: { ...DEFAULTS, use_zero_pages: 1 },
    guests: [pagesOf(PAGES, 0)],
    steps: [
      MERGE,
      { store: Array.from({ length: PAGES / 4 }, (_, ppn) => ({ guest: 0, ppn, content: 1 + ppn })) },
      { unmerge: true },
    ],
    expected: { pages_shared: 0, pages_sharing: 0, ksm_zero_pages: 0 },
  },
  {
    name: 'test_unmerge_zero_pages: a store to one is seen at once, not only by the next scan',
    settings: { ...DEFAULTS, use_zero_pages: 1 },
    guests: [pagesOf(PAGES, 0)],
    steps: [
      MERGE,
      { store: Array.from({ length: PAGES / 4 }, (_, ppn) => ({ guest: 0, ppn, content: 1 + ppn })) },
    ],
    expected: { pages_shared: 0, pages_sharing: 0, ksm_zero_pages: (PAGES * 3) / 4 },
  },
]

function pagesOf(pages: number, content: number): number[] {
  return new Array<number>(pages).fill(content)
}

/** assert_ksm_pages_count: of so many identical pages. */
function merged(pages: number, max_page_sharing: number) {
  const frames = Math.floor(pages / max_page_sharing)
  if (pages % max_page_sharing <= 1)
    return { pages_shared: frames, pages_sharing: frames * (max_page_sharing - 1) }
  return { pages_shared: frames + 1, pages_sharing: pages - frames - 1 }
}

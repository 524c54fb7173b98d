/** The cases that are played on KSM besides random mixes: small, by hand, each about one thing. See ksm-cases.ts. */
import type { KsmCase, KsmCaseSettings, KsmStep, KsmStore } from './ksm-cases.js'

const SETTINGS: KsmCaseSettings = { use_zero_pages: 0, max_page_sharing: 256, smart_scan: 0 }

/** A page gets its checksum in a first scan, merges in the second, and has its place in the trees after the third. */
const SETTLE: KsmStep = { scan: 3 }
/** Until everything that a store changed has been found. */
const FOUR_SCANS: readonly KsmStep[] = Array.from({ length: 4 }, () => ({ scan: 1 }))

/** Pages with one content, alone in one guest. */
export function identicalPages(pages: number, max_page_sharing: number): KsmCase {
  return {
    name: `${pages} identical pages, max_page_sharing ${max_page_sharing}`,
    settings: { ...SETTINGS, max_page_sharing },
    guests: [repeat(pages, 1)],
    steps: [SETTLE],
  }
}

/** Pages × max_page_sharing: remainders 0, 1, others, with and without a whole frame before. */
export const IDENTICAL_PAGES: readonly (readonly [pages: number, max_page_sharing: number])[] = [
  [2, 2],
  [3, 2],
  [4, 2],
  [5, 2],
  [2, 3],
  [9, 3],
  [10, 3],
  [11, 3],
  [256, 256],
  [257, 256],
  [258, 256],
  [999, 10],
  [1000, 10],
  [1001, 10],
  [1000, 64],
]

/** Unique pages that nobody changes, and pairs, met 40 times. */
export const SMART_SCAN: KsmCase = {
  name: '64 unique pages and 32 pairs, smart_scan',
  settings: { ...SETTINGS, smart_scan: 1 },
  guests: [[...range(1, 64), ...range(101, 132), ...range(101, 132)]],
  steps: Array.from({ length: 40 }, () => ({ scan: 1 })),
}

/** Stores to merged pages: counters before, right after, and after each of four scans. */
export const COPY_ON_WRITE: readonly KsmCase[] = [
  stores('one of two sharers', [[1, 1, 2, 2, 90]], [[0, 0, 91]]),
  stores(
    'both sharers, other contents',
    [[1, 1, 2, 2, 90]],
    [
      [0, 0, 91],
      [0, 1, 92],
    ],
  ),
  stores(
    'both sharers, the same new contents',
    [[1, 1, 2, 2, 90]],
    [
      [0, 0, 91],
      [0, 1, 91],
    ],
  ),
  stores(
    'both sharers, what they held before',
    [[1, 1, 2, 2, 90]],
    [
      [0, 0, 1],
      [0, 1, 1],
    ],
  ),
  stores(
    'one of two sharers, in two guests',
    [
      [1, 90],
      [1, 91],
    ],
    [[1, 0, 92]],
  ),
  stores(
    'three of ten, other contents',
    [[...repeat(10, 1), 90]],
    [
      [0, 2, 91],
      [0, 5, 92],
      [0, 9, 93],
    ],
  ),
  stores(
    'three of ten, of a merged pair',
    [[...repeat(10, 1), 2, 2]],
    [
      [0, 2, 2],
      [0, 5, 2],
      [0, 9, 2],
    ],
  ),
  stores(
    'three of ten, of an unshared page',
    [[...repeat(10, 1), 90]],
    [
      [0, 2, 90],
      [0, 5, 90],
      [0, 9, 90],
    ],
  ),
  stores(
    'all of ten, of another ten',
    [repeat(10, 1), repeat(10, 2)],
    range(0, 9).map((ppn) => [0, ppn, 2]),
  ),
  stores('an unshared page, other contents', [[1, 1, 90, 91]], [[0, 2, 92]]),
  stores('an unshared page, of a merged pair', [[1, 1, 90, 91]], [[0, 2, 1]]),
  stores(
    'two unshared pages, of each other',
    [[1, 1, 90, 91]],
    [
      [0, 2, 91],
      [0, 3, 90],
    ],
  ),
  stores(
    'one of two sharers, twice',
    [[1, 1, 90]],
    [
      [0, 0, 91],
      [0, 0, 1],
    ],
  ),
  stores(
    'zero pages placed by KSM, other contents',
    [[0, 0, 0, 0, 1, 1]],
    [
      [0, 0, 91],
      [0, 3, 92],
    ],
    {
      use_zero_pages: 1,
    },
  ),
  stores(
    'zero pages placed by KSM, of a merged pair',
    [[0, 0, 0, 0, 1, 1]],
    [
      [0, 0, 1],
      [0, 3, 1],
    ],
    {
      use_zero_pages: 1,
    },
  ),
  stores(
    'zero pages placed by KSM, zeros again',
    [[0, 0, 0, 0, 1, 1]],
    [
      [0, 0, 0],
      [0, 3, 0],
    ],
    {
      use_zero_pages: 1,
    },
  ),
  stores(
    'merged and unshared pages, zeros',
    [[0, 0, 1, 1, 1, 90]],
    [
      [0, 2, 0],
      [0, 3, 0],
      [0, 5, 0],
    ],
    {
      use_zero_pages: 1,
    },
  ),
  stores(
    'zero pages merged as others are',
    [[0, 0, 0, 0, 1, 1]],
    [
      [0, 0, 91],
      [0, 3, 1],
    ],
  ),
  stores('one of a full frame’s, with others waiting', [repeat(11, 1)], [[0, 1, 91]], {
    max_page_sharing: 3,
  }),
  stores(
    'all of a frame of several',
    [repeat(9, 1)],
    [
      [0, 0, 91],
      [0, 1, 92],
      [0, 2, 93],
    ],
    {
      max_page_sharing: 3,
    },
  ),
  {
    name: 'one of each of two frames, and what they held before',
    settings: { ...SETTINGS, max_page_sharing: 3 },
    guests: [repeat(9, 1)],
    steps: [
      SETTLE,
      { store: [store(0, 0, 91), store(0, 3, 92)] },
      { scan: 2 },
      { store: [store(0, 0, 1), store(0, 3, 1)] },
      ...FOUR_SCANS,
    ],
  },
  stores('one of two sharers, smart_scan', [[1, 1, 2, 2, 90]], [[0, 0, 91]], { smart_scan: 1 }),
  stores('an unshared page, smart_scan', [[1, 1, 90, 91]], [[0, 2, 92]], { smart_scan: 1 }),
]

/** All is unmerged; and merged once more. */
export const UNMERGE: readonly KsmCase[] = ([0, 1] as const).map((use_zero_pages) => ({
  name: `unmerge, use_zero_pages ${use_zero_pages}`,
  settings: { ...SETTINGS, use_zero_pages, max_page_sharing: 4 },
  guests: [
    [0, 0, ...repeat(10, 1), ...range(2, 20)],
    [0, 0, 0, ...repeat(5, 1), ...range(10, 40)],
  ],
  steps: [SETTLE, { unmerge: true }, SETTLE, { unmerge: true }],
}))

type Store = readonly [guest: number, ppn: number, content: number]

function stores(
  name: string,
  guests: KsmCase['guests'],
  stored: readonly Store[],
  settings: Partial<KsmCaseSettings> = {},
): KsmCase {
  const steps = [SETTLE, { store: stored.map((each) => store(...each)) }, ...FOUR_SCANS]
  return { name, settings: { ...SETTINGS, ...settings }, guests, steps }
}

function store(...[guest, ppn, content]: Store): KsmStore {
  return { guest, ppn, content }
}

function repeat(pages: number, content: number): number[] {
  return Array(pages).fill(content)
}

/** first … last. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

/**
 * Live counters: a row of doubles for each thread in shared memory. Each word is written by one thread alone, so
 * plain additions suffice; readers see every word as it was at some recent moment. Counts are exact up to 2^53.
 */
import { LATENCY_BUCKETS } from './latency-buckets.js'

/** Of a row, the fields that have names. */
const NAMED_DOUBLES = 32
/** A row's named fields, then its buckets, in whole cache lines of 64 bytes: no two threads write to one. */
const ROW_DOUBLES = NAMED_DOUBLES + 8 * Math.ceil(LATENCY_BUCKETS / 8)

/** What a guest's thread counts. */
export const GUEST = {
  /** 32-bit words stored. */
  stores: 0,
  /** 32-bit words loaded. */
  loads: 1,
  /** Pages touched for the first time, and given a zeroed frame. */
  firstTouches: 2,
  /** Stores that found their page mapped read-only. */
  cowFaults: 3,
  /** Times that no frame was free when one was needed. */
  stalls: 4,
  /** Accesses that found their PTE locked. */
  lockWaits: 5,
  /** Pages brought back from the swap file. */
  swapIns: 6,
  /** Open-loop operations that were due in a phase but not begun when it had to end. */
  missed: 7,
} as const

/** What a scanner's thread counts. */
export const SCAN = {
  /** Present pages visited. */
  pagesScanned: 0,
  /** Times a page's contents were hashed. */
  pagesHashed: 1,
  /** Full comparisons of two pages, or of a page with zero. */
  pagesCompared: 2,
  /** Pages remapped to a frame shared with others. */
  merges: 3,
  /** Hints that were found, but whose page was stored to since; under policy `ksm`, nodes whose page has changed. */
  staleHints: 4,
  /** Equal hashes of unequal pages. */
  falseMatches: 5,
  /** PTEs that somebody else held, or that changed under the scanner's eyes. */
  lockFailures: 6,
  /** Completed passes: one visit to every present page. */
  passes: 7,
  /** Pages that the rate settings allowed so far; unthrottled, the pages that were scanned. */
  pagesAsked: 8,
} as const

/** What a scanner's thread notes, after the fields of SCAN, of the last pass that it completed. */
export const LAST_PASS = {
  /** Pages merged, and under policy `ksm` those too that were met with new contents: they are to be looked at again. */
  news: 12,
  /** Present pages visited. */
  pages: 13,
} as const

/** When a scanner's thread began its last batch of pages, monotonic ns: it tells how long a dead one has scanned nothing. */
export const LAST_BATCH_NS = 14

/**
 * What the scanner's thread counts besides, under policy `ksm` (ksm/counters.ts says what the kernel's names mean).
 * pages_scanned is SCAN.pagesScanned.
 */
export const KSM = {
  pages_shared: 17,
  pages_sharing: 18,
  pages_unshared: 19,
  /** rmap_items in use. */
  rmapItems: 20,
  pages_skipped: 21,
  full_scans: 22,
  /** Pages of a batch, as they are now. */
  pages_to_scan: 23,
  /** MPN + 1 of the frame that stands for the kernel's zero page, 0: there is none. Its references are ksm_zero_pages. */
  zeroFrame: 24,
} as const

/** What it counts of each guest, in the guest's row: on a cache line that the guest itself does not write to. */
export const KSM_STAT = {
  ksm_rmap_items: 24,
  ksm_merging_pages: 25,
} as const

/** What a guest's thread counts besides, on the host's kernel. */
export const LINUX_GUEST = {
  /** Those of its CoW faults that met a page of zeros. */
  zeroPageFaults: 8,
} as const

/** Where a guest's thread counts its CoW faults by how long they took (latency-buckets.ts), from here on. */
export const COW_LATENCIES = NAMED_DOUBLES

/** What the reclaimer's thread counts, after the fields of SCAN, which its share attempts use. */
export const RECLAIM = {
  /** Pages written to the swap file. */
  swapOuts: 16,
} as const

export function createCounters(threads: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(threads * ROW_DOUBLES * 8))
}

/** One thread's row. */
export function counterRow(counters: Float64Array, thread: number): Float64Array {
  return new Float64Array(counters.buffer, thread * ROW_DOUBLES * 8, ROW_DOUBLES)
}

/** What a row holds now, under the fields' names. */
export function readCounters<Field extends string>(
  row: Float64Array,
  fields: Readonly<Record<Field, number>>,
): Record<Field, number> {
  return sumCounters([row], fields)
}

/** CoW faults of several guests by latency, since the start of the run. */
export function readCowLatencies(rows: readonly Float64Array[]): number[] {
  const sum = (bucket: number) => rows.reduce((total, row) => total + row[COW_LATENCIES + bucket]!, 0)
  return Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => sum(bucket))
}

/** What several rows hold now, added up. */
export function sumCounters<Field extends string>(
  rows: readonly Float64Array[],
  fields: Readonly<Record<Field, number>>,
): Record<Field, number> {
  const sum = (index: number) => rows.reduce((total, row) => total + row[index]!, 0)
  const entries = Object.entries<number>(fields).map(([name, index]) => [name, sum(index)])
  return Object.fromEntries(entries) as Record<Field, number>
}

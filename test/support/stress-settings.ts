/** Under what conditions the threads of a stress run race: each setting makes other races likely. */

import type { KsmFixed, KsmRates } from '../../src/ksm/settings.js'

/** What all settings have in common; the threads are numbered in this order, then comes the reclaimer. */
export const GUESTS = 3
export const SCANNERS = 2
/** The scanner of policy `ksm`. */
export const KSMD = GUESTS
export const RECLAIMER = GUESTS + SCANNERS
export const THREADS = RECLAIMER + 1

/** Contents that the guests know besides zero: so few that each is in many pages. */
export const CONTENTS = 6

/** Policy `ksm` is led through so many phases, and stays in the last one; each is as long as a few full scans take. */
export const KSM_PHASES = 301
export const KSM_PHASE_MS = 15

export interface StressSetting {
  name: string
  pagesPerGuest: number
  /** More than the contents that can be shared, or no page could ever be made private again. */
  frames: number
  swap: boolean
  forceSalting: 0 | 1 | 2
  /** Frames that the reclaimer wants to be free before it rests. */
  enoughFrames: number
  /** Policy `ksm` instead of `tps`, by one scanner; the other rests. */
  ksm?: Pick<KsmFixed, 'max_page_sharing'>
}

export const settings: readonly StressSetting[] = [
  {
    name: 'swapping and sharing in half the memory that the guests want',
    pagesPerGuest: 48,
    frames: 36,
    swap: true,
    forceSalting: 0,
    enoughFrames: 4,
  },
  {
    name: 'a reclaimer that never has enough, and so never rests',
    pagesPerGuest: 32,
    frames: 32,
    swap: true,
    forceSalting: 0,
    enoughFrames: 32,
  },
  {
    name: 'each guest shares with itself alone, and swaps the more',
    pagesPerGuest: 32,
    frames: 28,
    swap: true,
    forceSalting: 2,
    enoughFrames: 2,
  },
  {
    name: 'no swap: more pages than frames, and only sharing makes them fit',
    pagesPerGuest: 16,
    frames: 32,
    swap: false,
    forceSalting: 0,
    enoughFrames: 2,
  },
  {
    name: 'no swap: four pages of each guest, all of them fought over',
    pagesPerGuest: 4,
    frames: 10,
    swap: false,
    forceSalting: 0,
    enoughFrames: 1,
  },
  {
    name: 'ksm: merged, swapped out and unmerged in turn, up to three pages to a frame',
    pagesPerGuest: 32,
    frames: 36,
    swap: true,
    forceSalting: 0,
    enoughFrames: 4,
    ksm: { max_page_sharing: 3 },
  },
  {
    name: 'ksm without swap: hardly a frame to unmerge a page to',
    pagesPerGuest: 8,
    frames: 20,
    swap: false,
    forceSalting: 0,
    enoughFrames: 1,
    ksm: { max_page_sharing: 256 },
  },
]

/** By phase: two in which pages merge, with the zero page in every other, and one in which all are unmerged. */
export const KSM_RATES: readonly KsmRates[] = Array.from({ length: KSM_PHASES }, (_, phase) => ({
  run: phase % 3 === 2 ? 2 : 1,
  pages_to_scan: 1000,
  sleep_millisecs: 0,
  use_zero_pages: phase % 2 === 0 ? 1 : 0,
  smart_scan: phase % 6 === 0 ? 1 : 0,
}))

/**
 * What is played on the real kernel's KSM, and can be played on the lab's: pages that hold known contents, and what
 * happens to them. Pure data; the counters after each step are what is compared.
 *
 * Contents are numbers, 0 for the zero page: pages of the same number hold the same bytes, whatever these are.
 * A player starts with every page filled, settings in place and nothing scanned yet, and the scanner takes the pages
 * guest by guest, each in order of PPN. All other settings are the kernel's defaults, but batches are as large as
 * everything there is. Nothing is scanned but in `scan` steps, each of whole scans.
 */
import type { KernelKsmCounters, KsmCounters, KsmStat } from '../../src/ksm/counters.js'
import type { KsmSettings } from '../../src/ksm/settings.js'

export type KsmCaseSettings = Pick<KsmSettings, 'use_zero_pages' | 'max_page_sharing' | 'smart_scan'>

/** One of: so many full scans; pages that are stored to, all of each page, in order; an unmerge (run = 2). */
export type KsmStep = { scan: number } | { store: KsmStore[] } | { unmerge: true }

/** The page's new contents. */
export interface KsmStore {
  guest: number
  ppn: number
  content: number
}

export interface KsmCase {
  name: string
  settings: KsmCaseSettings
  /** By guest, by PPN: the contents at first. */
  guests: readonly (readonly number[])[]
  steps: readonly KsmStep[]
}

/**
 * After a step. pages_scanned, pages_skipped and cow_ksm count from the start of the case; the others are what the
 * kernel says. `stat` is that of the one process that holds all guests.
 */
export interface KsmObservation {
  counters: KsmCounters | KernelKsmCounters
  stat: KsmStat
  /** Stores that broke the sharing of a merged page (/proc/vmstat); not those to zero pages placed by KSM. */
  cow_ksm: number
}

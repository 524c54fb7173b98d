/** KSM's settings, under the names of /sys/kernel/mm/ksm (Linux 6.18, mm/ksm.c). */

/** What a run may change between one phase and the next. */
export interface KsmRates {
  /** 0: the scanner rests, and what is merged stays merged. 1: it scans. 2: all is unmerged, and it rests. */
  run: 0 | 1 | 2
  /** Pages of a batch; without meaning under the advisor, which begins with advisor_min_pages_to_scan. */
  pages_to_scan: number
  /** Sleep between two batches. */
  sleep_millisecs: number
  /** 1: pages of zeros map the zero page, instead of being merged as others are. */
  use_zero_pages: 0 | 1
  /** 1: pages that were scanned in vain several times are passed over more and more often. */
  smart_scan: 0 | 1
}

/** What holds for the whole run. */
export interface KsmFixed {
  /** Mappings of one frame at most; a content with more of them gets further frames. At least 2. */
  max_page_sharing: number
  /** `scan-time`: the number of pages of a batch is adjusted at the end of each full scan. */
  advisor_mode: 'none' | 'scan-time'
  /** Percent of a processor. */
  advisor_max_cpu: number
  advisor_min_pages_to_scan: number
  advisor_max_pages_to_scan: number
  /** Seconds that a full scan should take; never scaled: they are the kernel's. */
  advisor_target_scan_time: number
}

export type KsmSettings = KsmRates & KsmFixed

/** As the kernel starts, but for `run`, which it starts with 0. */
export const KSM_DEFAULTS: KsmSettings = {
  run: 1,
  pages_to_scan: 100,
  sleep_millisecs: 20,
  use_zero_pages: 0,
  smart_scan: 1,
  max_page_sharing: 256,
  advisor_mode: 'none',
  advisor_max_cpu: 70,
  advisor_min_pages_to_scan: 500,
  advisor_max_pages_to_scan: 30_000,
  advisor_target_scan_time: 200,
}

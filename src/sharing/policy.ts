/** A sharing policy: what to do with pages. Scanner and reclaimer choose them and know no policy by name. */
import { PREFETCHED_MAX } from '../machine/share-table.js'

export interface Policy {
  /**
   * Visits pages of one guest, as the one scanner that these pages have: shares what it can, and remembers the others, to be
   * found later.
   * @param pages global page numbers; the first `count` of them are present, at most SCAN_PAGES_MAX
   */
  scan(pages: Int32Array, count: number, guest: number): void

  /** Visits one present page, whosever it is, and shares it if it can. True: it was merged, and its frame is free. */
  visit(page: number, guest: number): boolean
}

/** Pages that are scanned at once, at most: what the tables will need for them is fetched at once. */
export const SCAN_PAGES_MAX = PREFETCHED_MAX

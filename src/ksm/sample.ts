/** Policy `ksm` at one moment, from the counters that its scanner keeps and the frame table: for the sampler. */
import * as A from '#atomics'
import { FRAME_WORDS, STATE } from '../machine/frames.js'
import type { MachineHandle } from '../machine/machine.js'
import { mpnOf, SHARED } from '../machine/pte.js'
import { KSM, KSM_STAT, SCAN } from '../measure/counters.js'
import { generalProfit, type KsmCounters, type KsmStat, pagesVolatile, processProfit } from './counters.js'

/** @param row the scanner's */
export function ksmCountersOf(row: Float64Array, { frameTable }: MachineHandle): KsmCounters {
  const pages_shared = row[KSM.pages_shared]!
  const pages_sharing = row[KSM.pages_sharing]!
  const pages_unshared = row[KSM.pages_unshared]!
  const rmapItems = row[KSM.rmapItems]!
  const zeroFrame = row[KSM.zeroFrame]! - 1
  // The faults of the guests keep it up: what is left of a zero page that all have stored to is no shared frame.
  const ksm_zero_pages = zeroFrame < 0 ? 0 : Math.max(0, A.peek(frameTable, zeroFrame * FRAME_WORDS + STATE))
  return {
    pages_shared,
    pages_sharing,
    pages_unshared,
    pages_volatile: pagesVolatile(rmapItems, { pages_shared, pages_sharing, pages_unshared }),
    pages_scanned: row[SCAN.pagesScanned]!,
    pages_skipped: row[KSM.pages_skipped]!,
    full_scans: row[KSM.full_scans]!,
    ksm_zero_pages,
    general_profit: generalProfit(pages_sharing, ksm_zero_pages, rmapItems),
  }
}

/** @param scannerRow the scanner's; `guestRow` that of the guest, whose pages are [firstPage, firstPage + pages) */
export function ksmStatOf(
  scannerRow: Float64Array,
  guestRow: Float64Array,
  { ptes }: MachineHandle,
  firstPage: number,
  pages: number,
): KsmStat {
  const zeroFrame = scannerRow[KSM.zeroFrame]! - 1
  let ksm_zero_pages = 0
  for (let page = firstPage; zeroFrame >= 0 && page < firstPage + pages; page++) {
    const pte = A.peek(ptes, page)
    if ((pte & SHARED) !== 0 && mpnOf(pte) === zeroFrame) ksm_zero_pages++
  }
  const ksm_rmap_items = guestRow[KSM_STAT.ksm_rmap_items]!
  const ksm_merging_pages = guestRow[KSM_STAT.ksm_merging_pages]!
  const stat = { ksm_rmap_items, ksm_zero_pages, ksm_merging_pages }
  return { ...stat, ksm_process_profit: processProfit(stat) }
}

/**
 * How fast policy `tps` may scan, as ESX's settings put it:
 *
 *   Mem.ShareScanTime  every VM once in that time          pages of the VM / seconds
 *   Mem.ShareRateMax   at most so many pages/s of one VM
 *   Mem.ShareScanGHz   at most so many MB/s for each GHz of host processor, all VMs together
 *
 * The allowance of each VM grows with time and is used up by its present pages; what a scanner could not use,
 * because it was kept from a processor, it may catch up on for a second and no longer.
 */
import type { TpsRates } from '../scenario/plan.js'

/** MB in ShareScanGHz are 2^20 bytes: 256 pages. */
const PAGES_PER_MB = 256
/** An allowance that was not used is kept for this long. */
const CATCH_UP_SECONDS = 1

/** Pages per second that each VM may be scanned at. */
export function scanRates(
  rates: TpsRates,
  host: { processors: number; GHz: number },
  pagesOfGuests: readonly number[],
): number[] {
  const wanted = pagesOfGuests.map((pages) =>
    Math.min(pages / rates.ShareScanTimeSeconds, rates.ShareRateMax),
  )
  const sum = wanted.reduce((total, rate) => total + rate, 0)
  const hostMax = rates.ShareScanGHz * host.GHz * host.processors * PAGES_PER_MB
  const part = sum > hostMax ? hostMax / sum : 1
  return wanted.map((rate) => rate * part)
}

/** The allowance of one VM. */
export class RateController {
  private allowancePages = 0
  private pagesPerSecond = 0
  private lastNs = 0

  /** Begins a time at this rate. Fractions of a page that are left from before are kept. */
  start(pagesPerSecond: number, nowNs: number): void {
    this.pagesPerSecond = pagesPerSecond
    this.lastNs = nowNs
  }

  /** Adds what time has brought; returns it, in pages: what the settings ask for. */
  advance(nowNs: number): number {
    const asked = ((nowNs - this.lastNs) / 1e9) * this.pagesPerSecond
    this.lastNs = nowNs
    const limit = Math.max(1, this.pagesPerSecond * CATCH_UP_SECONDS)
    this.allowancePages = Math.min(this.allowancePages + asked, limit)
    return asked
  }

  /** Whole pages that may be scanned now. */
  available(): number {
    return Math.floor(this.allowancePages)
  }

  use(pages: number): void {
    this.allowancePages -= pages
  }
}

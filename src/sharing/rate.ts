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

/** Doubles of a controller's state: a cache line. */
export const RATE_DOUBLES = 8
const PAGES_PER_SECOND = 0
const LAST_NS = 1
const ALLOWANCE_PAGES = 2
const ASKED_PAGES = 3
const LOST_PAGES = 4

/**
 * The allowance of one VM. Times are in ns since the start of the phase, so what stands still with the run is not asked for. Its state is an array, so that a scanner's can lie in shared memory: a copy of it tells what the
 * scanner would find if it looked now, even if it does not come to look.
 */
export class RateController {
  constructor(private readonly state: Float64Array = new Float64Array(RATE_DOUBLES)) {}

  /** Begins a time at this rate; 0: without one. Of what is left from before as much is kept as may be. */
  start(pagesPerSecond: number, nowNs: number): void {
    const { state } = this
    state[PAGES_PER_SECOND] = pagesPerSecond
    state[LAST_NS] = nowNs
    state[ALLOWANCE_PAGES] = Math.min(state[ALLOWANCE_PAGES]!, this.limitPages())
    state[ASKED_PAGES] = 0
    state[LOST_PAGES] = 0
  }

  /** Goes on at another rate. */
  change(pagesPerSecond: number, nowNs: number): void {
    this.advance(nowNs)
    this.state[PAGES_PER_SECOND] = pagesPerSecond
    this.state[ALLOWANCE_PAGES] = Math.min(this.state[ALLOWANCE_PAGES]!, this.limitPages())
  }

  /** Adds what time has brought; returns it, in pages: what the settings ask for. */
  advance(nowNs: number): number {
    const { state } = this
    const asked = ((nowNs - state[LAST_NS]!) / 1e9) * state[PAGES_PER_SECOND]!
    const allowance = state[ALLOWANCE_PAGES]! + asked
    state[LAST_NS] = nowNs
    state[ALLOWANCE_PAGES] = Math.min(allowance, this.limitPages())
    state[ASKED_PAGES]! += asked
    state[LOST_PAGES]! += allowance - state[ALLOWANCE_PAGES]!
    return asked
  }

  /** Whole pages that may be scanned now. */
  available(): number {
    return Math.floor(this.state[ALLOWANCE_PAGES]!)
  }

  use(pages: number): void {
    this.state[ALLOWANCE_PAGES]! -= pages
  }

  /** Pages that the settings have asked for since it was started. */
  askedPages(): number {
    return this.state[ASKED_PAGES]!
  }

  /** How many of these came to nothing, because they were not scanned in time, and will not be. */
  lostPages(): number {
    return this.state[LOST_PAGES]!
  }

  private limitPages(): number {
    return Math.max(1, this.state[PAGES_PER_SECOND]! * CATCH_UP_SECONDS)
  }
}

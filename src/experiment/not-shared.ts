/**
 * Why what could be shared is not: each frame that a perfect scanner would have saved, and that is not saved, under exactly one
 * reason (policy `tps`).
 *
 * Of each content that guests hold there are so many copies: private pages, and shared frames. A perfect scanner leaves one, so all
 * copies but one are missed, and the sum of that over all contents is opportunity − saved. One copy is kept, a shared frame
 * if there is one, else the page that sharing has come closest to; each of the others has the reason of its own page:
 *
 *   secondLook    the scanner has been to it since its last store: it waits for its equal, or was passed over
 *   rateLimited   the scanner has not been to it since; nor would it if it had kept up with the rate that it is asked for
 *   starved       the same, but it would have been there: it has lost pages for want of processor (scan-lag.ts)
 *   ineligible    a false match, until its next store, or of a guest with `share: false`
 *   salted        of its content its own salt has one copy only: what is left over are the copies that other salts keep
 *
 * Copies are taken as they come, in one pass: of two the worse one is counted at once, the better one is kept.
 */
import { HINTED, INELIGIBLE, UNTOUCHED } from '../machine/pte.js'
import { REASONS, type Reason } from './reasons.js'
import type { ScanLag } from './scan-lag.js'

/** How far a copy is, from the best: its reason's place in REASONS, plus 1. */
const SHARED_FRAME = 0
const SECOND_LOOK = 1
const RATE_LIMITED = 2
const STARVED = 3
const INELIGIBLE_PAGE = 4
const SALTED = 5
/** No copy yet. */
const NONE = 255

/** A content of which only guests that don't share have copies. */
const OF_OUTSIDERS = 1
const OF_SHARERS = 2

export class NotShared {
  /** By reason, in the order of REASONS. */
  private readonly pages = new Float64Array(REASONS.length)
  /** By salt and content: how far the copy is that is kept. */
  private readonly kept: Uint8Array
  /** By content: who has copies. */
  private readonly holders: Uint8Array

  /**
   * @param salts for each guest the number of its salt, from 0; −1: it doesn't share
   * @param contents one more than the largest content number
   */
  constructor(
    private readonly salts: readonly number[],
    private readonly contents: number,
    private readonly lag: Pick<ScanLag, 'isOverdue'>,
  ) {
    this.kept = new Uint8Array((Math.max(...salts, 0) + 1) * contents)
    this.holders = new Uint8Array(contents)
  }

  begin(): void {
    this.pages.fill(0)
    this.kept.fill(NONE)
    this.holders.fill(0)
  }

  /** A frame that pages of this guest, and perhaps of others, share. */
  addShared(content: number, guest: number): void {
    this.add(content, guest, SHARED_FRAME)
  }

  /** A page with a frame of its own. */
  addPrivate(content: number, guest: number, page: number, pte: number): void {
    this.add(content, guest, this.reasonOf(guest, page, pte))
  }

  byReason(): Record<Reason, number> {
    return Object.fromEntries(REASONS.map((reason, index) => [reason, this.pages[index]!])) as Record<
      Reason,
      number
    >
  }

  private reasonOf(guest: number, page: number, pte: number): number {
    if ((pte & INELIGIBLE) !== 0) return INELIGIBLE_PAGE
    if ((pte & (HINTED | UNTOUCHED)) !== 0) return SECOND_LOOK
    return this.lag.isOverdue(page, guest) ? STARVED : RATE_LIMITED
  }

  private add(content: number, guest: number, state: number): void {
    const salt = this.salts[guest]!
    const holders = this.holders[content]!
    if (salt < 0) {
      if (holders === 0) this.holders[content] = OF_OUTSIDERS
      else this.miss(INELIGIBLE_PAGE)
      return
    }
    this.holders[content] = OF_SHARERS
    const at = salt * this.contents + content
    const kept = this.kept[at]!
    this.kept[at] = Math.min(kept, state)
    if (kept !== NONE) this.miss(Math.max(kept, state))
    else if (holders === OF_SHARERS) this.miss(SALTED)
    else if (holders === OF_OUTSIDERS) this.miss(INELIGIBLE_PAGE)
  }

  private miss(state: number): void {
    // Two shared frames of one content: one was filed while the other was on its way, and neither will be looked at again.
    this.pages[(state === SHARED_FRAME ? SECOND_LOOK : state) - 1]! += 1
  }
}

/**
 * Policy `tps`: what ESX's transparent page sharing does with one page (Waldspurger, "Memory Resource Management in
 * VMware ESX Server", OSDI 2002, §4).
 *
 *   unchanged since its hint was filed       nothing to do: its PTE says so (HINTED)
 *   else hash the page, without a lock       a hash is a hint, whatever happens to the page meanwhile
 *   lock its PTE, look the hash up; then
 *   a shared frame has that hash             compare, remap to the shared frame, free the duplicate
 *   a hint has it                            its page was stored to since → it is stale, drop it;
 *                                            else lock its PTE too, compare, share its frame
 *   equal hash, other bytes                  a false match: the page is ineligible until its guest stores to it
 *   nothing has it, zero page                becomes the shared zero frame at once: zeros are known to be common
 *   nothing has it                           leave a hint; the page stays writable, the hint costs its guest nothing
 *
 * ESX hashed a page at each visit, and a hinted page again when another matched it. Here a store clears two bits of its
 * page's PTE, which tell as much: UNTOUCHED, set before the page is hashed, that the hash is still that of its bytes when
 * it is filed; HINTED, that it is so still. What is shared when is the same; what it costs is not (docs/performance.md).
 * UNTOUCHED tells this to one scanner only: two would take each other's for their own. So a page is looked at by one
 * scanner, its own (scan-part.ts), and by others, such as the reclaimer, only without leaving a hint.
 *
 * Why a merge loses no store: a store needs the PTE's lock, which the scanner holds from before the comparison until
 * the PTE names the shared frame read-only. No bit and no hash is trusted with that: bytes are compared under the locks.
 * Why it frees nothing in use: the duplicate is private to the page whose lock is held, and its PTE names the shared frame
 * before the duplicate is freed. Why the shared frame stays: `findOrFile` hands it out with a reference of ours, or its
 * owner's PTE lock is ours too. PTEs are only try-locked, so a scanner waits for no guest and for no other scanner.
 */
import * as A from '#atomics'
import type { PageKernels } from '../kernels/kernels.js'
import type { Machine } from '../machine/machine.js'
import {
  HINTED,
  INELIGIBLE,
  isIdlePrivate,
  LOCKED,
  mpnOf,
  PRESENT,
  SHARED,
  sharedPte,
  UNTOUCHED,
} from '../machine/pte.js'
import { SCAN } from '../measure/counters.js'
import { type Policy, SCAN_PAGES_MAX } from './policy.js'
import type { SaltKeys } from './salt.js'

/** How an attempt to merge with a hint ends; but for `stale`, our page is unlocked then. */
type MergeEnd = 'merged' | 'passed over' | 'stale'

export class TpsPolicy implements Policy {
  private readonly kernels: PageKernels
  private readonly zeroHashLow: number
  private readonly zeroHashHigh: number
  /** Of the pages of a batch that are being looked at: global page numbers, PTEs, hashes. */
  private readonly marked = new Int32Array(SCAN_PAGES_MAX)
  private readonly markedPtes = new Int32Array(SCAN_PAGES_MAX)
  private readonly lows = new Int32Array(SCAN_PAGES_MAX)
  private readonly highs = new Int32Array(SCAN_PAGES_MAX)
  /** What was read only to have it near: it must be used, or it would not be read. */
  prefetched = 0

  constructor(
    private readonly machine: Machine,
    private readonly salts: SaltKeys,
    private readonly counters: Float64Array,
    zeroHash: { low: number; high: number },
  ) {
    this.kernels = machine.kernels
    this.zeroHashLow = zeroHash.low
    this.zeroHashHigh = zeroHash.high
  }

  /**
   * All are marked, then all hashed, then what each needs in the tables is fetched, all at once, and then one after the other
   * is looked up: an atomic operation makes the processor wait for whatever is on its way.
   */
  scan(pages: Int32Array, count: number, guest: number): void {
    const markedPages = this.markAll(pages, count)
    this.hashAll(markedPages, guest)
    const { marked, markedPtes, lows, highs } = this
    this.prefetched = this.machine.shareTable.prefetch(markedPtes, lows, highs, markedPages)
    for (let i = 0; i < markedPages; i++) {
      this.settle(marked[i]!, markedPtes[i]!, guest, lows[i]!, highs[i]!, true)
    }
  }

  /** Marks those that are to be hashed; returns how many. */
  private markAll(pages: Int32Array, count: number): number {
    const { marked, markedPtes } = this
    const { ptes } = this.machine
    let markedPages = 0
    for (let i = 0; i < count; i++) {
      const page = pages[i]!
      const pte = A.peek(ptes, page)
      if (!this.isCandidate(pte) || !this.mark(page, pte)) continue
      marked[markedPages] = page
      markedPtes[markedPages++] = pte | UNTOUCHED
    }
    return markedPages
  }

  private hashAll(markedPages: number, guest: number): void {
    const { kernels, markedPtes, lows, highs } = this
    const saltLow = this.salts.low[guest]!
    const saltHigh = this.salts.high[guest]!
    for (let i = 0; i < markedPages; i++) {
      kernels.hash(mpnOf(markedPtes[i]!))
      lows[i] = kernels.hashLow ^ saltLow
      highs[i] = kernels.hashHigh ^ saltHigh
    }
    this.counters[SCAN.pagesHashed]! += markedPages
  }

  visit(page: number, guest: number): boolean {
    const pte = A.peek(this.machine.ptes, page)
    if (!this.isCandidate(pte)) return false
    this.hash(mpnOf(pte))
    const low = this.kernels.hashLow ^ this.salts.low[guest]!
    const high = this.kernels.hashHigh ^ this.salts.high[guest]!
    return this.settle(page, pte, guest, low, high, false)
  }

  /** Counts a page as scanned, if it is there; is it one to be hashed? */
  private isCandidate(pte: number): boolean {
    if ((pte & PRESENT) === 0) return false
    this.count(SCAN.pagesScanned)
    if ((pte & (SHARED | INELIGIBLE | HINTED)) !== 0) return false
    return (pte & LOCKED) === 0 || this.lockFailed()
  }

  /** From now on its PTE tells whether its guest stores to the page. */
  private mark(page: number, pte: number): boolean {
    if ((pte & UNTOUCHED) !== 0) return true
    return A.compareExchange(this.machine.ptes, page, pte, pte | UNTOUCHED) === pte || this.lockFailed()
  }

  /** Shares a page that was hashed, if its PTE is as it was before and another has the hash, or files it; true: it was merged. */
  private settle(
    page: number,
    pte: number,
    guest: number,
    low: number,
    high: number,
    leaveHint: boolean,
  ): boolean {
    const { machine } = this
    if (!machine.tryLock(page, pte)) return this.lockFailed()

    // The PTE is ours until it is unlocked, by giving it its new value.
    const table = machine.shareTable
    const mpn = mpnOf(pte)
    const isZero =
      low === (this.zeroHashLow ^ this.salts.low[guest]!) &&
      high === (this.zeroHashHigh ^ this.salts.high[guest]!)
    const files = leaveHint && !isZero
    for (;;) {
      const found = files ? table.findOrFile(mpn, low, high) : table.find(low, high, mpn)
      if (found === 'nothing') break
      if (found === 'shared') return this.joinShared(page, pte, table.foundMpn, guest, low, high)
      const end = this.mergeWithHint(page, pte, guest, low, high)
      if (end !== 'stale') return end === 'merged'
    }
    if (isZero) this.shareZero(page, pte, low, high)
    else machine.unlock(page, files ? pte | HINTED : pte)
    return false
  }

  /** Remaps our locked page to a shared frame that we hold a reference to; the reference becomes the page's. */
  private joinShared(
    page: number,
    pte: number,
    sharedMpn: number,
    guest: number,
    low: number,
    high: number,
  ): boolean {
    const mpn = mpnOf(pte)
    if (!this.compare(mpn, sharedMpn)) {
      this.machine.unlock(page, this.afterMismatch(pte, guest, low, high))
      this.machine.dropReference(sharedMpn)
      return false
    }
    this.machine.unlock(page, sharedPte(sharedMpn))
    this.machine.releasePrivate(mpn)
    this.count(SCAN.merges)
    return true
  }

  /**
   * Makes the frame of the hint that was found shared and remaps our locked page to it, if the hint still holds. A stale one
   * is dropped, and our page stays locked.
   */
  private mergeWithHint(page: number, pte: number, guest: number, low: number, high: number): MergeEnd {
    const { machine } = this
    const { foundPage: hintPage, foundMpn: hintMpn } = machine.shareTable
    const hintPte = A.peek(machine.ptes, hintPage)
    if (!isIdlePrivate(hintPte) || mpnOf(hintPte) !== hintMpn || !machine.tryLock(hintPage, hintPte)) {
      machine.unlock(page, pte)
      this.lockFailed()
      return 'passed over'
    }

    // Both PTEs are ours.
    if ((hintPte & HINTED) === 0) {
      this.count(SCAN.staleHints)
      machine.shareTable.remove(hintMpn)
      machine.unlock(hintPage, hintPte)
      return 'stale'
    }
    // It may have been filed anew since it was found.
    if (!machine.shareTable.isFiledUnder(hintMpn, low, high)) {
      machine.unlock(hintPage, hintPte)
      return 'stale'
    }
    const mpn = mpnOf(pte)
    if (!this.compare(mpn, hintMpn)) {
      machine.unlock(page, this.afterMismatch(pte, guest, low, high))
      machine.unlock(hintPage, hintPte)
      return 'passed over'
    }
    machine.shareTable.promote(hintMpn, low, high, 2)
    machine.unlock(hintPage, sharedPte(hintMpn))
    machine.unlock(page, sharedPte(hintMpn))
    machine.releasePrivate(mpn)
    this.count(SCAN.merges)
    return 'merged'
  }

  /** Turns a locked zero page's frame into the shared zero frame of its salt. */
  private shareZero(page: number, pte: number, low: number, high: number): void {
    const mpn = mpnOf(pte)
    this.count(SCAN.pagesCompared)
    const shared = this.kernels.isZero(mpn) && this.machine.shareTable.fileShared(mpn, low, high, 1)
    this.machine.unlock(page, shared ? sharedPte(mpn) : pte)
  }

  /** What to unlock our page with, whose bytes were not those of a frame filed under the hash that it had. */
  private afterMismatch(pte: number, guest: number, low: number, high: number): number {
    this.hash(mpnOf(pte))
    const { hashLow, hashHigh } = this.kernels
    if ((hashLow ^ this.salts.low[guest]!) !== low || (hashHigh ^ this.salts.high[guest]!) !== high)
      return pte
    this.count(SCAN.falseMatches)
    return pte | INELIGIBLE
  }

  private compare(mpn: number, otherMpn: number): boolean {
    this.count(SCAN.pagesCompared)
    return this.kernels.equal(mpn, otherMpn)
  }

  private hash(mpn: number): void {
    this.count(SCAN.pagesHashed)
    this.kernels.hash(mpn)
  }

  private lockFailed(): false {
    this.count(SCAN.lockFailures)
    return false
  }

  private count(field: number): void {
    this.counters[field]! += 1
  }
}

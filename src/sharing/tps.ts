/**
 * Policy `tps`: what ESX's transparent page sharing does with one page (Waldspurger, "Memory Resource Management in
 * VMware ESX Server", OSDI 2002, §4).
 *
 *   hash the page, without a lock            a hash is a hint, whatever happens to the page meanwhile
 *   hash found, shared frame                 lock the PTE, compare, remap to the shared frame, free the duplicate
 *   hash found, hint                         hash the hinted page again: changed → the hint is stale, drop it;
 *                                            else lock both PTEs, compare, hash once more, share its frame
 *   equal hash, other bytes                  a false match: the page is ineligible until its guest stores to it
 *   not found, zero page                     becomes the shared zero frame at once: zeros are known to be common
 *   not found                                leave a hint; the page stays writable, the hint costs its guest nothing
 *
 * Why a merge loses no store: a store needs the PTE's lock, which the scanner holds from before the comparison until
 * the PTE names the shared frame read-only. Why it frees nothing in use: the duplicate is private to the page whose
 * lock is held, and its PTE names the shared frame before the duplicate is freed. Why the shared frame stays: `find`
 * hands it out with a reference of ours, or its owner's PTE lock is ours too. PTEs are only try-locked, the one of
 * the lower page first, so a scanner waits for no guest and for no other scanner.
 */
import * as A from '#atomics'
import type { PageKernels } from '../kernels/kernels.js'
import type { Machine } from '../machine/machine.js'
import { INELIGIBLE, isIdlePrivate, LOCKED, mpnOf, PRESENT, SHARED, sharedPte } from '../machine/pte.js'
import { SCAN } from '../measure/counters.js'
import type { Policy } from './policy.js'
import type { SaltKeys } from './salt.js'

export class TpsPolicy implements Policy {
  private readonly kernels: PageKernels
  private readonly zeroHashLow: number
  private readonly zeroHashHigh: number

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

  visit(page: number, guest: number, leaveHint: boolean): boolean {
    const pte = A.peek(this.machine.ptes, page)
    if ((pte & PRESENT) === 0) return false
    this.count(SCAN.pagesScanned)
    if ((pte & (SHARED | INELIGIBLE)) !== 0) return false
    if ((pte & LOCKED) !== 0) return this.lockFailed()

    const mpn = mpnOf(pte)
    this.hash(mpn)
    const isZero = this.kernels.hashLow === this.zeroHashLow && this.kernels.hashHigh === this.zeroHashHigh
    const low = this.kernels.hashLow ^ this.salts.low[guest]!
    const high = this.kernels.hashHigh ^ this.salts.high[guest]!
    const table = this.machine.shareTable
    if (table.isFiledUnder(mpn, low, high)) return false

    const found = table.find(low, high, mpn)
    if (found === 'shared') return this.joinShared(page, pte, table.foundMpn)
    if (found === 'hint') {
      if (this.hintHolds(table.foundMpn, guest, low, high)) {
        return this.mergeWithHint(page, pte, guest, low, high)
      }
      this.dropStaleHint(table.foundPage, table.foundMpn)
    } else if (isZero) {
      return this.shareZero(page, pte, low, high)
    }
    if (leaveHint) this.leaveHint(page, pte, low, high)
    return false
  }

  /** Remaps a page to a shared frame that we hold a reference to; the reference becomes the page's. */
  private joinShared(page: number, pte: number, sharedMpn: number): boolean {
    const mpn = mpnOf(pte)
    if (!this.machine.tryLock(page, pte)) {
      this.machine.dropReference(sharedMpn)
      return this.lockFailed()
    }
    if (!this.compare(mpn, sharedMpn)) {
      this.machine.unlock(page, this.afterMismatch(pte, sharedMpn))
      this.machine.dropReference(sharedMpn)
      return false
    }
    this.machine.unlock(page, sharedPte(sharedMpn))
    this.machine.releasePrivate(mpn)
    this.count(SCAN.merges)
    return true
  }

  /** Makes the frame of the hint that was found shared and remaps our page to it, if both still are what they were. */
  private mergeWithHint(page: number, pte: number, guest: number, low: number, high: number): boolean {
    const { foundPage: hintPage, foundMpn: hintMpn } = this.machine.shareTable
    const hintPte = A.load(this.machine.ptes, hintPage)
    if (!isIdlePrivate(hintPte) || mpnOf(hintPte) !== hintMpn) return this.lockFailed()
    if (!this.machine.tryLockBoth(page, pte, hintPage, hintPte)) return this.lockFailed()

    // Both PTEs are ours.
    const mpn = mpnOf(pte)
    const filed = this.machine.shareTable.isFiledUnder(hintMpn, low, high)
    const equal = filed && this.compare(mpn, hintMpn)
    // Both guests may have stored the same since the pages were hashed: the frame would be shared under a wrong hash.
    if (equal && this.hintHolds(hintMpn, guest, low, high)) {
      this.machine.shareTable.promote(hintMpn, low, high, 2)
      this.machine.unlock(hintPage, sharedPte(hintMpn))
      this.machine.unlock(page, sharedPte(hintMpn))
      this.machine.releasePrivate(mpn)
      this.count(SCAN.merges)
      return true
    }
    this.machine.unlock(page, filed && !equal ? this.afterMismatch(pte, hintMpn) : pte)
    this.machine.unlock(hintPage, hintPte)
    return false
  }

  /** Turns a zero page's frame into the shared zero frame of its salt. */
  private shareZero(page: number, pte: number, low: number, high: number): boolean {
    if (!this.machine.tryLock(page, pte)) return this.lockFailed()
    const mpn = mpnOf(pte)
    this.count(SCAN.pagesCompared)
    const shared = this.kernels.isZero(mpn) && this.machine.shareTable.fileShared(mpn, low, high, 1)
    this.machine.unlock(page, shared ? sharedPte(mpn) : pte)
    return false
  }

  private leaveHint(page: number, pte: number, low: number, high: number): void {
    if (!this.machine.tryLock(page, pte)) {
      this.lockFailed()
      return
    }
    this.machine.shareTable.fileHint(mpnOf(pte), low, high)
    this.machine.unlock(page, pte)
  }

  /** Hashes a hinted page again: has it stayed what it was? */
  private hintHolds(hintMpn: number, guest: number, low: number, high: number): boolean {
    this.hash(hintMpn)
    return (
      (this.kernels.hashLow ^ this.salts.low[guest]!) === low &&
      (this.kernels.hashHigh ^ this.salts.high[guest]!) === high
    )
  }

  private dropStaleHint(hintPage: number, hintMpn: number): void {
    this.count(SCAN.staleHints)
    const hintPte = A.load(this.machine.ptes, hintPage)
    if (!isIdlePrivate(hintPte) || mpnOf(hintPte) !== hintMpn) return
    if (!this.machine.tryLock(hintPage, hintPte)) return
    this.machine.shareTable.remove(hintMpn)
    this.machine.unlock(hintPage, hintPte)
  }

  /** What to unlock a page with whose bytes were not those of `otherMpn` although the hashes were equal. */
  private afterMismatch(pte: number, otherMpn: number): number {
    this.hash(mpnOf(pte))
    const low = this.kernels.hashLow
    const high = this.kernels.hashHigh
    this.hash(otherMpn)
    if (low !== this.kernels.hashLow || high !== this.kernels.hashHigh) return pte
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

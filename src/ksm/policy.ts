/**
 * Policy `ksm`: what Linux's Kernel Samepage Merging does with one page (Linux 6.12–6.18, mm/ksm.c,
 * cmp_and_merge_page). In this order:
 *
 *   maps a shared frame already              nothing to do
 *   its checksum is not that of last time    keep the new one: it changes too fast, or is met for the first time
 *   use_zero_pages, and it is zero           map the zero page
 *   equal to a shared frame (stable tree)    lock the PTE, compare, remap, free the duplicate: unless that frame has
 *                                            max_page_sharing mappings, and all others of the same content too
 *   equal to a page of the unstable tree     lock both PTEs, compare, make the frame of the page visited a shared one
 *                                            and map the other to it
 *   else                                     into the unstable tree, for the rest of this full scan
 *
 * The kernel finds equal shared frames by comparing bytes on its way down a tree, too; here a hash leads to them, and the
 * bytes decide in both. The stable tree is the share table, where a content may have several frames; the rest is private
 * to the scanner's thread.
 *
 * Why merging is safe: as for policy `tps` (sharing/tps.ts), with the same locks in the same order. The frames compared
 * are those that the locked PTEs map; a frame that others share has a reference of ours before it is read.
 */
import * as A from '#atomics'
import type { PageKernels } from '../kernels/kernels.js'
import { tryAddReference } from '../machine/frames.js'
import type { Machine } from '../machine/machine.js'
import { isIdlePrivate, LOCKED, mpnOf, PRESENT, SHARED, sharedPte } from '../machine/pte.js'
import { KSM, SCAN } from '../measure/counters.js'
import type { RmapItems } from './rmap-items.js'
import type { KsmRates } from './settings.js'
import { skips } from './smart-scan.js'
import { GAVE_UP, INSERTED, UNMERGEABLE, UnstableTree } from './unstable-tree.js'

const NONE = -1

export class KsmPolicy {
  /** Pages met with contents that they had not at their last visit. */
  changed = 0
  private readonly kernels: PageKernels
  private readonly unstable: UnstableTree
  private readonly admits: (mpn: number) => boolean

  /** @param counters the scanner's row */
  constructor(
    private readonly machine: Machine,
    private readonly items: RmapItems,
    private readonly counters: Float64Array,
    max_page_sharing: number,
    private readonly zeroHash: { low: number; high: number },
    /** Of the phase. */
    public rates: Pick<KsmRates, 'use_zero_pages' | 'smart_scan'>,
  ) {
    this.kernels = machine.kernels
    this.unstable = new UnstableTree(machine.ptes.length, (page, other) => this.order(page, other))
    // is_page_sharing_candidate. The zero page is no node: nothing is listed from it.
    this.admits = (mpn) => items.sharersOf(mpn) > 0 && items.sharersOf(mpn) < max_page_sharing
  }

  beginFullScan(): void {
    this.unstable.clear()
  }

  /** The scanner comes to a page. False: it is no candidate, or is passed over, and counts for nothing. */
  visit(page: number): boolean {
    const pte = A.peek(this.machine.ptes, page)
    if (!this.isCandidate(pte)) {
      this.items.forget(page)
      return false
    }
    this.items.meet(page)
    const isShared = (pte & SHARED) !== 0
    if (!isShared && this.rates.smart_scan === 1 && this.isSkipped(page)) return false
    this.count(SCAN.pagesScanned)
    if (!isShared) this.visitPrivate(page, pte)
    return true
  }

  private isSkipped(page: number): boolean {
    const { age, remainingSkips } = this.items
    if (!skips(age, remainingSkips, page)) return false
    this.count(KSM.pages_skipped)
    this.items.leaveTrees(page)
    return true
  }

  private visitPrivate(page: number, seen: number): void {
    const { items, kernels } = this
    items.leaveTrees(page)
    this.hash(mpnOf(seen))
    const low = kernels.hashLow
    const high = kernels.hashHigh
    if (items.oldChecksum[page] !== low) {
      items.oldChecksum[page] = low
      this.changed++
      return
    }
    const pte = seen & ~LOCKED
    const isZero = low === this.zeroHash.low && high === this.zeroHash.high
    if (isZero && this.rates.use_zero_pages === 1 && this.mapZeroPage(page, pte)) return
    if (this.machine.shareTable.findShared(low, high, this.admits)) {
      this.joinShared(page, pte, this.machine.shareTable.foundMpn)
      return
    }
    const found = this.unstable.searchOrInsert(page)
    if (found === INSERTED) items.enterUnstable(page)
    else if (found !== GAVE_UP) this.mergeTwo(page, pte, found, low, high)
  }

  /** Of the bytes of a page that is visited and of one in the unstable tree, as both are at this moment: a hint, like a hash. */
  private order(page: number, other: number): number {
    const { ptes } = this.machine
    const pte = A.peek(ptes, other)
    return this.isCandidate(pte) ? this.kernels.order(mpnOf(A.peek(ptes, page)), mpnOf(pte)) : UNMERGEABLE
  }

  /** Is it a page that KSM has to do with: backed, and not by the zero page? */
  private isCandidate(pte: number): boolean {
    return (pte & PRESENT) !== 0 && ((pte & SHARED) === 0 || mpnOf(pte) !== this.zeroFrame())
  }

  /** Remaps a page to a shared frame that we hold a reference to; the reference becomes the page's. */
  private joinShared(page: number, pte: number, sharedMpn: number): void {
    const { machine } = this
    const mpn = mpnOf(pte)
    if (!machine.tryLock(page, pte)) {
      this.count(SCAN.lockFailures)
      machine.dropReference(sharedMpn)
    } else if (!this.compare(mpn, sharedMpn)) {
      machine.unlock(page, pte)
      machine.dropReference(sharedMpn)
    } else {
      machine.unlock(page, sharedPte(sharedMpn))
      machine.releasePrivate(mpn)
      this.items.enterStable(page, sharedMpn)
      this.count(SCAN.merges)
    }
  }

  /** Makes the page's frame a shared one that `other` is mapped to as well, if both still hold what they were found by. */
  private mergeTwo(page: number, pte: number, other: number, low: number, high: number): void {
    const { machine, items } = this
    const otherPte = A.load(machine.ptes, other)
    if (!isIdlePrivate(otherPte) || !machine.tryLockBoth(page, pte, other, otherPte)) {
      this.count(SCAN.lockFailures)
      return
    }
    // Both PTEs are ours.
    const mpn = mpnOf(pte)
    const otherMpn = mpnOf(otherPte)
    // Equal is not enough: both guests may have stored the same since, and the frame would be shared under a wrong hash.
    if (!this.compare(mpn, otherMpn) || !this.hasHash(mpn, low, high)) {
      machine.unlock(page, pte)
      machine.unlock(other, otherPte)
      this.count(SCAN.staleHints)
      return
    }
    this.share(mpn, low, high, 2)
    machine.unlock(other, sharedPte(mpn))
    machine.unlock(page, sharedPte(mpn))
    machine.releasePrivate(otherMpn)
    this.unstable.remove(other)
    items.leaveTrees(other)
    items.enterStable(other, mpn)
    items.enterStable(page, mpn)
    this.count(SCAN.merges)
  }

  /** True: the page maps the zero page now. */
  private mapZeroPage(page: number, pte: number): boolean {
    const { machine } = this
    const zero = this.zeroFrame()
    const joins = zero !== NONE && tryAddReference(machine.frameTable, zero)
    const mpn = mpnOf(pte)
    const locked = machine.tryLock(page, pte)
    if (!locked) this.count(SCAN.lockFailures)
    if (!locked || !this.isZero(mpn)) {
      if (locked) machine.unlock(page, pte)
      if (joins) machine.dropReference(zero)
      return false
    }
    if (joins) {
      machine.unlock(page, sharedPte(zero))
      machine.releasePrivate(mpn)
    } else {
      this.share(mpn, this.zeroHash.low, this.zeroHash.high, 1)
      this.counters[KSM.zeroFrame] = mpn + 1
      machine.unlock(page, sharedPte(mpn))
    }
    this.count(SCAN.merges)
    return true
  }

  /** Makes a private frame, whose PTE lock is ours, a shared one. */
  private share(mpn: number, low: number, high: number, references: number): void {
    this.items.dropNode(mpn)
    if (mpn === this.zeroFrame()) this.counters[KSM.zeroFrame] = 0
    this.machine.shareTable.fileAnother(mpn, low, high, references)
  }

  /** MPN of the zero page, which may be gone; −1: there is none. */
  private zeroFrame(): number {
    return this.counters[KSM.zeroFrame]! - 1
  }

  private hasHash(mpn: number, low: number, high: number): boolean {
    this.hash(mpn)
    return this.kernels.hashLow === low && this.kernels.hashHigh === high
  }

  private hash(mpn: number): void {
    this.count(SCAN.pagesHashed)
    this.kernels.hash(mpn)
  }

  private compare(mpn: number, otherMpn: number): boolean {
    this.count(SCAN.pagesCompared)
    return this.kernels.equal(mpn, otherMpn)
  }

  private isZero(mpn: number): boolean {
    this.count(SCAN.pagesCompared)
    return this.kernels.isZero(mpn)
  }

  private count(field: number): void {
    this.counters[field]! += 1
  }
}

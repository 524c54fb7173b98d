/**
 * A guest's memory access: loads and stores by PPN, through the PTEs, on the guest's own thread.
 *
 * An access locks the page's PTE by compare-and-exchange, acts, and unlocks with a store of the PTE's new value; so no
 * access sees a half-made mapping, and nobody sees a half-done store. The common case is a writable page: one
 * compare-and-exchange, the words, one store. Everything else is a fault, handled here as well:
 *
 *   first touch   absent  → private: a zeroed frame
 *   swap-in       swapped → private: a frame, filled from the page's slot
 *   CoW fault     shared  → private: a frame, filled from the shared one; then remap, then drop the reference,
 *                 so that no PTE ever names a frame that may be somebody else's
 *
 * A frame is allocated while the PTE is locked: others only try-lock it, so nobody waits for a stalled guest.
 *
 * Beside each store the guest keeps two truths: the page's digest, private to this thread (what the bytes must be at
 * the end), and its tag (what others would find equal to it). Both change under the PTE's lock.
 */
import * as A from '#atomics'
import type { GuestRam } from '../guest/ram.js'
import { wordDigest, ZERO_PAGE_DIGEST } from '../kernels/digest.js'
import { nowNs } from '../measure/clock.js'
import { GUEST } from '../measure/counters.js'
import type { GuestHistograms } from '../measure/guest-histograms.js'
import { SpinLimit } from '../sync/spin.js'
import type { FrameAllocator } from './allocator.js'
import { FRAME_WORDS, ownedBy, STATE } from './frames.js'
import { PAGE_WORDS } from './layout.js'
import { type Machine, UNIQUE_TAG, ZERO_TAG } from './machine.js'
import { LOCKED, mpnOf, PRESENT, privatePte, SHARED, SWAPPED, storedTo, WRITABLE } from './pte.js'

/** No frame came free within the limit. */
export class OutOfFramesError extends Error {
  override name = 'OutOfFramesError'
}

/** The run was stopped while a guest was waiting. */
export class RunStopped extends Error {
  override name = 'RunStopped'
}

/**
 * One CoW fault in so many, a power of two, has its parts timed: three more readings of the clock would lengthen
 * every fault by a good part of what it takes.
 */
const PARTS_TIMED_EVERY = 8
/** One store in so many, a power of two, is timed as the control if it does not fault: the clock costs more than it. */
export const CONTROL_TIMED_EVERY = 64
/** How long a stalled guest waits before it looks for a frame again, if nobody wakes it. */
const STALL_NAP_MS = 2

export type AwaitFrame = (allocator: FrameAllocator, limitMs: number) => number

export interface MmuOptions {
  /** Global page number of the guest's PPN 0. */
  firstPage: number
  pages: number
  counters: Float64Array
  histograms: GuestHistograms
  /** Seconds, by the clock of the run, that a stalled guest waits for a frame before it gives up. */
  stallLimitSeconds: number
  /** Asked while stalled. */
  isStopping: () => boolean
  /** Waits for a frame, at most so long, and allocates it; −1: none was to be had. By default asleep. */
  awaitFrame?: AwaitFrame | undefined
  /** False: stores keep no digests, tags, counts or latencies, so nothing can be verified: to tell what observing costs. */
  observes?: boolean
}

export class Mmu implements GuestRam {
  /** What each page's bytes must digest to, by PPN: nobody but this guest knows. */
  readonly digests: Int32Array
  readonly firstPage: number
  readonly pages: number
  intendedNs = Number.POSITIVE_INFINITY

  private readonly ptes: Int32Array
  private readonly tags: Int32Array
  private readonly words: Int32Array[]
  private readonly counters: Float64Array
  private readonly histograms: GuestHistograms
  private readonly spin = new SpinLimit('a page table entry')
  private readonly awaitFrame: AwaitFrame
  private readonly observes: boolean
  /** Start of the CoW fault whose store is under way, 0 if there is none. */
  private cowStartNs = 0
  /** When its PTE was locked, its frame allocated, its page copied, its PTE remapped; all 0 if its parts are not timed. */
  private cowLockedNs = 0
  private cowAllocatedNs = 0
  private cowCopiedNs = 0
  private cowRemappedNs = 0
  /** Start of a store that is timed as the control, 0 if the one under way is not. */
  private controlStartNs = 0
  private storeVisits = 0

  constructor(
    private readonly machine: Machine,
    private readonly options: MmuOptions,
  ) {
    this.digests = new Int32Array(options.pages).fill(ZERO_PAGE_DIGEST)
    this.firstPage = options.firstPage
    this.pages = options.pages
    this.ptes = machine.ptes
    this.tags = machine.tags
    this.words = machine.words
    this.counters = options.counters
    this.histograms = options.histograms
    this.awaitFrame = options.awaitFrame ?? ((allocator, limitMs) => allocator.awaitFrame(limitMs))
    this.observes = options.observes ?? true
  }

  load(ppn: number, word: number): number {
    const page = this.firstPage + ppn
    let pte = A.peek(this.ptes, page)
    if ((pte & (PRESENT | LOCKED)) !== PRESENT || !this.machine.tryLock(page, pte)) {
      pte = this.lockPresent(page)
    }
    const mpn = mpnOf(pte)
    const value = this.words[mpn >>> this.machine.segmentShift]![this.machine.wordBase(mpn) + word]!
    this.machine.unlock(page, pte)
    this.counters[GUEST.loads]! += 1
    return value
  }

  /** Stores `count` adjacent words, from `values`, beginning at word `word` of the page. */
  store(ppn: number, word: number, values: Int32Array, count: number): void {
    const page = this.firstPage + ppn
    const pte = this.lockWritable(page)
    const mpn = mpnOf(pte)
    const segment = this.words[mpn >>> this.machine.segmentShift]!
    const base = this.machine.wordBase(mpn)
    if (!this.observes) {
      for (let i = 0; i < count; i++) segment[base + word + i] = values[i]!
      this.finishStore(page, pte, UNIQUE_TAG, count)
      return
    }
    let digest = this.digests[ppn]!
    for (let i = 0; i < count; i++) {
      const at = word + i
      const value = values[i]!
      digest = (digest + wordDigest(at, value) - wordDigest(at, segment[base + at]!)) | 0
      segment[base + at] = value
    }
    this.digests[ppn] = digest
    this.finishStore(page, pte, UNIQUE_TAG, count)
  }

  /** Without a lock: the frame may be another page's by now, or be stored to, and its word is only read. */
  prefetch(ppn: number, word: number): number {
    const page = this.firstPage + ppn
    const pte = A.peek(this.ptes, page)
    if ((pte & PRESENT) === 0) return pte
    const mpn = mpnOf(pte)
    const segment = this.words[mpn >>> this.machine.segmentShift]!
    const stored = segment[this.machine.wordBase(mpn) + word]!
    return this.observes ? stored ^ this.digests[ppn]! ^ this.tags[page]! : stored
  }

  /** Overwrites a page with the content of a 64-bit key; `tag` says what that is. */
  fill(ppn: number, keyLow: number, keyHigh: number, tag: number): void {
    const page = this.firstPage + ppn
    const pte = this.lockWritable(page)
    const digest = this.machine.kernels.fill(mpnOf(pte), keyLow, keyHigh)
    if (this.observes) this.digests[ppn] = digest
    this.finishStore(page, pte, tag, PAGE_WORDS)
  }

  /** Overwrites a page with zeros. */
  zero(ppn: number): void {
    const page = this.firstPage + ppn
    const pte = this.lockWritable(page)
    this.machine.kernels.zero(mpnOf(pte))
    if (this.observes) this.digests[ppn] = ZERO_PAGE_DIGEST
    this.finishStore(page, pte, ZERO_TAG, PAGE_WORDS)
  }

  /** What a page holds, by the guest's own account. */
  tagOf(ppn: number): number {
    return this.tags[this.firstPage + ppn]!
  }

  private finishStore(page: number, pte: number, tag: number, words: number): void {
    if (this.observes && this.tags[page] !== tag) this.tags[page] = tag
    this.machine.unlock(page, storedTo(pte))
    if (!this.observes) return
    this.counters[GUEST.stores]! += words
    if (this.cowStartNs !== 0) this.recordCowFault()
    else if (this.controlStartNs !== 0) this.recordControl(words)
  }

  /** Locks a page that is, or by a fault becomes, writable; returns its PTE without the lock. */
  private lockWritable(page: number): number {
    const isTimed = (++this.storeVisits & (CONTROL_TIMED_EVERY - 1)) === 0 && this.observes
    const startNs = isTimed ? nowNs() : 0
    const pte = A.peek(this.ptes, page)
    if ((pte & (WRITABLE | LOCKED)) === WRITABLE && this.machine.tryLock(page, pte)) {
      this.controlStartNs = startNs
      return pte
    }
    return this.faultForStore(page)
  }

  private faultForStore(page: number): number {
    const startNs = this.observes ? nowNs() : 0
    const pte = this.lock(page)
    if ((pte & WRITABLE) !== 0) return pte
    return (pte & SHARED) !== 0 ? this.breakSharing(page, pte, startNs) : this.bringIn(page, pte)
  }

  private lockPresent(page: number): number {
    const pte = this.lock(page)
    return (pte & PRESENT) !== 0 ? pte : this.bringIn(page, pte)
  }

  /** The CoW fault, but for the store itself, which `finishStore` ends. */
  private breakSharing(page: number, pte: number, startNs: number): number {
    const timesParts = this.observes && (this.counters[GUEST.cowFaults]! & (PARTS_TIMED_EVERY - 1)) === 0
    this.cowLockedNs = timesParts ? nowNs() : 0
    const frame = this.allocateFrame(page, pte)
    this.cowAllocatedNs = timesParts ? nowNs() : 0
    const sharedFrame = mpnOf(pte)
    this.machine.kernels.copy(frame, sharedFrame)
    this.cowCopiedNs = timesParts ? nowNs() : 0
    const mine = this.mapPrivate(page, frame)
    this.machine.dropReference(sharedFrame)
    this.cowRemappedNs = timesParts ? nowNs() : 0
    this.counters[GUEST.cowFaults]! += 1
    this.cowStartNs = startNs
    return mine
  }

  private recordControl(words: number): void {
    const { store, storePage } = this.histograms
    const histogram = words === PAGE_WORDS ? storePage : store
    histogram.recordNs(nowNs() - this.controlStartNs)
    this.controlStartNs = 0
  }

  private recordCowFault(): void {
    const doneNs = nowNs()
    this.histograms.recordFault(this.counters, this.intendedNs, this.cowStartNs, doneNs)
    if (this.cowCopiedNs !== 0) {
      const { cowLock, cowAllocation, cowCopy, cowRemap, cowStore } = this.histograms
      cowLock.recordNs(this.cowLockedNs - this.cowStartNs)
      cowAllocation.recordNs(this.cowAllocatedNs - this.cowLockedNs)
      cowCopy.recordNs(this.cowCopiedNs - this.cowAllocatedNs)
      cowRemap.recordNs(this.cowRemappedNs - this.cowCopiedNs)
      cowStore.recordNs(doneNs - this.cowRemappedNs)
    }
    this.cowStartNs = 0
  }

  /** Backs a locked page that has no frame: from the swap file, or with zeros at its first touch. */
  private bringIn(page: number, pte: number): number {
    const startNs = nowNs()
    const frame = this.allocateFrame(page, pte)
    if ((pte & SWAPPED) !== 0) {
      this.readSwapped(page, pte, frame)
      this.counters[GUEST.swapIns]! += 1
      this.histograms.swapIn.recordNs(nowNs() - startNs)
    } else {
      this.machine.kernels.zero(frame)
      this.counters[GUEST.firstTouches]! += 1
    }
    return this.mapPrivate(page, frame)
  }

  private readSwapped(page: number, pte: number, frame: number): void {
    try {
      this.machine.swap!.read(frame, page)
    } catch (error) {
      this.machine.allocator.free(frame)
      this.machine.unlock(page, pte)
      throw error
    }
  }

  /** Makes a filled frame the locked page's own. The lock stays, for the access that is under way. */
  private mapPrivate(page: number, frame: number): number {
    const pte = privatePte(frame)
    A.store(this.machine.frameTable, frame * FRAME_WORDS + STATE, ownedBy(page))
    A.store(this.ptes, page, pte | LOCKED)
    return pte
  }

  private lock(page: number): number {
    let pte = A.load(this.ptes, page)
    if ((pte & LOCKED) === 0 && this.machine.tryLock(page, pte)) return pte
    this.counters[GUEST.lockWaits]! += 1
    this.spin.begin()
    for (;;) {
      this.spin.pause(this.ptes, page, pte | LOCKED)
      pte = A.load(this.ptes, page)
      if ((pte & LOCKED) === 0 && this.machine.tryLock(page, pte)) return pte
    }
  }

  /** A frame for a locked page, stalling if need be; unlocks the page as it was if it gives up. */
  private allocateFrame(page: number, pte: number): number {
    const frame = this.machine.allocator.allocate()
    if (frame >= 0) return frame
    try {
      return this.stall()
    } catch (error) {
      this.machine.unlock(page, pte)
      throw error
    }
  }

  private stall(): number {
    const startNs = nowNs()
    this.counters[GUEST.stalls]! += 1
    const limitNs = this.options.stallLimitSeconds * 1e9
    const { allocator } = this.machine
    for (;;) {
      const frame = this.awaitFrame(allocator, STALL_NAP_MS)
      const waitedNs = nowNs() - startNs
      if (frame >= 0) {
        this.histograms.stall.recordNs(waitedNs)
        return frame
      }
      if (this.options.isStopping()) throw new RunStopped('the run was stopped')
      if (waitedNs > limitNs) {
        throw new OutOfFramesError(`no frame came free within ${this.options.stallLimitSeconds} s`)
      }
    }
  }
}

/**
 * A guest's memory on the host's kernel, on the guest's own thread: plain loads and stores into a memory of its own. The
 * processor's MMU guards it, ksmd merges its pages, and the kernel takes the faults.
 *
 * The page table words here guard nothing: PRESENT says that the guest has touched the page, for whoever counts pages.
 *
 * A store that faulted is told from one that did not by the ring of this thread's page faults. On a page that was touched
 * before, only a write to a page that is mapped read-only faults: a CoW fault. (docs/linux-ksm.md says what else it may
 * be, and how rarely.) Nobody knows before the store whether it will fault, so the clock is read before every one; after
 * it only if it faulted, or is one of the control.
 */
import * as A from '#atomics'
import type { GuestRam, PagesAtRest } from '../guest/ram.js'
import { wordDigest, ZERO_PAGE_DIGEST } from '../kernels/digest.js'
import { type KernelModules, PageKernels } from '../kernels/kernels.js'
import { PAGE_BYTES, PAGE_WORDS, PAGE_WORDS_SHIFT } from '../machine/layout.js'
import { UNIQUE_TAG, ZERO_TAG } from '../machine/machine.js'
import type { MachineMemory } from '../machine/memory.js'
import { CONTROL_TIMED_EVERY } from '../machine/mmu.js'
import { PRESENT } from '../machine/pte.js'
import { nowNs } from '../measure/clock.js'
import { GUEST, LINUX_GUEST } from '../measure/counters.js'
import type { GuestHistograms } from '../measure/guest-histograms.js'
import type { FaultRing } from './fault-ring.js'

/** One guest's memory, as it is posted to its thread. */
export interface LinuxMemory {
  /** The guest's own, by PPN. */
  memory: MachineMemory
  /** Where each segment begins in the address space. */
  addresses: number[]
  kernels: KernelModules
  /** Of all guests, by global page number. */
  ptes: Int32Array
  tags: Int32Array
}

export interface LinuxRamOptions {
  /** Global page number of the guest's PPN 0. */
  firstPage: number
  counters: Float64Array
  histograms: GuestHistograms
  ring: FaultRing
}

export class LinuxRam implements GuestRam, PagesAtRest {
  readonly digests: Int32Array
  readonly pages: number
  intendedNs = Number.POSITIVE_INFINITY
  private readonly kernels: PageKernels
  private readonly words: Int32Array[]
  private readonly segmentShift: number
  private readonly segmentMask: number
  private readonly addresses: readonly number[]
  private readonly ptes: Int32Array
  private readonly tags: Int32Array
  private readonly firstPage: number
  private readonly counters: Float64Array
  private readonly histograms: GuestHistograms
  private readonly ring: FaultRing
  /** Of the store that is under way. */
  private ringHead = 0
  private startNs = 0
  private storeVisits = 0

  constructor(handle: LinuxMemory, { firstPage, counters, histograms, ring }: LinuxRamOptions) {
    const { segments, segmentShift, frames } = handle.memory
    this.digests = new Int32Array(frames).fill(ZERO_PAGE_DIGEST)
    this.pages = frames
    this.kernels = new PageKernels(handle.kernels, segments, segmentShift)
    this.words = segments.map((segment) => new Int32Array(segment.buffer))
    this.segmentShift = segmentShift
    this.segmentMask = (1 << segmentShift) - 1
    this.addresses = handle.addresses
    this.ptes = handle.ptes
    this.tags = handle.tags
    this.firstPage = firstPage
    this.counters = counters
    this.histograms = histograms
    this.ring = ring
  }

  load(ppn: number, word: number): number {
    const words = this.words[ppn >>> this.segmentShift]!
    const at = this.wordBase(ppn) + word
    if (this.isUntouched(ppn)) {
      // The kernel would map its zero page; a guest's first touch is to have a frame of its own, whatever it does.
      words[at] = 0
      this.touch(ppn)
    }
    this.counters[GUEST.loads]! += 1
    return words[at]!
  }

  store(ppn: number, word: number, values: Int32Array, count: number): void {
    const words = this.words[ppn >>> this.segmentShift]!
    const base = this.wordBase(ppn)
    let digest = this.digests[ppn]!
    this.begin()
    for (let i = 0; i < count; i++) {
      const at = word + i
      const value = values[i]!
      digest = (digest + wordDigest(at, value) - wordDigest(at, words[base + at]!)) | 0
      words[base + at] = value
    }
    this.end(ppn, UNIQUE_TAG, count)
    this.digests[ppn] = digest
  }

  /** The processor itself looks ahead, over stores that no locks fence off from each other. */
  prefetch(): number {
    return 0
  }

  fill(ppn: number, keyLow: number, keyHigh: number, tag: number): void {
    this.begin()
    const digest = this.kernels.fill(ppn, keyLow, keyHigh)
    this.end(ppn, tag, PAGE_WORDS)
    this.digests[ppn] = digest
  }

  zero(ppn: number): void {
    this.begin()
    this.kernels.zero(ppn)
    this.end(ppn, ZERO_TAG, PAGE_WORDS)
    this.digests[ppn] = ZERO_PAGE_DIGEST
  }

  tagOf(ppn: number): number {
    return this.tags[this.firstPage + ppn]!
  }

  digestOf(ppn: number): number {
    return this.isUntouched(ppn) ? ZERO_PAGE_DIGEST : this.kernels.digest(ppn)
  }

  placeOf(ppn: number): string {
    return this.isUntouched(ppn) ? 'never touched' : `address 0x${this.addressOf(ppn).toString(16)}`
  }

  private begin(): void {
    this.ringHead = this.ring.head()
    this.startNs = nowNs()
  }

  private end(ppn: number, tag: number, words: number): void {
    const isControl = (++this.storeVisits & (CONTROL_TIMED_EVERY - 1)) === 0
    if (this.isUntouched(ppn)) this.touch(ppn)
    else if (this.ring.head() !== this.ringHead) this.afterFault(ppn, nowNs())
    else if (isControl) {
      const { store, storePage } = this.histograms
      const histogram = words === PAGE_WORDS ? storePage : store
      histogram.recordNs(nowNs() - this.startNs)
    }
    const page = this.firstPage + ppn
    if (this.tags[page] !== tag) this.tags[page] = tag
    this.counters[GUEST.stores]! += words
  }

  /** The thread has faulted since the store began; was it the store? The page's tag is still that of before. */
  private afterFault(ppn: number, doneNs: number): void {
    if (!this.ring.hasFaultIn(this.addressOf(ppn), this.ringHead)) return
    this.histograms.recordFault(this.counters, this.intendedNs, this.startNs, doneNs)
    this.counters[GUEST.cowFaults]! += 1
    if (this.tagOf(ppn) === ZERO_TAG) this.counters[LINUX_GUEST.zeroPageFaults]! += 1
  }

  private isUntouched(ppn: number): boolean {
    return (this.ptes[this.firstPage + ppn]! & PRESENT) === 0
  }

  private touch(ppn: number): void {
    A.store(this.ptes, this.firstPage + ppn, PRESENT)
    this.counters[GUEST.firstTouches]! += 1
  }

  private addressOf(ppn: number): number {
    return this.addresses[ppn >>> this.segmentShift]! + (ppn & this.segmentMask) * PAGE_BYTES
  }

  /** Index of a page's first word in its segment. */
  private wordBase(ppn: number): number {
    return (ppn & this.segmentMask) << PAGE_WORDS_SHIFT
  }
}

/**
 * The machine: everything that all threads share, as one handle that can be posted to them, and each thread's own
 * view of it.
 *
 *   memory        the frames' bytes                                       memory.ts
 *   frameTable    reference counts and share-table entries                frames.ts
 *   buckets       heads of the share table's chains                       share-table.ts
 *   allocator     free frames                                             allocator.ts
 *   ptes          a word for each guest page, by global page number       pte.ts
 *   tags          what each guest page holds: the ground truth, written by its guest alone beside each store
 *
 * Global page number = the guest's first page + PPN. The PTEs of a page are locked by compare-and-exchange on the
 * word itself. Lock order: PTEs by try-lock only, but for a guest's own access, which holds no other lock while
 * it waits; then at most one bucket of the share table.
 */
import * as A from '#atomics'
import { type KernelModules, PageKernels } from '../kernels/kernels.js'
import { type AllocatorLayout, createAllocator, FrameAllocator } from './allocator.js'
import { createFrameTable, FRAME_WORDS, FREE_STATE, STATE } from './frames.js'
import { adviseHugePages, createTable } from './huge-pages.js'
import { PAGE_WORDS_SHIFT } from './layout.js'
import { allocateMemory, type MachineMemory } from './memory.js'
import { LOCKED } from './pte.js'
import { createBuckets, ShareTable } from './share-table.js'
import { SwapFile } from './swap.js'

/** Content numbers that tags hold besides those of the plan. */
export const ZERO_TAG = 0
/** The page holds bytes that no other page holds. */
export const UNIQUE_TAG = -1

export interface MachineHandle {
  memory: MachineMemory
  kernels: KernelModules
  frameTable: Int32Array
  buckets: Int32Array
  allocator: AllocatorLayout
  ptes: Int32Array
  tags: Int32Array
  /** Descriptor of the swap file, or undefined where swapping is off. */
  swapFd: number | undefined
}

export interface MachineSize {
  frames: number
  guestPages: number
  /** Threads that allocate frames. */
  threads: number
  /** Below this many free frames the reclaimer is called. */
  lowFrames: number
  segmentShift?: number
}

/** @throws ResourceError when the memory can't be had */
export function createMachine(
  size: MachineSize,
  kernels: KernelModules,
  swapFd: number | undefined,
): MachineHandle {
  const memory = allocateMemory(size.frames, size.segmentShift)
  memory.segments.forEach(adviseHugePages)
  return {
    memory,
    kernels,
    frameTable: createFrameTable(size.frames),
    buckets: createBuckets(size.frames),
    allocator: createAllocator(size.frames, size.threads, size.lowFrames),
    ptes: createTable(size.guestPages),
    tags: createTable(size.guestPages),
    swapFd,
  }
}

/** Bytes of metadata for each guest page: shared tables, and the guest's own digest. */
export function metadataBytesPerPage(handle: MachineHandle): number {
  const shared = [handle.frameTable, handle.buckets, handle.allocator.words, handle.ptes, handle.tags]
  const digestBytes = handle.ptes.length * 4
  return (shared.reduce((sum, words) => sum + words.byteLength, 0) + digestBytes) / handle.ptes.length
}

/** One thread's view of the machine. */
export class Machine {
  readonly kernels: PageKernels
  readonly allocator: FrameAllocator
  readonly shareTable: ShareTable
  readonly frameTable: Int32Array
  readonly ptes: Int32Array
  readonly tags: Int32Array
  readonly frames: number
  readonly swap: SwapFile | undefined
  /** Machine memory as 32-bit words, by segment; word address = frame within the segment << 10 | word. */
  readonly words: Int32Array[]
  readonly segmentShift: number
  /** Mask of an MPN's place within its segment. */
  readonly segmentMask: number

  /** @param thread number of the calling thread, for its reserve of frames */
  constructor(handle: MachineHandle, thread: number) {
    const { memory } = handle
    this.kernels = new PageKernels(handle.kernels, memory.segments, memory.segmentShift)
    this.allocator = new FrameAllocator(handle.allocator, thread)
    this.shareTable = new ShareTable(handle.buckets, handle.frameTable)
    this.frameTable = handle.frameTable
    this.ptes = handle.ptes
    this.tags = handle.tags
    this.frames = memory.frames
    this.swap = handle.swapFd === undefined ? undefined : new SwapFile(handle.swapFd, memory)
    this.words = memory.segments.map((segment) => new Int32Array(segment.buffer))
    this.segmentShift = memory.segmentShift
    this.segmentMask = (1 << memory.segmentShift) - 1
  }

  /** Locks a page's PTE if it still is what the caller saw; never waits. */
  tryLock(page: number, seen: number): boolean {
    return A.compareExchange(this.ptes, page, seen, seen | LOCKED) === seen
  }

  /** Locks the PTEs of two pages if both still are what the caller saw, that of the lower page first; never waits. */
  tryLockBoth(page: number, seen: number, other: number, otherSeen: number): boolean {
    const pageFirst = page < other
    const first = pageFirst ? page : other
    const firstSeen = pageFirst ? seen : otherSeen
    if (!this.tryLock(first, firstSeen)) return false
    if (pageFirst ? this.tryLock(other, otherSeen) : this.tryLock(page, seen)) return true
    this.unlock(first, firstSeen)
    return false
  }

  /** Unlocks a PTE that the caller holds, giving it its new value. */
  unlock(page: number, pte: number): void {
    A.store(this.ptes, page, pte)
  }

  /** Takes back a private frame that no PTE maps any more. The caller held the lock of the page that did. */
  releasePrivate(mpn: number): void {
    this.shareTable.remove(mpn)
    A.store(this.frameTable, mpn * FRAME_WORDS + STATE, FREE_STATE)
    this.allocator.free(mpn)
  }

  /** Drops a reference to a shared frame; whoever drops the last frees it. */
  dropReference(mpn: number): void {
    const before = A.sub(this.frameTable, mpn * FRAME_WORDS + STATE, 1)
    if (before > 1) return
    this.shareTable.remove(mpn)
    this.allocator.free(mpn)
  }

  /** Word index of a frame's first word in `words[segmentOf(mpn)]`. */
  wordBase(mpn: number): number {
    return (mpn & this.segmentMask) << PAGE_WORDS_SHIFT
  }
}

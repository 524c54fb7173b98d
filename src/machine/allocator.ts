/**
 * Frame allocator: hands out free frames to many threads at once, without a lock.
 *
 * Layout (Int32 words):
 *   header   AVAILABLE    frames free in the bitmap (those reserved by threads are not counted)
 *            FREED        event count, bumped for the sake of threads that wait for a frame
 *            WAITERS      threads waiting on FREED
 *            LOW          1 while the hypervisor is asked to free frames; it waits on this word
 *   bitmap   one bit a frame, 1 = free
 *   summary  one bit a bitmap word, 1 = perhaps not empty
 *   reserve  two words a thread: bitmap word index, and the bits taken from it and not handed out yet
 *
 * A thread takes up to `batch` frames of one bitmap word by a single compare-and-exchange and hands them out
 * from its reserve, which nobody else writes: the common path has no atomic operation at all. Freeing sets the
 * frame's bit in the bitmap, so a frame may go to any thread next.
 *
 * Why no free frame is lost: freeing sets the bitmap bit first and the summary bit after it. Who empties a
 * bitmap word clears its summary bit and then looks at the word again, setting the bit back if frames came in
 * between. A reader may see the summary bit clear for that moment and miss a frame; it then waits and looks again.
 * There are no links, so nothing to confuse when a frame comes back (ABA).
 */
import * as A from '#atomics'

const AVAILABLE = 0
const FREED = 1
const WAITERS = 2
const LOW = 3
const HEADER_WORDS = 16

const RESERVE_WORDS = 2
/** A bitmap word holds 32 frames: more can't be taken at once. */
const BATCH_MAX = 32
/** All reserves together hold at most this part of memory: a frame in a reserve is of no use to others. */
const RESERVED_PART_MAX = 1 / 64

export interface AllocatorLayout {
  words: Int32Array
  frames: number
  threads: number
  /** Below this many available frames the hypervisor is asked to free some. */
  lowFrames: number
}

/** Allocates the words and marks every frame free. `threads` may allocate, numbered from 0. */
export function createAllocator(frames: number, threads: number, lowFrames: number): AllocatorLayout {
  const { bitmap, bitmapWords, summary, totalWords } = offsets(frames, threads)
  const words = new Int32Array(new SharedArrayBuffer(totalWords * 4))
  for (let frame = 0; frame < frames; frame += 32) {
    words[bitmap + (frame >>> 5)] = frames - frame >= 32 ? -1 : (1 << (frames - frame)) - 1
  }
  for (let word = 0; word < bitmapWords; word++) words[summary + (word >>> 5)]! |= 1 << (word & 31)
  words[AVAILABLE] = frames
  return { words, frames, threads, lowFrames }
}

function offsets(frames: number, threads: number) {
  const bitmapWords = Math.ceil(frames / 32)
  const summaryWords = Math.ceil(bitmapWords / 32)
  const bitmap = HEADER_WORDS
  const summary = bitmap + bitmapWords
  const reserve = summary + summaryWords
  return {
    bitmap,
    bitmapWords,
    summary,
    summaryWords,
    reserve,
    totalWords: reserve + threads * RESERVE_WORDS,
  }
}

export class FrameAllocator {
  private readonly words: Int32Array
  private readonly bitmap: number
  private readonly summary: number
  private readonly summaryWords: number
  private readonly reserves: number
  private readonly reserve: number
  private readonly threads: number
  private readonly lowFrames: number
  private readonly batch: number
  /** Where the next search of the summary begins. */
  private cursor: number

  /** @param thread number of the calling thread: its reserve is its own */
  constructor(layout: AllocatorLayout, thread: number) {
    const { bitmap, summary, summaryWords, reserve } = offsets(layout.frames, layout.threads)
    this.words = layout.words
    this.bitmap = bitmap
    this.summary = summary
    this.summaryWords = summaryWords
    this.reserves = reserve
    this.reserve = reserve + thread * RESERVE_WORDS
    this.threads = layout.threads
    this.lowFrames = layout.lowFrames
    const fair = Math.floor((layout.frames * RESERVED_PART_MAX) / layout.threads)
    this.batch = Math.max(1, Math.min(BATCH_MAX, fair))
    this.cursor = Math.floor((thread * summaryWords) / layout.threads)
  }

  /** A free frame's MPN, or −1 if there is none to be had at this moment. Its bytes are whatever they were. */
  allocate(): number {
    let bits = this.words[this.reserve + 1]!
    if (bits === 0) {
      bits = this.refill()
      if (bits === 0) return -1
    }
    const bit = bits & -bits
    this.words[this.reserve + 1] = bits ^ bit
    return (this.words[this.reserve]! << 5) | (31 - Math.clz32(bit))
  }

  /** Gives a frame back. Nothing may name it any more: it can be handed out again at once. */
  free(mpn: number): void {
    const word = mpn >>> 5
    A.or(this.words, this.bitmap + word, 1 << (mpn & 31))
    const summaryBit = 1 << (word & 31)
    const summaryIndex = this.summary + (word >>> 5)
    if ((A.load(this.words, summaryIndex) & summaryBit) === 0) A.or(this.words, summaryIndex, summaryBit)
    A.add(this.words, AVAILABLE, 1)
    if (A.load(this.words, WAITERS) > 0) {
      A.add(this.words, FREED, 1)
      A.notify(this.words, FREED, 1)
    }
  }

  /** Frames in the bitmap. Those in reserves are free as well, but promised to their threads. */
  availableFrames(): number {
    return A.load(this.words, AVAILABLE)
  }

  /** Frames free at this moment, in the bitmap or in reserves; exact when all threads are quiet. */
  freeFrames(): number {
    let free = this.availableFrames()
    for (let thread = 0; thread < this.threads; thread++) {
      free += bitCount(this.words[this.reserves + thread * RESERVE_WORDS + 1]!)
    }
    return free
  }

  /** Is this frame free? For the audit of a quiet machine. */
  isFree(mpn: number): boolean {
    const bit = 1 << (mpn & 31)
    if ((this.words[this.bitmap + (mpn >>> 5)]! & bit) !== 0) return true
    for (let thread = 0; thread < this.threads; thread++) {
      const reserve = this.reserves + thread * RESERVE_WORDS
      if (this.words[reserve] === mpn >>> 5 && (this.words[reserve + 1]! & bit) !== 0) return true
    }
    return false
  }

  /**
   * Asks the hypervisor for frames and waits until one may have come free. The caller allocates again after it:
   * `allocate`, then `awaitFree` if there was none, in a loop that has a limit.
   */
  awaitFree(timeoutMs: number): void {
    A.add(this.words, WAITERS, 1)
    const seen = A.load(this.words, FREED)
    this.requestReclaim()
    if (this.availableFrames() === 0) A.wait(this.words, FREED, seen, timeoutMs)
    A.sub(this.words, WAITERS, 1)
  }

  /** Wakes the reclaimer, if it is not awake yet. */
  requestReclaim(): void {
    if (A.load(this.words, LOW) !== 0) return
    A.store(this.words, LOW, 1)
    A.notify(this.words, LOW)
  }

  /** The reclaimer's side: waits until frames are asked for, or the time is over. True: they are. */
  awaitReclaimRequest(timeoutMs: number): boolean {
    A.wait(this.words, LOW, 0, timeoutMs)
    return A.load(this.words, LOW) !== 0
  }

  /** The reclaimer's side: enough frames are free, or nothing more can be done for now. */
  reclaimDone(): void {
    A.store(this.words, LOW, 0)
  }

  /** Moves up to `batch` frames of one bitmap word to the reserve; returns its bits, 0 if there were none. */
  private refill(): number {
    for (let visited = 0; visited < this.summaryWords; visited++) {
      let candidates = A.load(this.words, this.summary + this.cursor)
      while (candidates !== 0) {
        const candidate = candidates & -candidates
        const word = (this.cursor << 5) | (31 - Math.clz32(candidate))
        const taken = this.takeFrom(word)
        if (taken !== 0) {
          this.words[this.reserve] = word
          this.words[this.reserve + 1] = taken
          const before = A.sub(this.words, AVAILABLE, bitCount(taken))
          if (before - BATCH_MAX < this.lowFrames) this.requestReclaimIfLow()
          return taken
        }
        candidates ^= candidate
      }
      this.cursor = this.cursor + 1 === this.summaryWords ? 0 : this.cursor + 1
    }
    return 0
  }

  private requestReclaimIfLow(): void {
    if (this.availableFrames() < this.lowFrames) this.requestReclaim()
  }

  /** Takes up to `batch` of the free frames that one bitmap word names. */
  private takeFrom(word: number): number {
    const index = this.bitmap + word
    for (;;) {
      const free = A.load(this.words, index)
      if (free === 0) return 0
      const taken = lowestBits(free, this.batch)
      if (A.compareExchange(this.words, index, free, free & ~taken) !== free) continue
      if (taken === free) this.clearSummary(word)
      return taken
    }
  }

  private clearSummary(word: number): void {
    const bit = 1 << (word & 31)
    const index = this.summary + (word >>> 5)
    A.and(this.words, index, ~bit)
    if (A.load(this.words, this.bitmap + word) !== 0) A.or(this.words, index, bit)
  }
}

/** The `count` lowest set bits of `bits`, or all of them if there are fewer. */
function lowestBits(bits: number, count: number): number {
  if (count === BATCH_MAX) return bits
  let rest = bits
  for (let n = 0; n < count && rest !== 0; n++) rest &= rest - 1
  return bits ^ rest
}

/** Set bits in a 32-bit word (Warren, Hacker's Delight, §5–1). */
function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

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
 *   reserve  one word a thread, each on a cache line of its own:
 *
 *             31                          8 7           0
 *            ┌─────────────────────────────┬─────────────┐
 *            │ group: frames 8g … 8g+7     │ still free  │
 *            └─────────────────────────────┴─────────────┘
 *
 * A thread takes the free frames of one group from the bitmap by a single compare-and-exchange and hands them out from
 * its reserve: the common path touches no word that another thread writes. Freeing sets the frame's bit in the
 * bitmap, so a frame may go to any thread next. A thread that finds the bitmap empty takes from others' reserves:
 * while any frame is free, whoever needs one gets it.
 *
 * Why no frame is handed out twice: a frame is taken, from bitmap or reserve, by compare-and-exchange on the one word that
 * says it is free. A reserve word that comes back to an old value (ABA) names the same free frames again. Why
 * none is lost: freeing sets the bitmap bit first and the summary bit after it. Who empties a bitmap word
 * clears its summary bit and then looks at the word again, setting the bit back if frames came in between. A
 * reader may see the summary bit clear for that moment and miss a frame; if it waits, it is woken as the bit is set. In the
 * same way it may miss frames between bitmap and reserve, and is woken when more are reserved than their thread asked for.
 */
import * as A from '#atomics'
import { CACHE_LINE_WORDS } from './layout.js'

const AVAILABLE = 0
const FREED = 1
const WAITERS = 2
const LOW = 3
const HEADER_WORDS = 16

/** Frames of a group. */
const GROUP_FRAMES = 8
const GROUP_SHIFT = 3
/** A reserve word: the group's number above as many bits as it has frames. */
const GROUP_BITS = 8
const GROUP_MASK = 0xff
/**
 * Free frames that a thread is worth waking for, at most: if each woke one, a guest that waits would be woken for each page that
 * it stores to. In a small machine it is fewer, down to one.
 */
const WAKE_FRAMES_MAX = 64
const WAKE_PART = 1 / 4096
/** All reserves together hold at most this part of memory: it counts as used where free memory is watched. */
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
  const totalWords = reserve + threads * CACHE_LINE_WORDS
  return { bitmap, bitmapWords, summary, summaryWords, reserve, totalWords }
}

/** Frames that are free, in the bitmap or in reserves: exact when all threads are quiet. */
export function countFreeFrames({ words, frames, threads }: AllocatorLayout): number {
  const { reserve } = offsets(frames, threads)
  let free = A.load(words, AVAILABLE)
  for (let thread = 0; thread < threads; thread++) {
    free += bitCount(A.load(words, reserve + thread * CACHE_LINE_WORDS) & GROUP_MASK)
  }
  return free
}

/** The MPNs of all free frames of a quiet machine, as one byte a frame: 1 = free, more = free that often. */
export function freeFrameMap({ words, frames, threads }: AllocatorLayout): Uint8Array {
  const { bitmap, reserve } = offsets(frames, threads)
  const map = new Uint8Array(frames)
  for (let mpn = 0; mpn < frames; mpn++) map[mpn] = (words[bitmap + (mpn >>> 5)]! >>> (mpn & 31)) & 1
  for (let thread = 0; thread < threads; thread++) {
    const reserved = words[reserve + thread * CACHE_LINE_WORDS]!
    const first = (reserved >>> GROUP_BITS) << GROUP_SHIFT
    for (let i = 0; i < GROUP_FRAMES; i++) if ((reserved & (1 << i)) !== 0) map[first + i]! += 1
  }
  return map
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
  /** So many available frames wake a waiter. Who waits looks for fewer by itself, when its nap is over. */
  private readonly wakeFrames: number
  /** Most frames taken at once. */
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
    this.reserve = reserve + thread * CACHE_LINE_WORDS
    this.threads = layout.threads
    this.lowFrames = layout.lowFrames
    this.wakeFrames = Math.max(1, Math.min(WAKE_FRAMES_MAX, Math.floor(layout.frames * WAKE_PART)))
    const fair = Math.floor((layout.frames * RESERVED_PART_MAX) / layout.threads)
    this.batch = Math.max(1, Math.min(GROUP_FRAMES, fair))
    this.cursor = Math.floor((thread * summaryWords) / layout.threads)
  }

  /** A free frame's MPN, or −1 if there is none to be had at this moment. Its bytes are whatever they were. */
  allocate(): number {
    // Another round is needed only if others took all that the reserve was refilled with.
    for (;;) {
      const mpn = this.takeReserved(this.reserve)
      if (mpn >= 0) return mpn
      if (!this.refill()) return this.takeFromOthers()
    }
  }

  /** Gives a frame back. Nothing may name it any more: it can be handed out again at once. */
  free(mpn: number): void {
    const word = mpn >>> 5
    const bit = 1 << (mpn & 31)
    const before = A.or(this.words, this.bitmap + word, bit)
    if ((before & bit) !== 0) throw new Error(`frame ${mpn} was freed twice`)
    const summaryBit = 1 << (word & 31)
    const summaryIndex = this.summary + (word >>> 5)
    if ((A.load(this.words, summaryIndex) & summaryBit) === 0) A.or(this.words, summaryIndex, summaryBit)
    if (A.add(this.words, AVAILABLE, 1) + 1 >= this.wakeFrames) this.wakeWaiter()
  }

  /** Frames in the bitmap. Those in reserves are free as well, but promised to their threads. */
  availableFrames(): number {
    return A.load(this.words, AVAILABLE)
  }

  /**
   * For whoever found no frame: asks the hypervisor for some and waits until one comes free. Returns its MPN, or −1 if
   * there was none within the time, or others were faster.
   */
  awaitFrame(timeoutMs: number): number {
    A.add(this.words, WAITERS, 1)
    const seen = A.load(this.words, FREED)
    this.requestReclaim()
    // One that came free before we were known to wait was not announced.
    let mpn = this.allocate()
    if (mpn < 0) {
      A.wait(this.words, FREED, seen, timeoutMs)
      mpn = this.allocate()
    }
    A.sub(this.words, WAITERS, 1)
    return mpn
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
    return this.isReclaimRequested()
  }

  isReclaimRequested(): boolean {
    return A.load(this.words, LOW) !== 0
  }

  /** The reclaimer's side: enough frames are free, or nothing more can be done for now. */
  reclaimDone(): void {
    A.store(this.words, LOW, 0)
  }

  /** Takes one frame from a reserve, its owner's or another's; −1 if it has none. */
  private takeReserved(reserve: number): number {
    for (;;) {
      const reserved = A.load(this.words, reserve)
      const bit = reserved & -reserved & GROUP_MASK
      if (bit === 0) return -1
      if (A.compareExchange(this.words, reserve, reserved, reserved ^ bit) === reserved) {
        return ((reserved >>> GROUP_BITS) << GROUP_SHIFT) + indexOf(bit)
      }
    }
  }

  private takeFromOthers(): number {
    for (let thread = 0; thread < this.threads; thread++) {
      const mpn = this.takeReserved(this.reserves + thread * CACHE_LINE_WORDS)
      if (mpn >= 0) return mpn
    }
    return -1
  }

  /** Moves frames of one group from the bitmap to the empty reserve; false if the bitmap has none. */
  private refill(): boolean {
    // The search goes through all of the summary, which in a large machine takes long. A frame that is not counted yet will wake
    // whoever waits for it.
    if (A.load(this.words, AVAILABLE) <= 0) return false
    for (let visited = 0; visited < this.summaryWords; visited++) {
      let candidates = A.peek(this.words, this.summary + this.cursor)
      while (candidates !== 0) {
        const candidate = candidates & -candidates
        if (this.takeFrom((this.cursor << 5) | indexOf(candidate))) return true
        candidates ^= candidate
      }
      this.cursor = this.cursor + 1 === this.summaryWords ? 0 : this.cursor + 1
    }
    return false
  }

  /** Moves up to `batch` frames of one group of a bitmap word to the reserve. */
  private takeFrom(word: number): boolean {
    const index = this.bitmap + word
    for (;;) {
      const free = A.load(this.words, index)
      if (free === 0) return false
      const shift = indexOf(free & -free) & ~(GROUP_FRAMES - 1)
      const taken = lowestBits((free >>> shift) & GROUP_MASK, this.batch)
      const left = free & ~(taken << shift)
      if (A.compareExchange(this.words, index, free, left) !== free) continue
      if (left === 0) this.clearSummary(word)
      const group = ((word << 5) + shift) >>> GROUP_SHIFT
      A.store(this.words, this.reserve, (group << GROUP_BITS) | taken)
      const count = bitCount(taken)
      if (count > 1) this.wakeWaiter()
      if (A.sub(this.words, AVAILABLE, count) - count < this.lowFrames) this.requestReclaim()
      return true
    }
  }

  private clearSummary(word: number): void {
    const bit = 1 << (word & 31)
    const index = this.summary + (word >>> 5)
    A.and(this.words, index, ~bit)
    if (A.load(this.words, this.bitmap + word) === 0) return
    A.or(this.words, index, bit)
    this.wakeWaiter()
  }

  private wakeWaiter(): void {
    if (A.load(this.words, WAITERS) === 0) return
    A.add(this.words, FREED, 1)
    A.notify(this.words, FREED, 1)
  }
}

/** Which bit of a word this one is, counting from 0. */
function indexOf(bit: number): number {
  return 31 - Math.clz32(bit)
}

/** The `count` lowest set bits of `bits`, or all of them if there are fewer. */
function lowestBits(bits: number, count: number): number {
  let rest = bits
  for (let n = 0; n < count && rest !== 0; n++) rest &= rest - 1
  return bits ^ rest
}

/** Set bits in a word of at most 8. */
function bitCount(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

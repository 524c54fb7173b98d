/**
 * The share table: finds a frame by the hash of its contents. A chained hash table whose entries are the frames'
 * own words in the frame table, so it needs no memory of its own but the bucket heads, and no allocation.
 *
 *   bucket head   31                        1   0
 *                ┌──────────────────────────┬───┐
 *                │ MPN + 1 of the first, 0  │ L │      L locked
 *                └──────────────────────────┴───┘
 *
 * An entry is *shared* (STATE > 0: read-only, reference-counted), a *hint* (STATE < 0: a scanned page that
 * matched nothing; its owner may have changed it since) or *dying* (STATE = 0: its last reference is gone and
 * whoever dropped it waits for the bucket to take it off).
 *
 * Lock order: PTE before bucket; one bucket at a time; nothing is waited for while a bucket is held, so a bucket
 * is held for the length of one chain. Entries are only read or changed under their bucket's lock, which is why
 * no walk meets a half-linked or re-used entry. What a walk *returns* about a hint is out of date at once: callers
 * lock the owner's PTE and look whether it still maps that frame.
 *
 * The right to link or unlink an entry: of a private frame, the holder of the lock of the PTE that maps it, or whoever
 * held it when that PTE stopped mapping it; of a shared frame, whoever dropped its last reference.
 */
import * as A from '#atomics'
import { SpinLimit } from '../sync/spin.js'
import {
  END,
  FRAME_WORDS,
  FREE_STATE,
  HASH_HIGH,
  HASH_LOW,
  NEXT,
  ownerOf,
  STATE,
  tryAddReference,
  UNLINKED,
} from './frames.js'
import { createTable } from './huge-pages.js'
import { mpnOf } from './pte.js'

const BUCKET_LOCKED = 1
const EMPTY = 0

/** Frames of one `prefetch`, at most. */
export const PREFETCHED_MAX = 64

export type Found = 'nothing' | 'shared' | 'hint'

/** About one bucket for each frame: the power of two that is nearest, by ratio. */
export function createBuckets(frames: number): Int32Array {
  const count = 2 ** Math.round(Math.log2(Math.max(2, frames)))
  return createTable(count)
}

export class ShareTable {
  private readonly mask: number
  private readonly spin = new SpinLimit('a share-table bucket')

  private readonly heads = new Int32Array(PREFETCHED_MAX)

  /** The frame that the last `find` returned. */
  foundMpn = 0
  /** The global page that owned it, if it was a hint. */
  foundPage = 0

  constructor(
    private readonly buckets: Int32Array,
    private readonly frameTable: Int32Array,
  ) {
    this.mask = buckets.length - 1
  }

  /**
   * Looks for an entry with this hash other than `self`'s own: a shared one before a hint. On 'shared' the caller
   * holds a reference to `foundMpn` and must keep or drop it.
   */
  find(hashLow: number, hashHigh: number, self: number): Found {
    const bucket = this.bucketOf(hashLow, hashHigh)
    const head = this.lock(bucket)
    const found = this.search(head, hashLow, hashHigh, self)
    this.unlock(bucket, head)
    return found
  }

  /**
   * The same, and if there is nothing files private frame `mpn` as a hint. The caller holds its page's PTE lock. Both under
   * one lock of the bucket, so that of equal pages that are looked at at once the later is told of the earlier.
   */
  findOrFile(mpn: number, hashLow: number, hashHigh: number): Found {
    this.remove(mpn)
    const bucket = this.bucketOf(hashLow, hashHigh)
    let head = this.lock(bucket)
    const found = head === EMPTY ? 'nothing' : this.search(head, hashLow, hashHigh, mpn)
    if (found === 'nothing') head = this.put(mpn, hashLow, hashHigh, head)
    this.unlock(bucket, head)
    return found
  }

  /**
   * Looks for a shared entry with this hash that `admits` another mapping: of several, the one filed last. If true, the
   * caller holds a reference to `foundMpn` and must keep or drop it.
   */
  findShared(hashLow: number, hashHigh: number, admits: (mpn: number) => boolean): boolean {
    const bucket = this.bucketOf(hashLow, hashHigh)
    const head = this.lock(bucket)
    let mpn = firstOf(head)
    while (
      mpn !== END &&
      !(this.hasHash(mpn, hashLow, hashHigh) && admits(mpn) && tryAddReference(this.frameTable, mpn))
    ) {
      mpn = this.next(mpn)
    }
    this.unlock(bucket, head)
    this.foundMpn = mpn
    return mpn !== END
  }

  /**
   * Reads, without locks, what finding or filing frames will need, so that it is near by then: first all heads of chains, and then
   * all first entries, so that the processor fetches many at once.
   * @param ptes of the frames' pages; the first `count` of them count, as of the hashes
   * @returns what means nothing, but must be used, or nothing would be read
   */
  prefetch(ptes: Int32Array, lows: Int32Array, highs: Int32Array, count: number): number {
    const { heads } = this
    let read = 0
    for (let i = 0; i < count; i++) {
      heads[i] = A.peek(this.buckets, this.bucketOf(lows[i]!, highs[i]!))
      read ^= A.peek(this.frameTable, mpnOf(ptes[i]!) * FRAME_WORDS + NEXT)
    }
    for (let i = 0; i < count; i++) {
      const first = firstOf(heads[i]! & ~BUCKET_LOCKED)
      if (first !== END) read ^= A.peek(this.frameTable, first * FRAME_WORDS + HASH_LOW)
    }
    return read
  }

  /** Is this frame filed under this hash already? A look without a lock: true or false may be out of date. */
  isFiledUnder(mpn: number, hashLow: number, hashHigh: number): boolean {
    const base = mpn * FRAME_WORDS
    return (
      A.peek(this.frameTable, base + NEXT) !== UNLINKED &&
      A.peek(this.frameTable, base + HASH_LOW) === hashLow &&
      A.peek(this.frameTable, base + HASH_HIGH) === hashHigh
    )
  }

  /**
   * Makes private frame `mpn` a shared one with `references`, and files it. The caller holds the PTE locks of
   * the pages that will map it. False, and nothing changed but a hint lost, if a matching entry came in between.
   */
  fileShared(mpn: number, hashLow: number, hashHigh: number, references: number): boolean {
    this.remove(mpn)
    return this.link(mpn, hashLow, hashHigh, references, false)
  }

  /** As `fileShared`, but a content may have several frames: whether others are filed under this hash doesn't matter. */
  fileAnother(mpn: number, hashLow: number, hashHigh: number, references: number): void {
    this.remove(mpn)
    this.link(mpn, hashLow, hashHigh, references, true)
  }

  /**
   * Turns the hint of frame `mpn` into a shared entry with `references`. The caller holds the PTE locks of the
   * pages that will map it, its owner's among them, and has found the hint filed under this hash.
   */
  promote(mpn: number, hashLow: number, hashHigh: number, references: number): void {
    const bucket = this.bucketOf(hashLow, hashHigh)
    const head = this.lock(bucket)
    A.store(this.frameTable, mpn * FRAME_WORDS + STATE, references)
    this.unlock(bucket, head)
  }

  /** Takes a frame's entry off the table, if it has one. For those who have the right (see above). */
  remove(mpn: number): void {
    if (this.next(mpn) === UNLINKED) return
    const base = mpn * FRAME_WORDS
    const bucket = this.bucketOf(this.frameTable[base + HASH_LOW]!, this.frameTable[base + HASH_HIGH]!)
    let head = this.lock(bucket)
    const after = this.next(mpn)
    if (firstOf(head) === mpn) {
      head = headOf(after)
    } else {
      let before = firstOf(head)
      while (this.next(before) !== mpn) before = this.follow(before, mpn)
      this.frameTable[before * FRAME_WORDS + NEXT] = after
    }
    this.frameTable[base + NEXT] = UNLINKED
    this.unlock(bucket, head)
  }

  /**
   * Calls `visit` for every entry of a quiet machine, chain by chain, until it returns false for one: the rest of that
   * chain is then passed over. For the audit, which trusts nothing: an MPN may be of no frame, and a chain a circle.
   */
  forEachEntry(visit: (mpn: number) => boolean): void {
    for (let bucket = 0; bucket <= this.mask; bucket++) {
      let mpn = firstOf(A.load(this.buckets, bucket))
      while (mpn !== END && visit(mpn)) mpn = this.next(mpn)
    }
  }

  /** How many buckets are locked: none, on a quiet machine. */
  countLocked(): number {
    let locked = 0
    for (let bucket = 0; bucket <= this.mask; bucket++) locked += A.load(this.buckets, bucket) & BUCKET_LOCKED
    return locked
  }

  private link(
    mpn: number,
    hashLow: number,
    hashHigh: number,
    references: number,
    besideOthers: boolean,
  ): boolean {
    const bucket = this.bucketOf(hashLow, hashHigh)
    let head = this.lock(bucket)
    const free = besideOthers || !this.holdsMatch(head, hashLow, hashHigh)
    if (free) {
      head = this.put(mpn, hashLow, hashHigh, head)
      A.store(this.frameTable, mpn * FRAME_WORDS + STATE, references)
    }
    this.unlock(bucket, head)
    return free
  }

  /** Makes an entry of a frame, the first in the chain of a bucket that is locked; returns its new head. */
  private put(mpn: number, hashLow: number, hashHigh: number, head: number): number {
    const base = mpn * FRAME_WORDS
    this.frameTable[base + HASH_LOW] = hashLow
    this.frameTable[base + HASH_HIGH] = hashHigh
    this.frameTable[base + NEXT] = firstOf(head)
    return headOf(mpn)
  }

  private search(head: number, hashLow: number, hashHigh: number, self: number): Found {
    let found: Found = 'nothing'
    for (let mpn = firstOf(head); mpn !== END; mpn = this.next(mpn)) {
      if (mpn === self || !this.hasHash(mpn, hashLow, hashHigh)) continue
      const state = A.load(this.frameTable, mpn * FRAME_WORDS + STATE)
      if (state > 0 && tryAddReference(this.frameTable, mpn)) {
        this.foundMpn = mpn
        return 'shared'
      }
      if (state < 0 && found === 'nothing') {
        this.foundMpn = mpn
        this.foundPage = ownerOf(state)
        found = 'hint'
      }
    }
    return found
  }

  private holdsMatch(head: number, hashLow: number, hashHigh: number): boolean {
    for (let mpn = firstOf(head); mpn !== END; mpn = this.next(mpn)) {
      if (
        this.hasHash(mpn, hashLow, hashHigh) &&
        A.load(this.frameTable, mpn * FRAME_WORDS + STATE) !== FREE_STATE
      ) {
        return true
      }
    }
    return false
  }

  private bucketOf(hashLow: number, hashHigh: number): number {
    return (hashLow ^ (hashHigh >>> 7)) & this.mask
  }

  private hasHash(mpn: number, hashLow: number, hashHigh: number): boolean {
    const base = mpn * FRAME_WORDS
    return this.frameTable[base + HASH_LOW] === hashLow && this.frameTable[base + HASH_HIGH] === hashHigh
  }

  private next(mpn: number): number {
    return this.frameTable[mpn * FRAME_WORDS + NEXT]!
  }

  /** The entry after this one, on the way to one that must be in the chain. */
  private follow(mpn: number, wanted: number): number {
    const after = this.next(mpn)
    // Of an empty chain there is no entry to follow either.
    if (!(after >= 0)) throw new Error(`frame ${wanted} is not in the chain that it is filed under`)
    return after
  }

  /** Locks a bucket and returns its head, unlocked. */
  private lock(bucket: number): number {
    let head = A.peek(this.buckets, bucket) & ~BUCKET_LOCKED
    if (A.compareExchange(this.buckets, bucket, head, head | BUCKET_LOCKED) === head) return head
    this.spin.begin()
    for (;;) {
      head = A.load(this.buckets, bucket)
      if (
        (head & BUCKET_LOCKED) === 0 &&
        A.compareExchange(this.buckets, bucket, head, head | BUCKET_LOCKED) === head
      ) {
        return head
      }
      this.spin.pause(this.buckets, bucket, head | BUCKET_LOCKED)
    }
  }

  private unlock(bucket: number, head: number): void {
    A.store(this.buckets, bucket, head)
  }
}

function firstOf(head: number): number {
  return head === EMPTY ? END : (head >>> 1) - 1
}

function headOf(mpn: number): number {
  return mpn === END ? EMPTY : (mpn + 1) << 1
}

/**
 * What KSM knows of each page that it has met (struct ksm_rmap_item), and of each frame that it shares (struct
 * ksm_stable_node): arrays by global page number and by MPN, in the scanner's own memory. Nobody else reads them.
 *
 *   a stable node's items   a doubly linked list through `next` and `before`, from `firstItem[MPN]`
 *
 * A node is known by its frame, which it does not keep alive: guests drop their references to it when they store to
 * their pages, and the last one frees it. Such a node is stale, and found to be so when it is next looked at (the kernel
 * calls that a keyhole reference). Until then its items count as if they still shared. No frame is ever taken for one
 * that was freed before: only the scanner makes frames shared, and it drops what is left of a frame's old node first. So
 * a look at STATE without a lock is enough: a node is stale once and for all.
 */
import * as A from '#atomics'
import type { GuestPages } from '../experiment/messages.js'
import { FRAME_WORDS, STATE } from '../machine/frames.js'
import { KSM, KSM_STAT } from '../measure/counters.js'
import { guestOf } from '../sharing/guest-of.js'

/** What the arrays below take for each guest page, and for each frame. */
export const RMAP_BYTES = { page: 19, frame: 8 }

const EXISTS = 1
const STABLE = 2
const UNSTABLE = 4
const NONE = -1

export class RmapItems {
  /** Encounters with smart_scan, and skips left (smart-scan.ts). */
  readonly age: Uint8Array
  readonly remainingSkips: Uint8Array
  /** Low half of the page's hash at its last visit; 0 at first. */
  readonly oldChecksum: Int32Array
  private readonly flags: Uint8Array
  /** MPN of the stable node that the item is listed from. */
  private readonly node: Int32Array
  private readonly next: Int32Array
  private readonly before: Int32Array
  /** By MPN: how many items the frame's node has; 0: it has no node. */
  private readonly items: Int32Array
  private readonly firstItem: Int32Array

  /**
   * @param counters the scanner's row
   * @param guestRows the guests', for what is counted of each
   */
  constructor(
    pages: number,
    frames: number,
    private readonly frameTable: Int32Array,
    private readonly counters: Float64Array,
    private readonly guests: readonly GuestPages[],
    private readonly guestRows: readonly Float64Array[],
  ) {
    this.age = new Uint8Array(pages)
    this.remainingSkips = new Uint8Array(pages)
    this.oldChecksum = new Int32Array(pages)
    this.flags = new Uint8Array(pages)
    this.node = new Int32Array(pages)
    this.next = new Int32Array(pages)
    this.before = new Int32Array(pages)
    this.items = new Int32Array(frames)
    this.firstItem = new Int32Array(frames).fill(NONE)
  }

  /** A page that is met: it gets an item, unless it has one. */
  meet(page: number): void {
    if (this.flags[page] !== 0) return
    this.flags[page] = EXISTS
    this.age[page] = 0
    this.remainingSkips[page] = 0
    this.oldChecksum[page] = 0
    this.counters[KSM.rmapItems]! += 1
    this.rowOf(page)[KSM_STAT.ksm_rmap_items]! += 1
  }

  /** A page that is no candidate any more: not present, or mapped to the zero page. */
  forget(page: number): void {
    if (this.flags[page] === 0) return
    this.leaveTrees(page)
    this.flags[page] = 0
    this.counters[KSM.rmapItems]! -= 1
    this.rowOf(page)[KSM_STAT.ksm_rmap_items]! -= 1
  }

  /** remove_rmap_item_from_tree: what the last visit made of the page holds no longer. */
  leaveTrees(page: number): void {
    const flags = this.flags[page]!
    if ((flags & STABLE) !== 0) {
      const mpn = this.node[page]!
      if (this.isStale(mpn)) this.dropNode(mpn)
      else this.leaveNode(page, mpn)
    } else if ((flags & UNSTABLE) !== 0) {
      this.counters[KSM.pages_unshared]! -= 1
    }
    this.flags[page] = EXISTS
  }

  enterUnstable(page: number): void {
    this.flags[page] = EXISTS | UNSTABLE
    this.counters[KSM.pages_unshared]! += 1
  }

  /** stable_tree_append: the page maps this frame, which is shared. */
  enterStable(page: number, mpn: number): void {
    const first = this.firstItem[mpn]!
    this.flags[page] = EXISTS | STABLE
    this.node[page] = mpn
    this.next[page] = first
    this.before[page] = NONE
    if (first !== NONE) this.before[first] = page
    this.firstItem[mpn] = page
    this.items[mpn]! += 1
    this.counters[first === NONE ? KSM.pages_shared : KSM.pages_sharing]! += 1
    this.rowOf(page)[KSM_STAT.ksm_merging_pages]! += 1
  }

  /** rmap_hlist_len: pages that map the frame, or did when they were last looked at. */
  sharersOf(mpn: number): number {
    return this.items[mpn]!
  }

  /** A frame that is to be shared anew: if a node was left of what it was before, that is stale. */
  dropNode(mpn: number): void {
    for (let page = this.firstItem[mpn]!; page !== NONE; page = this.firstItem[mpn]!) {
      this.leaveNode(page, mpn)
      this.flags[page] = EXISTS
    }
  }

  private leaveNode(page: number, mpn: number): void {
    const next = this.next[page]!
    const before = this.before[page]!
    if (before === NONE) this.firstItem[mpn] = next
    else this.next[before] = next
    if (next !== NONE) this.before[next] = before
    this.items[mpn]! -= 1
    this.counters[this.items[mpn] === 0 ? KSM.pages_shared : KSM.pages_sharing]! -= 1
    this.rowOf(page)[KSM_STAT.ksm_merging_pages]! -= 1
  }

  private isStale(mpn: number): boolean {
    return A.peek(this.frameTable, mpn * FRAME_WORDS + STATE) <= 0
  }

  private rowOf(page: number): Float64Array {
    return this.guestRows[guestOf(this.guests, page)]!
  }
}

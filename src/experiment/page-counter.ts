/**
 * Counts the pages of a machine guest by guest, in one pass over page table entries and tags, with a bit for each content and
 * each frame that was met before. Locks nothing: each word is as it was when it was read.
 */
import * as A from '#atomics'
import { FRAME_WORDS, STATE } from '../machine/frames.js'
import { type MachineHandle, UNIQUE_TAG, ZERO_TAG } from '../machine/machine.js'
import { HINTED, mpnOf, PRESENT, SHARED, SWAPPED } from '../machine/pte.js'
import { Bits } from './bits.js'
import type { NotShared } from './not-shared.js'

/**
 * Pages of one call of the loop. V8 compiles a function that is called often; a single long loop would run in code that was
 * compiled in its middle, and is thrown away at its end: three times slower.
 */
const RUN_PAGES = 4096
/** No PTE of a page that is there. */
const NO_PTE = 0

export class PageCounter {
  /** Distinct contents, and shared frames, of all guests counted since `begin`. */
  distinctContents = 0
  sharedFrames = 0
  /** Pages that were shared at an earlier sample, and hold what no other page does now: sharing was broken by a store. */
  brokenPages = 0
  private readonly contentsSeen: Bits
  private readonly framesSeen: Bits
  private readonly everShared: Bits
  private present = 0
  private shared = 0
  private saved = 0
  private zero = 0
  private hinted = 0
  private swapped = 0

  /**
   * @param contents one more than the largest content number that a tag may hold
   * @param notShared where every copy of a content is told to
   */
  constructor(
    private readonly machine: Pick<MachineHandle, 'ptes' | 'tags' | 'frameTable' | 'memory'>,
    contents: number,
    private readonly notShared?: Pick<NotShared, 'addShared' | 'addPrivate'>,
  ) {
    this.contentsSeen = new Bits(contents)
    this.framesSeen = new Bits(machine.memory.frames)
    this.everShared = new Bits(machine.ptes.length)
  }

  begin(): void {
    this.contentsSeen.clear()
    this.framesSeen.clear()
    this.distinctContents = 0
    this.sharedFrames = 0
    this.brokenPages = 0
  }

  /** Counts a guest's pages, `pages` from `firstPage` on. */
  count(guest: number, firstPage: number, pages: number) {
    this.present = 0
    this.shared = 0
    this.saved = 0
    this.zero = 0
    this.hinted = 0
    this.swapped = 0
    const end = firstPage + pages
    for (let page = firstPage; page < end; page += RUN_PAGES)
      this.countRun(guest, page, Math.min(end, page + RUN_PAGES))
    return {
      presentPages: this.present,
      sharedPages: this.shared,
      savedPages: this.saved,
      zeroPages: this.zero,
      cowHintPages: this.hinted,
      swappedPages: this.swapped,
    }
  }

  private countRun(guest: number, from: number, end: number): void {
    const { ptes, tags, frameTable } = this.machine
    const { notShared, everShared } = this
    let present = 0
    let shared = 0
    let saved = 0
    let zero = 0
    let hinted = 0
    let swapped = 0
    let distinct = 0
    let frames = 0
    let broken = 0
    // Neighbours often hold the same, above all zeros: what was found out of one holds for the next.
    let lastTag = UNIQUE_TAG
    let lastShared = NO_PTE
    let savedByLast = 0
    for (let page = from; page < end; page++) {
      const pte = A.peek(ptes, page)
      if ((pte & PRESENT) === 0) {
        if ((pte & SWAPPED) !== 0) swapped++
        continue
      }
      present++
      const tag = tags[page]!
      let isNew = tag === UNIQUE_TAG
      if (tag !== UNIQUE_TAG && tag !== lastTag) {
        lastTag = tag
        isNew = this.contentsSeen.add(tag)
      }
      if (isNew) distinct++
      if ((pte & SHARED) === 0) {
        if ((pte & HINTED) !== 0) hinted++
        if (tag !== UNIQUE_TAG) notShared?.addPrivate(tag, guest, page, pte)
        else if (everShared.has(page)) broken++
        continue
      }
      everShared.add(page)
      shared++
      if (tag === ZERO_TAG) zero++
      if (isNew || pte !== lastShared) {
        lastShared = pte
        const mpn = mpnOf(pte)
        // A frame that is met with another content was used again while we look: it is two, so that each content has a copy.
        if (this.framesSeen.add(mpn) || isNew) {
          frames++
          if (tag !== UNIQUE_TAG) notShared?.addShared(tag, guest)
        }
        savedByLast = 1 - 1 / Math.max(1, A.peek(frameTable, mpn * FRAME_WORDS + STATE))
      }
      saved += savedByLast
    }
    this.present += present
    this.shared += shared
    this.saved += saved
    this.zero += zero
    this.hinted += hinted
    this.swapped += swapped
    this.distinctContents += distinct
    this.sharedFrames += frames
    this.brokenPages += broken
  }
}

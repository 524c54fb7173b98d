/**
 * Counts the pages of a machine guest by guest, in one pass over page table entries and tags, with a bit for each content and
 * each frame that was met before. Locks nothing: each word is as it was when it was read.
 */
import * as A from '#atomics'
import { FRAME_WORDS, STATE } from '../machine/frames.js'
import { type MachineHandle, UNIQUE_TAG, ZERO_TAG } from '../machine/machine.js'
import { mpnOf, PRESENT, SHARED, SWAPPED } from '../machine/pte.js'
import { Bits } from './bits.js'

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
  private readonly contentsSeen: Bits
  private readonly framesSeen: Bits
  private present = 0
  private shared = 0
  private saved = 0
  private zero = 0
  private swapped = 0

  /** @param contents one more than the largest content number that a tag may hold */
  constructor(
    private readonly machine: Pick<MachineHandle, 'ptes' | 'tags' | 'frameTable' | 'memory'>,
    contents: number,
  ) {
    this.contentsSeen = new Bits(contents)
    this.framesSeen = new Bits(machine.memory.frames)
  }

  begin(): void {
    this.contentsSeen.clear()
    this.framesSeen.clear()
    this.distinctContents = 0
    this.sharedFrames = 0
  }

  /** Counts a guest's pages, `pages` from `firstPage` on. */
  count(firstPage: number, pages: number) {
    this.present = 0
    this.shared = 0
    this.saved = 0
    this.zero = 0
    this.swapped = 0
    const end = firstPage + pages
    for (let page = firstPage; page < end; page += RUN_PAGES)
      this.countRun(page, Math.min(end, page + RUN_PAGES))
    return {
      presentPages: this.present,
      sharedPages: this.shared,
      savedPages: this.saved,
      zeroPages: this.zero,
      swappedPages: this.swapped,
    }
  }

  private countRun(from: number, end: number): void {
    const { ptes, tags, frameTable } = this.machine
    let present = 0
    let shared = 0
    let saved = 0
    let zero = 0
    let swapped = 0
    let distinct = 0
    let frames = 0
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
      if (tag === UNIQUE_TAG) {
        distinct++
      } else if (tag !== lastTag) {
        lastTag = tag
        if (this.contentsSeen.add(tag)) distinct++
      }
      if ((pte & SHARED) === 0) continue
      shared++
      if (tag === ZERO_TAG) zero++
      if (pte !== lastShared) {
        lastShared = pte
        const mpn = mpnOf(pte)
        if (this.framesSeen.add(mpn)) frames++
        savedByLast = 1 - 1 / Math.max(1, A.peek(frameTable, mpn * FRAME_WORDS + STATE))
      }
      saved += savedByLast
    }
    this.present += present
    this.shared += shared
    this.saved += saved
    this.zero += zero
    this.swapped += swapped
    this.distinctContents += distinct
    this.sharedFrames += frames
  }
}

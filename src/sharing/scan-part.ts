/**
 * Several scanners on one share table: which pages each of them visits.
 *
 * The pages of all guests, by global number, are cut into chunks of 64, and the chunks are dealt out in turn: with three
 * scanners the first one's part is chunks 0, 3, 6 and so on. So whose a page is, is arithmetic that each does for itself:
 * there is no queue to take pages from, no lock, no word that they share, and every page has exactly one scanner.
 *
 * Nothing else keeps them apart. That a page has one scanner is what its mark UNTOUCHED relies on (tps.ts); that no store and
 * no frame is lost does not depend on it: any number of threads may visit pages at once, as the reclaimer does
 * (docs/protocol.md). A chunk's PTEs are 256
 * adjacent bytes, and other scanners write next to them at their ends only, or when they merge a page of their own with one of these. And chunks are small, so that what
 * lies together, such as an extent of an image, a busy region, or all of a small guest, is work for all scanners alike.
 *
 * A part may be empty: there may be fewer chunks than scanners.
 */
import type { GuestPages } from '../experiment/messages.js'

const CHUNK_SHIFT = 6
/** Pages of a chunk. */
export const CHUNK_PAGES = 1 << CHUNK_SHIFT

export class ScanPart {
  /** @param index which of `count` scanners it is, from 0 */
  constructor(
    readonly index: number,
    private readonly count: number,
  ) {}

  /** Which of `count` scanners has this page, from 0. */
  static ownerOf(page: number, count: number): number {
    return (page >> CHUNK_SHIFT) % count
  }

  /** The page that has `place` pages of this part before it: a global page number. */
  page(place: number): number {
    const chunk = (place >> CHUNK_SHIFT) * this.count + this.index
    return (chunk << CHUNK_SHIFT) + (place & (CHUNK_PAGES - 1))
  }

  /** How many pages of this part come before a page, whosever that is. */
  placesBefore(page: number): number {
    const chunk = page >> CHUNK_SHIFT
    const wholeChunks = Math.ceil((chunk - this.index) / this.count)
    const ofItsChunk = chunk % this.count === this.index ? page & (CHUNK_PAGES - 1) : 0
    return wholeChunks * CHUNK_PAGES + ofItsChunk
  }

  /** How many pages of a guest are of this part; none of a guest that is left alone. */
  pagesOf({ firstPage, pages, share }: Pick<GuestPages, 'firstPage' | 'pages' | 'share'>): number {
    return share ? this.placesBefore(firstPage + pages) - this.placesBefore(firstPage) : 0
  }
}

/** Of a scanner that is alone. */
export const ALL_PAGES = new ScanPart(0, 1)

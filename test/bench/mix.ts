/**
 * What pages hold, by guest and PPN: the same for our machine and for the kernel's memory, to the byte. How many pages can
 * be shared is known from it.
 */

/** A content number for each page of each guest; 0: zeros, NEVER_TOUCHED: nothing. */
export interface Mix {
  guests: readonly Int32Array[]
  /** Content numbers are below this. */
  contents: number
}

export const NEVER_TOUCHED = -1
/** Half of every content's key; the other half is its number. */
const KEY = 0x5eed

/** What contents can be written to: a guest's memory, or the kernels over bare pages. */
interface Pages {
  fill: (page: number, keyLow: number, keyHigh: number, tag: number) => void
  zero: (page: number) => void
}

export function writeContents(pages: Pages, contents: Int32Array): void {
  for (let page = 0; page < contents.length; page++) {
    const content = contents[page]!
    if (content > 0) pages.fill(page, KEY, content, content)
    else if (content !== NEVER_TOUCHED) pages.zero(page)
  }
}

/** How many pages a perfect scanner saves: all but one of each content. */
export function saveablePages({ guests, contents }: Mix): number {
  const isHeld = new Uint8Array(contents)
  let pages = 0
  let distinct = 0
  for (const guest of guests) {
    for (const content of guest) {
      if (content === NEVER_TOUCHED) continue
      pages++
      distinct += 1 - isHeld[content]!
      isHeld[content] = 1
    }
  }
  return pages - distinct
}

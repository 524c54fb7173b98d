/**
 * The geometry of machine memory: sizes and limits that every other file builds on.
 *
 * A frame is named by its MPN, 0 … frames−1. Machine memory is cut into *segments*, since one
 * WebAssembly.Memory holds at most 4 GiB: segment of an MPN = MPN >>> segmentShift.
 */

export const PAGE_BYTES = 4096
/** A page as 32-bit words. */
export const PAGE_WORDS = PAGE_BYTES / 4
/** Words of a page as a shift: word address = frame << PAGE_WORDS_SHIFT | word. */
export const PAGE_WORDS_SHIFT = 10

/** A cache line of 64 bytes as 32-bit words. */
export const CACHE_LINE_WORDS = 16

/** log2 of the frames in a full segment: 2^20 × 4 KiB = 4 GiB, the most that one WebAssembly.Memory holds. */
export const SEGMENT_SHIFT = 20
/** WebAssembly's own page, the unit in which a memory's size is given. */
export const WASM_PAGE_BYTES = 65_536

/** Most frames: 24 bits of a PTE name one. 2^24 × 4 KiB = 64 GiB. */
export const FRAMES_MAX = 2 ** 24
/** Most guest pages of all guests together. */
export const GUEST_PAGES_MAX = 2 ** 24

/** Rounds down to whole pages. */
export function pagesIn(bytes: number): number {
  return Math.floor(bytes / PAGE_BYTES)
}

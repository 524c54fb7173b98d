/**
 * The frame table: four words for each frame of machine memory, which are at once its reference count and its
 * entry in the share table (share-table.ts links them into chains). 16 bytes, as ESX's hash frames.
 *
 *   word  0 STATE      0                     free, or on its way from one owner to the next
 *                      −(page + 1)           private: mapped by this one global page
 *                      n > 0                 shared: n references, each a read-only mapping or the passing
 *                                            claim of a thread that is about to map it
 *         1 HASH_LOW   the hash that the entry is filed under, when it is linked
 *         2 HASH_HIGH
 *         3 NEXT       UNLINKED, END, or the MPN of the next entry in the chain
 *
 * Who writes what
 *   STATE of a private frame: the holder of the lock of the PTE that maps it.
 *   STATE of a shared frame: anyone who holds a reference may drop it; a reference is gained only from n > 0, by
 *     compare-and-exchange. Whoever drops the last one has the frame for itself, takes its entry off the
 *     table and frees it. At 0 nobody can gain a reference any more.
 *   The other words: under the lock of the bucket (share-table.ts) by whoever may write STATE.
 */
import * as A from '#atomics'
import { createTable } from './huge-pages.js'

export const FRAME_WORDS = 4
export const STATE = 0
export const HASH_LOW = 1
export const HASH_HIGH = 2
export const NEXT = 3

/** NEXT of a frame that is in no chain. */
export const UNLINKED = -2
/** NEXT of the last entry of a chain. */
export const END = -1

export const FREE_STATE = 0

export function createFrameTable(frames: number): Int32Array {
  const words = createTable(frames * FRAME_WORDS)
  for (let mpn = 0; mpn < frames; mpn++) words[mpn * FRAME_WORDS + NEXT] = UNLINKED
  return words
}

/** STATE of a frame that is private to a global page. */
export function ownedBy(page: number): number {
  return -(page + 1)
}

/** The global page that a private frame's STATE names. */
export function ownerOf(state: number): number {
  return -state - 1
}

/** Gains a reference to a shared frame; false if it has none left to join, or is not shared. */
export function tryAddReference(frameTable: Int32Array, mpn: number): boolean {
  const index = mpn * FRAME_WORDS + STATE
  for (;;) {
    const references = A.load(frameTable, index)
    if (references <= 0) return false
    if (A.compareExchange(frameTable, index, references, references + 1) === references) return true
  }
}

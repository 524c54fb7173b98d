/**
 * The page table entry: one 32-bit word that says where a guest's page is.
 *
 *   31                                8   7   6   5   4   3   2   1   0
 *  ┌──────────────────────────────────┬───┬───┬───┬───┬───┬───┬───┬───┐
 *  │ MPN (present pages), else 0      │ H │ U │ I │ X │ S │ L │ W │ P │
 *  └──────────────────────────────────┴───┴───┴───┴───┴───┴───┴───┴───┘
 *
 *  P present     the page is backed by frame MPN
 *  W writable    stores may go straight to the frame
 *  L locked      one thread is acting on the page: only it may change the word
 *  S shared      the frame is a shared one, under copy-on-write
 *  X swapped     the page is in the swap file, at slot = its global page number
 *  I ineligible  a false match: same hash as another page, other bytes
 *  U untouched   no store since a scanner began to look at the page
 *  H hinted      its frame is filed as a hint, under the hash of the bytes that it holds
 *
 * The states, L aside: absent 0 · private P|W|MPN · shared P|S|MPN · swapped X. Of a private page I, U and H may be set; each
 * is cleared by the next store, as it unlocks the page: together they are what a hypervisor has from the dirty bits of
 * nested page tables (EPT, NPT), for no atomic operation more.
 * W and S are never set together; holding L is what write-protects a page while it is compared.
 */

export const PRESENT = 1 << 0
export const WRITABLE = 1 << 1
export const LOCKED = 1 << 2
export const SHARED = 1 << 3
export const SWAPPED = 1 << 4
export const INELIGIBLE = 1 << 5
export const UNTOUCHED = 1 << 6
export const HINTED = 1 << 7

const MPN_SHIFT = 8

/** The word of a page that was never touched. */
export const ABSENT_PTE = 0
/** The word of a page that lies in the swap file. */
export const SWAPPED_PTE = SWAPPED

export function privatePte(mpn: number): number {
  return (mpn << MPN_SHIFT) | PRESENT | WRITABLE
}

export function sharedPte(mpn: number): number {
  return (mpn << MPN_SHIFT) | PRESENT | SHARED
}

/** What is left of a private page's word after a store to it. */
export function storedTo(pte: number): number {
  return pte & ~(INELIGIBLE | UNTOUCHED | HINTED)
}

export function mpnOf(pte: number): number {
  return pte >>> MPN_SHIFT
}

/** Present, in a frame of its own, and nobody is acting on it. */
export function isIdlePrivate(pte: number): boolean {
  return (pte & (PRESENT | WRITABLE | LOCKED | SHARED)) === (PRESENT | WRITABLE)
}

/**
 * KSM's smart_scan: a page that was scanned in vain several times is passed over more and more often (Linux 6.7–6.18,
 * mm/ksm.c, should_skip_rmap_item). Each page has an age, its encounters with the scanner, and the skips that it has
 * left: a byte each, 0 for a page not met before. A page that stays unmerged is scanned at encounters 0, 1, 2, 3, 5, 8,
 * 13, 22, 31, …
 */

const AGE_MAX = 255
/** Younger pages are never skipped: they need that many visits to get a checksum and to be looked for. */
const AGE_SKIPPED_MIN = 3

/**
 * The scanner comes to a page: is it to pass over it? Counts the encounter. Not to be asked for a page that maps a
 * KSM frame: those are never skipped, and don't age.
 * @param age by page
 * @param remaining skips left, by page
 */
export function skips(age: Uint8Array, remaining: Uint8Array, page: number): boolean {
  const pageAge = age[page]!
  if (pageAge < AGE_MAX) age[page] = pageAge + 1
  if (pageAge < AGE_SKIPPED_MIN) return false
  const left = remaining[page]!
  if (left === 0) {
    remaining[page] = skipsGranted(pageAge)
    return false
  }
  remaining[page] = left - 1
  return true
}

/** How often a page that is scanned now may be skipped after (skip_age). */
export function skipsGranted(age: number): number {
  if (age <= 3) return 1
  if (age <= 5) return 2
  if (age <= 8) return 4
  return 8
}

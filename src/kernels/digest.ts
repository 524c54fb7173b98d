/**
 * The digest of a page, followed store by store.
 *
 * digest = Σ wordDigest(i, word i) over the page's 1024 words, modulo 2^32. Whoever stores a word keeps it up:
 * digest = (digest + wordDigest(i, stored) - wordDigest(i, overwritten)) | 0.
 * PageKernels.digest computes the same from memory; assembly/content.ts says why no changed word goes unseen.
 */

const PAGE_WORDS = 1024
const FACTOR = 0x2c9277b5

/** By place: FACTOR to the power of wordIndex + 1. */
const factors = powers()

/**
 * What one word adds to its page's digest.
 * @param wordIndex 0 to 1023
 * @param word 32 bits, signed or not
 * @returns 32 bits, signed
 */
export function wordDigest(wordIndex: number, word: number): number {
  const product = Math.imul(word ^ (word >>> 17), factors[wordIndex]!)
  return product ^ (product >>> 12)
}

/** Digest of a page of zeros: a word of zero adds nothing. */
export const ZERO_PAGE_DIGEST = 0

function powers(): Int32Array {
  const result = new Int32Array(PAGE_WORDS)
  result[0] = FACTOR
  for (let i = 1; i < PAGE_WORDS; i++) result[i] = Math.imul(result[i - 1]!, FACTOR)
  return result
}

/**
 * The digest of a page, followed store by store.
 *
 * digest = Σ wordDigest(i, word i) over the page's 1024 words, modulo 2^32. Whoever stores a word keeps it up:
 * digest = (digest + wordDigest(i, stored) - wordDigest(i, overwritten)) | 0.
 * PageKernels.digest computes the same from memory; assembly/content.ts says why no changed word goes unseen.
 */

const PAGE_WORDS = 1024
const GOLDEN = 0x9e3779b1

/**
 * What one word adds to its page's digest: murmur3's fmix32 over the word and its place.
 * @param wordIndex 0 to 1023
 * @param word 32 bits, signed or not
 * @returns 32 bits, signed
 */
export function wordDigest(wordIndex: number, word: number): number {
  let mixed = word ^ Math.imul(wordIndex + 1, GOLDEN)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** Digest of a page of zeros, signed. */
export const ZERO_PAGE_DIGEST = digestOfZeros()

function digestOfZeros(): number {
  let digest = 0
  for (let wordIndex = 0; wordIndex < PAGE_WORDS; wordIndex++)
    digest = (digest + wordDigest(wordIndex, 0)) | 0
  return digest
}

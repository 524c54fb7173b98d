/**
 * What a page holds: contents made from a 64-bit key, and the digest by which a guest knows its page again.
 *
 * digest = Σ term(i, word i) over the page's 1024 words, modulo 2^32, with
 * term(i, word) = mixWord(word ^ (i + 1) * GOLDEN). A sum can follow each store to a word; because every
 * term is a bijection of its word, no change of a single word leaves the digest as it was.
 * The same term for one word, outside WebAssembly: ../digest.ts.
 */
import { GOLDEN, mixWord, mixWords, sumOfWords } from './mix'

const PAGE_BYTES: usize = 4096

/** Distance of neighbouring seeds: odd, and not GOLDEN, so that contents and digest don't move in step. */
const SEED_STEP: i32 = 0x85ebca77

/** Digest of what memory holds now. Four vectors a turn, because V8 makes the constants anew at each turn. */
export function digest(page: usize): i32 {
  let sum = i32x4.splat(0)
  let place0 = firstPlace()
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 64) {
    const address = page + offset
    const place1 = i32x4.add(place0, i32x4.splat(4 * GOLDEN))
    const place2 = i32x4.add(place1, i32x4.splat(4 * GOLDEN))
    const place3 = i32x4.add(place2, i32x4.splat(4 * GOLDEN))
    sum = i32x4.add(sum, terms(v128.load(address), place0))
    sum = i32x4.add(sum, terms(v128.load(address, 16), place1))
    sum = i32x4.add(sum, terms(v128.load(address, 32), place2))
    sum = i32x4.add(sum, terms(v128.load(address, 48), place3))
    place0 = i32x4.add(place3, i32x4.splat(4 * GOLDEN))
  }
  return sumOfWords(sum)
}

/**
 * Writes the contents of a key and returns their digest. The digest is of what was generated, never of what
 * was read back: a store that goes astray must show as a mismatch later.
 */
export function fill(page: usize, keyLow: u32, keyHigh: u32): i32 {
  let sum = i32x4.splat(0)
  let seeds0 = firstSeeds(keyLow, keyHigh)
  let place0 = firstPlace()
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 64) {
    const address = page + offset
    const seeds1 = i32x4.add(seeds0, i32x4.splat(4 * SEED_STEP))
    const seeds2 = i32x4.add(seeds1, i32x4.splat(4 * SEED_STEP))
    const seeds3 = i32x4.add(seeds2, i32x4.splat(4 * SEED_STEP))
    const place1 = i32x4.add(place0, i32x4.splat(4 * GOLDEN))
    const place2 = i32x4.add(place1, i32x4.splat(4 * GOLDEN))
    const place3 = i32x4.add(place2, i32x4.splat(4 * GOLDEN))
    const words0 = mixWords(seeds0)
    const words1 = mixWords(seeds1)
    const words2 = mixWords(seeds2)
    const words3 = mixWords(seeds3)
    v128.store(address, words0)
    v128.store(address, words1, 16)
    v128.store(address, words2, 32)
    v128.store(address, words3, 48)
    sum = i32x4.add(sum, i32x4.add(terms(words0, place0), terms(words1, place1)))
    sum = i32x4.add(sum, i32x4.add(terms(words2, place2), terms(words3, place3)))
    seeds0 = i32x4.add(seeds3, i32x4.splat(4 * SEED_STEP))
    place0 = i32x4.add(place3, i32x4.splat(4 * GOLDEN))
  }
  return sumOfWords(sum)
}

/** What four words at their places add to the digest. */
// @ts-ignore: decorator
@inline
function terms(words: v128, place: v128): v128 {
  return mixWords(v128.xor(words, place))
}

/** (i + 1) * GOLDEN for words 0 to 3. */
// @ts-ignore: decorator
@inline
function firstPlace(): v128 {
  return i32x4(GOLDEN, 2 * GOLDEN, 3 * GOLDEN, 4 * GOLDEN)
}

/**
 * Seeds of words 0 to 3. Three Feistel rounds turn the key into another pair of words, each dependent on both
 * halves of the key; word i is mixWord(even or odd one + i * SEED_STEP). Every step is invertible, so words 0
 * and 1 alone tell the key: two keys never give the same page. Neither of the pair repeats a seed within the
 * page, so no key gives the zero page.
 */
// @ts-ignore: decorator
@inline
function firstSeeds(keyLow: u32, keyHigh: u32): v128 {
  let even = keyLow
  let odd = keyHigh
  even ^= mixWord(odd + 0x3c6ef372)
  odd ^= mixWord(even + 0xa54ff53a)
  even ^= mixWord(odd + 0x510e527f)
  const halves = i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(even), 1, odd), 3, odd)
  return i32x4.add(halves, i32x4(0, SEED_STEP, 2 * SEED_STEP, 3 * SEED_STEP))
}

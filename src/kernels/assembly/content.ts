/**
 * What a page holds: contents made from a 64-bit key, and the digest by which a guest knows its page again.
 *
 * digest = Σ term(i, word i) over the page's 1024 words, modulo 2^32, with
 * term(i, word) = y ^ (y >>> 12), y = (word ^ (word >>> 17)) * FACTOR^(i + 1).
 * The same term for one word, outside WebAssembly: ../digest.ts.
 *
 * A sum can follow each store to a word. FACTOR is odd, so every term is a bijection of its word, and no change
 * of a single word leaves the digest as it was. Changes of several words may cancel, but by chance only: the first
 * shift gives high bits a way down into the product, the product is another one at each place, and the second
 * shift keeps differences from adding up as those of products do. Two bits flipped, words that changed places,
 * pages of one word or of few, come out the same no more often than at random.
 */

/** PCG's 32-bit multiplier; 5 modulo 8, so that its powers differ as far as they can. */
const FACTOR: i32 = 0x2c9277b5
const FACTOR_2: i32 = FACTOR * FACTOR
const FACTOR_4: i32 = FACTOR_2 * FACTOR_2
const FACTOR_8: i32 = FACTOR_4 * FACTOR_4
const FACTOR_16: i32 = FACTOR_8 * FACTOR_8

/** Distance of neighbouring seeds: odd, so that all differ. */
const SEED_STEP: i32 = 0x85ebca77

/** Takes the contents from row to row: odd. */
const ROW_MULTIPLIER: i32 = 0x85ebca6b

const PAGE_BYTES: usize = 4096
const ROW_BYTES: usize = 64

/** Digest of what memory holds now. */
export function digest(page: usize): i32 {
  let sum = i32x4.splat(0)
  let factors0 = firstFactors()
  let factors1 = scale(factors0, FACTOR_4)
  let factors2 = scale(factors1, FACTOR_4)
  let factors3 = scale(factors2, FACTOR_4)
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += ROW_BYTES) {
    const row = page + offset
    sum = i32x4.add(sum, terms(fold(v128.load(row)), factors0))
    sum = i32x4.add(sum, terms(fold(v128.load(row, 16)), factors1))
    sum = i32x4.add(sum, terms(fold(v128.load(row, 32)), factors2))
    sum = i32x4.add(sum, terms(fold(v128.load(row, 48)), factors3))
    factors0 = scale(factors0, FACTOR_16)
    factors1 = scale(factors1, FACTOR_16)
    factors2 = scale(factors2, FACTOR_16)
    factors3 = scale(factors3, FACTOR_16)
  }
  return sumOfWords(sum)
}

/**
 * Writes the contents of a key and returns their digest. The digest is of what was generated, never of what
 * was read back: a store that goes astray must show as a mismatch later.
 *
 * A word is fold(seed) in the first row, and fold(word above it * ROW_MULTIPLIER) in the others. Because fold undoes
 * itself, what it is given here is what the digest's terms are made of.
 */
export function fill(page: usize, keyLow: u32, keyHigh: u32): i32 {
  let sum = i32x4.splat(0)
  let factors0 = firstFactors()
  let factors1 = scale(factors0, FACTOR_4)
  let factors2 = scale(factors1, FACTOR_4)
  let factors3 = scale(factors2, FACTOR_4)
  let folded0 = firstSeeds(keyLow, keyHigh)
  let folded1 = nextSeeds(folded0)
  let folded2 = nextSeeds(folded1)
  let folded3 = nextSeeds(folded2)
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += ROW_BYTES) {
    const row = page + offset
    const words0 = fold(folded0)
    const words1 = fold(folded1)
    const words2 = fold(folded2)
    const words3 = fold(folded3)
    v128.store(row, words0)
    v128.store(row, words1, 16)
    v128.store(row, words2, 32)
    v128.store(row, words3, 48)
    sum = i32x4.add(sum, terms(folded0, factors0))
    sum = i32x4.add(sum, terms(folded1, factors1))
    sum = i32x4.add(sum, terms(folded2, factors2))
    sum = i32x4.add(sum, terms(folded3, factors3))
    factors0 = scale(factors0, FACTOR_16)
    factors1 = scale(factors1, FACTOR_16)
    factors2 = scale(factors2, FACTOR_16)
    factors3 = scale(factors3, FACTOR_16)
    folded0 = scale(words0, ROW_MULTIPLIER)
    folded1 = scale(words1, ROW_MULTIPLIER)
    folded2 = scale(words2, ROW_MULTIPLIER)
    folded3 = scale(words3, ROW_MULTIPLIER)
  }
  return sumOfWords(sum)
}

/** A bijection of each word that undoes itself. */
// @ts-ignore: decorator
@inline
function fold(words: v128): v128 {
  return v128.xor(words, i32x4.shr_u(words, 17))
}

/** What four folded words add to the digest. */
// @ts-ignore: decorator
@inline
function terms(folded: v128, factors: v128): v128 {
  const products = i32x4.mul(folded, factors)
  return v128.xor(products, i32x4.shr_u(products, 12))
}

/** Factors of words 0 to 3. */
// @ts-ignore: decorator
@inline
function firstFactors(): v128 {
  return i32x4(FACTOR, FACTOR_2, FACTOR_2 * FACTOR, FACTOR_4)
}

// @ts-ignore: decorator
@inline
function scale(words: v128, factor: i32): v128 {
  return i32x4.mul(words, i32x4.splat(factor))
}

/**
 * Seeds of words 0 to 3. Three Feistel rounds turn the key into another pair of words, each dependent on both
 * halves of the key; the seed of word i is the even or odd one + i * SEED_STEP. Every step is invertible, so words
 * 0 and 1 alone tell the key: two keys never give the same page. The seeds of words 0 and 2 differ, so no key gives
 * the zero page.
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

// @ts-ignore: decorator
@inline
function nextSeeds(seeds: v128): v128 {
  return i32x4.add(seeds, i32x4.splat(4 * SEED_STEP))
}

/** murmur3's fmix32: a bijection of 32-bit words whose every output bit depends on every input bit. */
// @ts-ignore: decorator
@inline
function mixWord(word: u32): u32 {
  word ^= word >> 16
  word *= 0x85ebca6b
  word ^= word >> 13
  word *= 0xc2b2ae35
  return word ^ (word >> 16)
}

/** Sum of four words, modulo 2^32. */
// @ts-ignore: decorator
@inline
function sumOfWords(words: v128): i32 {
  const pairs = i32x4.add(words, v128.shuffle<i32>(words, words, 2, 3, 0, 1))
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
}

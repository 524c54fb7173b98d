/** The mixing functions of the page kernels, for one word and for four at once. */

/** Golden ratio, 2^32 / φ, made odd: multiples of it spread indices over all 32 bits. */
export const GOLDEN: i32 = 0x9e3779b1

/** murmur3's fmix32: a bijection of 32-bit words whose every output bit depends on every input bit. */
// @ts-ignore: decorator
@inline
export function mixWord(word: u32): u32 {
  word ^= word >> 16
  word *= 0x85ebca6b
  word ^= word >> 13
  word *= 0xc2b2ae35
  return word ^ (word >> 16)
}

/** mixWord of four words. */
// @ts-ignore: decorator
@inline
export function mixWords(words: v128): v128 {
  words = v128.xor(words, i32x4.shr_u(words, 16))
  words = i32x4.mul(words, i32x4.splat(0x85ebca6b))
  words = v128.xor(words, i32x4.shr_u(words, 13))
  words = i32x4.mul(words, i32x4.splat(0xc2b2ae35))
  return v128.xor(words, i32x4.shr_u(words, 16))
}

/** Sum of four words, modulo 2^32. */
// @ts-ignore: decorator
@inline
export function sumOfWords(words: v128): i32 {
  const pairs = i32x4.add(words, v128.shuffle<i32>(words, words, 2, 3, 0, 1))
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
}

/**
 * XXH3, 64 bits, seed 0, default secret, of exactly 4096 bytes.
 * Specification: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 *
 * XXH3 cuts the page into 4 blocks of 16 stripes of 64 bytes, and adds each stripe to 8 64-bit accumulators,
 * with a part of the secret that moves on by 8 bytes a stripe. Accumulators depend on each other in pairs only,
 * so we take the page in 4 passes, one for each pair. A pass is a function of its own, its sums one chain:
 * given more at once, TurboFan schedules all loads before the first sum and spills them, which is far slower.
 * The first pass touches every cache line with little work between, so that their misses overlap.
 */

/** Constants of xxHash. */
const PRIME32_1: u64 = 0x9e3779b1
const PRIME32_2: u64 = 0x85ebca77
const PRIME32_3: u64 = 0xc2b2ae3d
const PRIME64_1: u64 = 0x9e3779b185ebca87
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f
const PRIME64_3: u64 = 0x165667b19e3779f9
const PRIME64_4: u64 = 0x85ebca77c2b2ae63
const PRIME64_5: u64 = 0x27d4eb2f165667c5
const PRIME_MX1: u64 = 0x165667919e3779f9

/** The default secret, 192 bytes, as little-endian words: S*i* is the word at byte 8 * i. */
const S0: u64 = 0xbe4ba423396cfeb8
const S1: u64 = 0x1cad21f72c81017c
const S2: u64 = 0xdb979083e96dd4de
const S3: u64 = 0x1f67b3b7a4a44072
const S4: u64 = 0x78e5c0cc4ee679cb
const S5: u64 = 0x2172ffcc7dd05a82
const S6: u64 = 0x8e2443f7744608b8
const S7: u64 = 0x4c263a81e69035e0
const S8: u64 = 0xcb00c391bb52283c
const S9: u64 = 0xa32e531b8b65d088
const S10: u64 = 0x4ef90da297486471
const S11: u64 = 0xd8acdea946ef1938
const S12: u64 = 0x3f349ce33f76faa8
const S13: u64 = 0x1d4f0bc7c7bbdcf9
const S14: u64 = 0x3159b4cd4be0518a
const S15: u64 = 0x647378d9c97e9fc8
const S16: u64 = 0xc3ebd33483acc5ea
const S17: u64 = 0xeb6313faffa081c5
const S18: u64 = 0x49daf0b751dd0d17
const S19: u64 = 0x9e68d429265516d3
const S20: u64 = 0xfca1477d58be162b
const S21: u64 = 0xce31d07ad1b8f88f
const S22: u64 = 0x280416958f3acb45
const S23: u64 = 0x7e404bbbcafbd7af

/** K*i*: 16 bytes of the secret from byte 8 * i. */
const K0 = i64x2(S0, S1)
const K1 = i64x2(S1, S2)
const K2 = i64x2(S2, S3)
const K3 = i64x2(S3, S4)
const K4 = i64x2(S4, S5)
const K5 = i64x2(S5, S6)
const K6 = i64x2(S6, S7)
const K7 = i64x2(S7, S8)
const K8 = i64x2(S8, S9)
const K9 = i64x2(S9, S10)
const K10 = i64x2(S10, S11)
const K11 = i64x2(S11, S12)
const K12 = i64x2(S12, S13)
const K13 = i64x2(S13, S14)
const K14 = i64x2(S14, S15)
const K15 = i64x2(S15, S16)
const K16 = i64x2(S16, S17)
const K17 = i64x2(S17, S18)
const K18 = i64x2(S18, S19)
const K19 = i64x2(S19, S20)
const K20 = i64x2(S20, S21)
const K21 = i64x2(S21, S22)
const K22 = i64x2(S22, S23)

/** The secret of the last stripe: 64 bytes from byte 121, one of these for each pass. */
const LAST0 = i64x2((S15 >> 8) | (S16 << 56), (S16 >> 8) | (S17 << 56))
const LAST1 = i64x2((S17 >> 8) | (S18 << 56), (S18 >> 8) | (S19 << 56))
const LAST2 = i64x2((S19 >> 8) | (S20 << 56), (S20 >> 8) | (S21 << 56))
const LAST3 = i64x2((S21 >> 8) | (S22 << 56), (S22 >> 8) | (S23 << 56))

let high: i32 = 0

/** High 32 bits of the last hash. */
export function hashHigh(): i32 {
  return high
}

/** Hashes the page and returns the low 32 bits. */
export function hash(page: usize): i32 {
  const sums0 = pass(
    page, i64x2(PRIME32_3, PRIME64_1),
    K0, K1, K2, K3, K4, K5, K6, K7,
    K8, K9, K10, K11, K12, K13, K14, K15,
    LAST0, K16,
  )
  const sums1 = pass(
    page + 16, i64x2(PRIME64_2, PRIME64_3),
    K2, K3, K4, K5, K6, K7, K8, K9,
    K10, K11, K12, K13, K14, K15, K16, K17,
    LAST1, K18,
  )
  const sums2 = pass(
    page + 32, i64x2(PRIME64_4, PRIME32_2),
    K4, K5, K6, K7, K8, K9, K10, K11,
    K12, K13, K14, K15, K16, K17, K18, K19,
    LAST2, K20,
  )
  const sums3 = pass(
    page + 48, i64x2(PRIME64_5, PRIME32_1),
    K6, K7, K8, K9, K10, K11, K12, K13,
    K14, K15, K16, K17, K18, K19, K20, K21,
    LAST3, K22,
  )
  let result: u64 = 4096 * PRIME64_1
  result += fold(sums0, (S1 >> 24) | (S2 << 40), (S2 >> 24) | (S3 << 40))
  result += fold(sums1, (S3 >> 24) | (S4 << 40), (S4 >> 24) | (S5 << 40))
  result += fold(sums2, (S5 >> 24) | (S6 << 40), (S6 >> 24) | (S7 << 40))
  result += fold(sums3, (S7 >> 24) | (S8 << 40), (S8 >> 24) | (S9 << 40))
  result = (result ^ (result >> 37)) * PRIME_MX1
  result ^= result >> 32
  high = <i32>(result >> 32)
  return <i32>result
}

/** One pair of accumulators over the whole page; `lane` is the address of its 16 bytes in the first stripe. */
function pass(
  lane: usize, sums: v128,
  k0: v128, k1: v128, k2: v128, k3: v128, k4: v128, k5: v128, k6: v128, k7: v128,
  k8: v128, k9: v128, k10: v128, k11: v128, k12: v128, k13: v128, k14: v128, k15: v128,
  kLast: v128, kScramble: v128,
): v128 {
  sums = addBlock(lane, sums, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, k15)
  sums = scramble(sums, kScramble)
  sums = addBlock(lane + 1024, sums, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, k15)
  sums = scramble(sums, kScramble)
  sums = addBlock(lane + 2048, sums, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, k15)
  sums = scramble(sums, kScramble)
  return addBlock(lane + 3072, sums, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, kLast)
}

// @ts-ignore: decorator
@inline
function addBlock(
  lane: usize, sums: v128,
  k0: v128, k1: v128, k2: v128, k3: v128, k4: v128, k5: v128, k6: v128, k7: v128,
  k8: v128, k9: v128, k10: v128, k11: v128, k12: v128, k13: v128, k14: v128, k15: v128,
): v128 {
  let data = v128.load(lane)
  let plain = data
  sums = i64x2.add(sums, product(data, k0))
  data = v128.load(lane, 64)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k1))
  data = v128.load(lane, 128)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k2))
  data = v128.load(lane, 192)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k3))
  data = v128.load(lane, 256)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k4))
  data = v128.load(lane, 320)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k5))
  data = v128.load(lane, 384)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k6))
  data = v128.load(lane, 448)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k7))
  data = v128.load(lane, 512)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k8))
  data = v128.load(lane, 576)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k9))
  data = v128.load(lane, 640)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k10))
  data = v128.load(lane, 704)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k11))
  data = v128.load(lane, 768)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k12))
  data = v128.load(lane, 832)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k13))
  data = v128.load(lane, 896)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k14))
  data = v128.load(lane, 960)
  plain = i64x2.add(plain, data)
  sums = i64x2.add(sums, product(data, k15))
  // Each accumulator takes the products of its own data, and its neighbour's data as they are.
  return i64x2.add(sums, v128.shuffle<i64>(plain, plain, 1, 0))
}

/** Low half times high half, for each 64 bits of data ^ key. */
// @ts-ignore: decorator
@inline
function product(data: v128, key: v128): v128 {
  const keyed = v128.xor(data, key)
  return i64x2.extmul_low_i32x4_u(
    v128.shuffle<i32>(keyed, keyed, 0, 2, 0, 2),
    v128.shuffle<i32>(keyed, keyed, 1, 3, 1, 3),
  )
}

// @ts-ignore: decorator
@inline
function scramble(sums: v128, key: v128): v128 {
  const mixed = v128.xor(v128.xor(sums, i64x2.shr_u(sums, 47)), key)
  return i64x2.mul(mixed, i64x2.splat(PRIME32_1))
}

/** The two halves of the 128-bit product of a pair of keyed accumulators, xored. */
function fold(sums: v128, secretLow: u64, secretHigh: u64): u64 {
  const a: u64 = i64x2.extract_lane(sums, 0) ^ secretLow
  const b: u64 = i64x2.extract_lane(sums, 1) ^ secretHigh
  const aLow = a & 0xffffffff
  const bLow = b & 0xffffffff
  const aHigh = a >> 32
  const bHigh = b >> 32
  const lowProduct = aLow * bLow
  const middle = aHigh * bLow + (lowProduct >> 32)
  const cross = aLow * bHigh + (middle & 0xffffffff)
  const productLow = (cross << 32) | (lowProduct & 0xffffffff)
  const productHigh = aHigh * bHigh + (middle >> 32) + (cross >> 32)
  return productLow ^ productHigh
}

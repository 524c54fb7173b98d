/**
 * Hash of a page, 64 bits: a hint that two pages may be the same. A full comparison always follows.
 *
 * Built as XXH32 and murmur3 are: lanes take in their words by bijective rounds, and are folded into one at the
 * end, again by bijections. A lane is 64 bits, two words in lane l of a vector A and of a vector B. There are 16:
 * 4 pairs of vectors, which take in a row of 128 bytes together.
 *
 *   byte of a row    0      16      32      48      64      80      96     112
 *                    A0     B0      A1      B1      A2      B2      A3     B3
 *
 *   round            A ^= words   A' = (A ^ B >>> 15) * ODD_A
 *                    B ^= words   B' = (B ^ A >>> 16) * ODD_B
 *
 * - Two pages that differ in one lane of one row only (a word, or both) never have the same hash: every step from
 *   there on is a bijection of the 64 bits that differ.
 * - Where more differs, two differences would have to meet in the same 64 bits. High bits go down by the shifts,
 *   into the other word, and up again by the products, so that no flipped sign stays alone: each bit spreads over 16
 *   or more bits of a product before the next row comes. Seeds differ from lane to lane, and a lane takes its words
 *   in order, so words or blocks that change places, or shift, aren't the same sum in another order.
 * - It is no defence against contents made to collide: there is no key.
 *
 * XXH3 takes twice the time here: its products, of 32 by 32 bits, cost WebAssembly two shuffles each. These are of 32
 * bits only, one instruction for four.
 */

/** Multipliers and shifts of lowbias32, https://github.com/skeeto/hash-prospector */
const ODD_A: i32 = 0x7feb352d
const ODD_B: i32 = 0x846ca68b

/** Multiplier of rrmxmx, https://mostlymangling.blogspot.com/2018/07/on-mixing-functions-in-fast-splittable.html */
const ODD_64: u64 = 0xd6e8feb86659fd93

const PAGE_BYTES: usize = 4096
const ROW_BYTES: usize = 128

let high: i32 = 0

/** High 32 bits of the last hash. */
export function hashHigh(): i32 {
  return high
}

/** Hashes the page and returns the low 32 bits. The seeds are the fraction of pi. */
export function hash(page: usize): i32 {
  let a0 = i32x4(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)
  let b0 = i32x4(0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89)
  let a1 = i32x4(0x452821e6, 0x38d01377, 0xbe5466cf, 0x34e90c6c)
  let b1 = i32x4(0xc0ac29b7, 0xc97c50dd, 0x3f84d5b5, 0xb5470917)
  let a2 = i32x4(0x9216d5d9, 0x8979fb1b, 0xd1310ba6, 0x98dfb5ac)
  let b2 = i32x4(0x2ffd72db, 0xd01adfb7, 0xb8e1afed, 0x6a267e96)
  let a3 = i32x4(0xba7c9045, 0xf12c7f99, 0x24a19947, 0xb3916cf7)
  let b3 = i32x4(0x0801f2e2, 0x858efc16, 0x636920d8, 0x71574e69)
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += ROW_BYTES) {
    const row = page + offset
    const x0 = v128.xor(a0, v128.load(row))
    const y0 = v128.xor(b0, v128.load(row, 16))
    a0 = roundA(x0, y0)
    b0 = roundB(x0, y0)
    const x1 = v128.xor(a1, v128.load(row, 32))
    const y1 = v128.xor(b1, v128.load(row, 48))
    a1 = roundA(x1, y1)
    b1 = roundB(x1, y1)
    const x2 = v128.xor(a2, v128.load(row, 64))
    const y2 = v128.xor(b2, v128.load(row, 80))
    a2 = roundA(x2, y2)
    b2 = roundB(x2, y2)
    const x3 = v128.xor(a3, v128.load(row, 96))
    const y3 = v128.xor(b3, v128.load(row, 112))
    a3 = roundA(x3, y3)
    b3 = roundB(x3, y3)
  }
  // Lanes that meet earlier than this could still cancel what the last row has changed in both.
  for (let rounds = 0; rounds < 2; rounds++) {
    const next0 = roundA(a0, b0)
    b0 = roundB(a0, b0)
    a0 = next0
    const next1 = roundA(a1, b1)
    b1 = roundB(a1, b1)
    a1 = next1
    const next2 = roundA(a2, b2)
    b2 = roundB(a2, b2)
    a2 = next2
    const next3 = roundA(a3, b3)
    b3 = roundB(a3, b3)
    a3 = next3
  }
  // The first pair takes in the others as if they were rows.
  const x1 = v128.xor(a0, a1)
  const y1 = v128.xor(b0, b1)
  const x2 = v128.xor(roundA(x1, y1), a2)
  const y2 = v128.xor(roundB(x1, y1), b2)
  const x3 = v128.xor(roundA(x2, y2), a3)
  const y3 = v128.xor(roundB(x2, y2), b3)
  const a = roundA(x3, y3)
  const b = roundB(x3, y3)
  // Four lanes are left, A's word the low half of each.
  const lanes01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const lanes23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  let result = mix64(i64x2.extract_lane(lanes01, 0))
  result = mix64(result ^ i64x2.extract_lane(lanes01, 1))
  result = mix64(result ^ i64x2.extract_lane(lanes23, 0))
  result = mix64(result ^ i64x2.extract_lane(lanes23, 1))
  high = <i32>(result >> 32)
  return <i32>result
}

// @ts-ignore: decorator
@inline
function roundA(a: v128, b: v128): v128 {
  return i32x4.mul(v128.xor(a, i32x4.shr_u(b, 15)), i32x4.splat(ODD_A))
}

// @ts-ignore: decorator
@inline
function roundB(a: v128, b: v128): v128 {
  return i32x4.mul(v128.xor(b, i32x4.shr_u(a, 16)), i32x4.splat(ODD_B))
}

/** A bijection. */
// @ts-ignore: decorator
@inline
function mix64(value: u64): u64 {
  const product = value * ODD_64
  return product ^ (product >> 32)
}

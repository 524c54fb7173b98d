/**
 * Page kernels of one segment: a memory that holds 4 KiB frames and nothing else. The module therefore has no
 * static data, no heap and no stack; every constant is in the code.
 *
 * A page is given by its byte offset, a multiple of 4096 up to 2^32 - 4096. The end of a segment's last page,
 * 2^32, isn't a number here: loops count offsets within the page, and no address is compared with an end.
 */
export { digest, fill } from './content'
export { hash, hashHigh } from './hash'

const PAGE_BYTES: usize = 4096

/** 1 if the two pages hold the same bytes, else 0. Stops within 128 bytes of the first difference. */
export function equal(one: usize, other: usize): i32 {
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 128) {
    const a = one + offset
    const b = other + offset
    if (v128.any_true(v128.or(difference64(a, b), difference64(a + 64, b + 64)))) return 0
  }
  return 1
}

/** -1, 0 or 1: the bytes of the one page come before, are the same as, or come after those of the other (memcmp). */
export function order(one: usize, other: usize): i32 {
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 8) {
    const a = load<u64>(one + offset)
    const b = load<u64>(other + offset)
    if (a != b) return bswap<u64>(a) < bswap<u64>(b) ? -1 : 1
  }
  return 0
}

export function copy(to: usize, from: usize): void {
  memory.copy(to, from, PAGE_BYTES)
}

export function zero(page: usize): void {
  memory.fill(page, 0, PAGE_BYTES)
}

/** 1 if every byte of the page is zero, else 0. Stops within 128 bytes of the first that isn't. */
export function isZero(page: usize): i32 {
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 128) {
    const a = page + offset
    if (v128.any_true(v128.or(union64(a), union64(a + 64)))) return 0
  }
  return 1
}

/** For cross.ts: 1 if the 64 bytes at `address` are these, else 0. */
export function equal64(address: usize, a: v128, b: v128, c: v128, d: v128): i32 {
  const first = v128.or(v128.xor(v128.load(address), a), v128.xor(v128.load(address, 16), b))
  const second = v128.or(v128.xor(v128.load(address, 32), c), v128.xor(v128.load(address, 48), d))
  return v128.any_true(v128.or(first, second)) ? 0 : 1
}

/** For cross.ts: the 8 bytes at `address`. */
export function load64(address: usize): u64 {
  return load<u64>(address)
}

/** For cross.ts: stores 64 bytes at `address`. */
export function store64(address: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(address, a)
  v128.store(address, b, 16)
  v128.store(address, c, 32)
  v128.store(address, d, 48)
}

/** Zero if 64 bytes are the same at both addresses. */
// @ts-ignore: decorator
@inline
function difference64(a: usize, b: usize): v128 {
  const first = v128.xor(v128.load(a), v128.load(b))
  const second = v128.xor(v128.load(a, 16), v128.load(b, 16))
  const third = v128.xor(v128.load(a, 32), v128.load(b, 32))
  const fourth = v128.xor(v128.load(a, 48), v128.load(b, 48))
  return v128.or(v128.or(first, second), v128.or(third, fourth))
}

/** Zero if all 64 bytes are. */
// @ts-ignore: decorator
@inline
function union64(a: usize): v128 {
  return v128.or(v128.or(v128.load(a), v128.load(a, 16)), v128.or(v128.load(a, 32), v128.load(a, 48)))
}

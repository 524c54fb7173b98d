/**
 * Page kernels between two segments, one instance for each ordered pair. An instance sees one memory only
 * (Node 20 has no multiple memories), its own segment's. It reaches the peer's through functions of the peer's
 * page.wasm instance, linked directly: v128s can't pass through JavaScript, but they can pass from one instance
 * to another, in registers as long as there are few.
 */

// @ts-ignore: decorator
@external("peer", "equal64")
declare function peerEqual64(address: usize, a: v128, b: v128, c: v128, d: v128): i32

// @ts-ignore: decorator
@external("peer", "load64")
declare function peerLoad64(address: usize): u64

// @ts-ignore: decorator
@external("peer", "store64")
declare function peerStore64(address: usize, a: v128, b: v128, c: v128, d: v128): void

const PAGE_BYTES: usize = 4096

/** 1 if the two pages hold the same bytes, else 0. Stops within 64 bytes of the first difference. */
export function equal(own: usize, peer: usize): i32 {
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 64) {
    const a = own + offset
    const b = peer + offset
    if (!peerEqual64(b, v128.load(a), v128.load(a, 16), v128.load(a, 32), v128.load(a, 48))) return 0
  }
  return 1
}

/** -1, 0 or 1: the bytes of the own page come before, are the same as, or come after those of the peer's (memcmp). */
export function order(own: usize, peer: usize): i32 {
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 8) {
    const a = load<u64>(own + offset)
    const b = peerLoad64(peer + offset)
    if (a != b) return bswap<u64>(a) < bswap<u64>(b) ? -1 : 1
  }
  return 0
}

export function copy(peerTo: usize, ownFrom: usize): void {
  for (let offset: usize = 0; offset < PAGE_BYTES; offset += 64) {
    const a = ownFrom + offset
    const b = peerTo + offset
    peerStore64(b, v128.load(a), v128.load(a, 16), v128.load(a, 32), v128.load(a, 48))
  }
}

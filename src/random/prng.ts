/**
 * Pseudo-random numbers: xoshiro128** 1.1 (Blackman and Vigna, 2018), seeded by splitmix32. 32-bit arithmetic only,
 * no allocation per number; the same seed gives the same sequence on every machine.
 */

export class Prng {
  private s0: number
  private s1: number
  private s2: number
  private s3: number

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    let state = seed | 0
    const next = () => {
      state = (state + 0x9e3779b9) | 0
      return mix32(state)
    }
    this.s0 = next()
    this.s1 = next()
    this.s2 = next()
    this.s3 = next() | 1
  }

  /** A uniform 32-bit integer, signed. */
  nextInt32(): number {
    const product = Math.imul(this.s1, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = this.s1 << 9
    this.s2 ^= this.s0
    this.s3 ^= this.s1
    this.s1 ^= this.s2
    this.s0 ^= this.s3
    this.s2 ^= shifted
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21)
    return result
  }

  /** A uniform number in [0, 1), of 32 bits. */
  nextFraction(): number {
    return (this.nextInt32() >>> 0) * 2 ** -32
  }

  /** A uniform integer in [0, bound), for bounds up to 2^32; the bias is below bound / 2^32. */
  nextBelow(bound: number): number {
    return Math.floor(this.nextFraction() * bound)
  }
}

/** A bijective scrambling of 32 bits (the finalizer of MurmurHash3 with the constants of splitmix32). */
export function mix32(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return x ^ (x >>> 15)
}

/** A seed that depends on every part, in order: for streams of their own within one run. */
export function seedOf(...parts: (number | string)[]): number {
  let seed = 0x2545f491
  for (const part of parts) {
    if (typeof part === 'number') seed = mix32(seed ^ mix32(part))
    else for (let i = 0; i < part.length; i++) seed = mix32(seed ^ (part.charCodeAt(i) + (i << 16)))
  }
  return seed
}

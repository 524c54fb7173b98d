/**
 * A pseudo-random permutation of 0 … n−1 that needs no table: a balanced Feistel network over the next even number
 * of bits, walked until it lands within n (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
 */
import { mix32 } from './prng.js'

const ROUNDS = 4

export class Permutation {
  private halfBits = 1
  private halfMask = 1
  private readonly keys = new Int32Array(ROUNDS)

  constructor(
    private readonly size: number,
    seed: number,
  ) {
    while (2 ** (2 * this.halfBits) < size) this.halfBits++
    this.halfMask = 2 ** this.halfBits - 1
    this.reseed(seed)
  }

  /** Turns it into another permutation of the same numbers. */
  reseed(seed: number): void {
    for (let round = 0; round < ROUNDS; round++) this.keys[round] = mix32(seed + Math.imul(round, 0x9e3779b9))
  }

  /** Where the permutation sends `index`, 0 ≤ index < size. */
  at(index: number): number {
    let value = index
    do value = this.encipher(value)
    while (value >= this.size)
    return value
  }

  /** Which index it sends to `value`, 0 ≤ value < size: the inverse of `at`. */
  indexOf(value: number): number {
    let index = value
    do index = this.decipher(index)
    while (index >= this.size)
    return index
  }

  private encipher(value: number): number {
    let left = value >>> this.halfBits
    let right = value & this.halfMask
    for (let round = 0; round < ROUNDS; round++) {
      const mixed = left ^ (mix32(right ^ this.keys[round]!) & this.halfMask)
      left = right
      right = mixed
    }
    return left * (this.halfMask + 1) + right
  }

  private decipher(value: number): number {
    let left = value >>> this.halfBits
    let right = value & this.halfMask
    for (let round = ROUNDS - 1; round >= 0; round--) {
      const mixed = right ^ (mix32(left ^ this.keys[round]!) & this.halfMask)
      right = left
      left = mixed
    }
    return left * (this.halfMask + 1) + right
  }
}

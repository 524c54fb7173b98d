/** A set of small integers. */
export class Bits {
  private readonly words: Int32Array

  constructor(size: number) {
    this.words = new Int32Array(Math.ceil(size / 32))
  }

  clear(): void {
    this.words.fill(0)
  }

  has(number: number): boolean {
    return (this.words[number >>> 5]! & (1 << (number & 31))) !== 0
  }

  /** True: the number was not in the set before. */
  add(number: number): boolean {
    const bit = 1 << (number & 31)
    const word = this.words[number >>> 5]!
    if ((word & bit) !== 0) return false
    this.words[number >>> 5] = word | bit
    return true
  }
}

/**
 * In which order a VM's pages are scanned: each present page once in a pass. ESX chooses pages at random; here each
 * pass is another random permutation, so that "a pass" means the same for both orders.
 */
import * as A from '#atomics'
import { PRESENT } from '../machine/pte.js'
import { Permutation } from '../random/permutation.js'
import { seedOf } from '../random/prng.js'

export class ScanOrder {
  /** Completed passes. */
  passes = 0
  private index = 0
  private readonly permutation: Permutation | undefined

  constructor(
    private readonly ptes: Int32Array,
    readonly guest: number,
    private readonly firstPage: number,
    private readonly pages: number,
    order: 'random' | 'sequential',
    private readonly seed: number,
  ) {
    this.permutation = order === 'random' ? new Permutation(pages, this.passSeed()) : undefined
  }

  /** The next present page, by global page number, or −1 at the end of a pass. */
  next(): number {
    while (this.index < this.pages) {
      const ppn = this.permutation === undefined ? this.index : this.permutation.at(this.index)
      this.index++
      const page = this.firstPage + ppn
      if ((A.peek(this.ptes, page) & PRESENT) !== 0) return page
    }
    this.index = 0
    this.passes++
    this.permutation?.reseed(this.passSeed())
    return -1
  }

  private passSeed(): number {
    return seedOf('scan order', this.seed, this.guest, this.passes)
  }
}

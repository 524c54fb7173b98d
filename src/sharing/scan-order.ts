/**
 * In which order a scanner's pages of a VM are scanned: each present page once in a pass. ESX chooses pages at random; here
 * each pass is another random permutation, so that "a pass" means the same for both orders.
 */
import * as A from '#atomics'
import type { GuestPages } from '../experiment/messages.js'
import { PRESENT } from '../machine/pte.js'
import { Permutation } from '../random/permutation.js'
import { seedOf } from '../random/prng.js'
import type { ScanPart } from './scan-part.js'

export class ScanOrder {
  /** Completed passes. */
  passes = 0
  /** The scanner's pages of this VM, at least one. */
  readonly pages: number
  private readonly firstPlace: number
  private index = 0
  private readonly permutation: Permutation | undefined

  constructor(
    private readonly ptes: Int32Array,
    readonly guest: number,
    vm: GuestPages,
    private readonly part: ScanPart,
    order: 'random' | 'sequential',
    private readonly seed: number,
  ) {
    this.pages = part.pagesOf(vm)
    this.firstPlace = part.placesBefore(vm.firstPage)
    this.permutation = order === 'random' ? new Permutation(this.pages, this.passSeed()) : undefined
  }

  /** The next present page, by global page number, or −1 at the end of a pass. */
  next(): number {
    while (this.index < this.pages) {
      const place = this.permutation === undefined ? this.index : this.permutation.at(this.index)
      this.index++
      const page = this.part.page(this.firstPlace + place)
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

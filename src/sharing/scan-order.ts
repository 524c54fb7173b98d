/**
 * In which order a scanner's pages of a VM are scanned: each present page once in a pass. ESX chooses pages at random; here
 * each pass is another random permutation, so that "a pass" means the same for both orders.
 *
 * What is permuted are runs of 16 pages, whose PTEs lie in one cache line or two: of pages far from each other each would wait
 * for its PTE, for its translation and for its first bytes, which together take longer than to hash it.
 */
import * as A from '#atomics'
import type { GuestPages } from '../experiment/messages.js'
import { PRESENT } from '../machine/pte.js'
import { Permutation } from '../random/permutation.js'
import { seedOf } from '../random/prng.js'
import type { ScanPart } from './scan-part.js'

const RUN_SHIFT = 4
/** Pages of a run. */
export const RUN_PAGES = 1 << RUN_SHIFT

export class ScanOrder {
  /** Completed passes. */
  passes = 0
  /** The scanner's pages of this VM, at least one. */
  readonly pages: number
  private readonly firstPlace: number
  private index = 0
  /** Of the runs; undefined: they are scanned in order. */
  private readonly permutation: Permutation | undefined
  private readonly places: number
  private runStart = 0

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
    const runs = Math.ceil(this.pages / RUN_PAGES)
    this.places = runs * RUN_PAGES
    this.permutation = order === 'random' ? new Permutation(runs, this.passSeed()) : undefined
  }

  /** The next present page, by global page number, or −1 at the end of a pass. */
  next(): number {
    while (this.index < this.places) {
      const inRun = this.index & (RUN_PAGES - 1)
      if (inRun === 0) this.runStart = this.runAt(this.index >> RUN_SHIFT) << RUN_SHIFT
      this.index++
      const place = this.runStart + inRun
      // The last run may be a short one.
      if (place >= this.pages) continue
      const page = this.part.page(this.firstPlace + place)
      if ((A.peek(this.ptes, page) & PRESENT) !== 0) return page
    }
    this.index = 0
    this.passes++
    this.permutation?.reseed(this.passSeed())
    return -1
  }

  private runAt(index: number): number {
    return this.permutation === undefined ? index : this.permutation.at(index)
  }

  private passSeed(): number {
    return seedOf('scan order', this.seed, this.guest, this.passes)
  }
}

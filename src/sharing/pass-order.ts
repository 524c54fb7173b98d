/**
 * In which order a scanner's pages of a VM come in a pass. ESX chooses pages at random; here each pass is another random
 * permutation, so that "a pass" means the same for both orders. It is arithmetic on pass and page number alone: whoever
 * knows where a scanner is knows when it will come to a page.
 *
 * What is permuted are runs of 16 pages, whose PTEs lie in one cache line or two: of pages far from each other each would wait
 * for its PTE, for its translation and for its first bytes, which together take longer than to hash it.
 */
import type { GuestPages } from '../experiment/messages.js'
import { Permutation } from '../random/permutation.js'
import { seedOf } from '../random/prng.js'
import type { ScanPart } from './scan-part.js'

const RUN_SHIFT = 4
/** Pages of a run. */
export const RUN_PAGES = 1 << RUN_SHIFT

export class PassOrder {
  /** The scanner's pages of this VM, at least one. */
  readonly pages: number
  /** Of whole runs; those beyond the last page are passed over. */
  readonly places: number
  private readonly firstPlace: number
  private readonly seed: number
  /** Of the runs; undefined: they are scanned in order. */
  private readonly permutation: Permutation | undefined

  constructor(
    readonly guest: number,
    vm: GuestPages,
    private readonly part: ScanPart,
    order: 'random' | 'sequential',
    seed: number,
  ) {
    this.pages = part.pagesOf(vm)
    this.firstPlace = part.placesBefore(vm.firstPage)
    this.seed = part.index === 0 ? seed : seedOf('scanner', seed, part.index)
    const runs = Math.ceil(this.pages / RUN_PAGES)
    this.places = runs * RUN_PAGES
    this.permutation = order === 'random' ? new Permutation(runs, 0) : undefined
    this.begin(0)
  }

  /** Turns it into the order of another pass, counted from 0. */
  begin(pass: number): void {
    this.permutation?.reseed(seedOf('scan order', this.seed, this.guest, pass))
  }

  /** The first place of the run that comes `index` places into the pass. */
  runStart(index: number): number {
    const run = index >> RUN_SHIFT
    return (this.permutation === undefined ? run : this.permutation.at(run)) << RUN_SHIFT
  }

  /** The page at a place of this scanner's part of the VM, below `pages`: a global page number. */
  page(place: number): number {
    return this.part.page(this.firstPlace + place)
  }

  /** How many places of the pass come before this page, which is one of the scanner's. */
  indexOf(page: number): number {
    const place = this.part.placesBefore(page) - this.firstPlace
    const run = place >> RUN_SHIFT
    const turn = this.permutation === undefined ? run : this.permutation.indexOf(run)
    return (turn << RUN_SHIFT) + (place & (RUN_PAGES - 1))
  }
}

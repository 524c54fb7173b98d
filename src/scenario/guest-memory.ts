/** A guest's memory in pages: how large it and its portions are after scaling, and how its image lies in it. */
import { PAGE_BYTES, pagesIn } from '../machine/layout.js'
import type { PageRange } from './plan.js'
import { type Report, under } from './problems.js'
import type { ScenarioExtent, Where } from './schema-guest.js'
import { formatSize, type Portion } from './units.js'

/** An extent of an image in pages, its contents not numbered yet. */
export interface Extent extends PageRange {
  class: ScenarioExtent['class']
  /** Pages of the extent that hold the same content. */
  copies: number
}

/** Percentages have at most this many decimals; counted in these units they are whole numbers, and exact. */
const UNITS_PER_PERCENT = 1e6

export class GuestMemory {
  readonly pages: number
  private readonly scale: number

  /** @param bytes at full size; `scale` divides it. */
  constructor(bytes: number, scale: number) {
    this.pages = pagesIn(bytes / scale)
    this.scale = scale
  }

  /** Whole pages of a portion, rounded down. */
  pagesOf(portion: Portion): number {
    if ('bytes' in portion) return pagesIn(portion.bytes / this.scale)
    return Math.floor(
      (this.pages * Math.round(portion.percent * UNITS_PER_PERCENT)) / (100 * UNITS_PER_PERCENT),
    )
  }

  /** The image's extents one after the other from PPN 0; an extent of no pages is left out. */
  layOut(image: readonly ScenarioExtent[], report: Report): Extent[] {
    const sized = image.map(({ size }) => (size === 'rest' ? 0 : this.pagesOf(size)))
    const rest = Math.max(0, this.pages - sized.reduce((sum, pages) => sum + pages, 0))
    const extents: Extent[] = []
    let first = 0
    for (const [index, extent] of image.entries()) {
      const pages = extent.size === 'rest' ? rest : sized[index]!
      const copies = extent.class === 'duplicated' ? extent.copies : 1
      const reportHere = under(report, index)
      if (pages === 0 && extent.size !== 'rest') reportHere(['size'], this.tooSmall())
      if (pages > 0 && copies > pages)
        reportHere(['copies'], `${copies} copies need as many pages; the extent has ${pages}`)
      if (first + pages > this.pages) {
        reportHere(['size'], `extents reach to ${inMemory(first + pages)}; ${this.limit()}`)
        return extents
      }
      if (pages > 0) extents.push({ class: extent.class, first, pages, copies })
      first += pages
    }
    return extents
  }

  /** The pages that an activity works on. */
  rangesOf(where: Where, extents: readonly Extent[], report: Report): PageRange[] {
    if (where === 'all') return [{ first: 0, pages: this.pages }]
    if (typeof where === 'string') {
      const ranges = extents.filter((extent) => extent.class === where)
      if (ranges.length === 0) report([], `the guest's image has no pages of class ${where}`)
      return ranges.map(({ first, pages }) => ({ first, pages }))
    }
    const pages = this.pagesOf(where)
    if (pages === 0) report([], this.tooSmall())
    if (pages > this.pages) report([], `is ${inMemory(pages)}; ${this.limit()}`)
    return [{ first: this.pages - pages, pages }]
  }

  private tooSmall(): string {
    return `is less than a page of ${formatSize(PAGE_BYTES)}${scaledBy(this.scale)}`
  }

  private limit(): string {
    return `the guest has ${inMemory(this.pages)}${scaledBy(this.scale)}`
  }
}

/** Pages as a size. */
export function inMemory(pages: number): string {
  return formatSize(pages * PAGE_BYTES)
}

/** ` after scaling by 128`, or nothing: the end of a message about a scaled figure. */
export function scaledBy(scale: number): string {
  return scale === 1 ? '' : ` after scaling by ${scale}`
}

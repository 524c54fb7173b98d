/** A scanner's way through its pages of a VM: each present page once in a pass, pass after pass. */
import * as A from '#atomics'
import { PRESENT } from '../machine/pte.js'
import { type PassOrder, RUN_PAGES } from './pass-order.js'

export class ScanOrder {
  /** Completed passes. */
  passes = 0
  /** Places of this pass that it has been to. */
  index = 0
  private runStart = 0

  constructor(
    private readonly ptes: Int32Array,
    readonly order: PassOrder,
  ) {}

  /** The next present page, by global page number, or −1 at the end of a pass. */
  next(): number {
    const { order } = this
    while (this.index < order.places) {
      const inRun = this.index & (RUN_PAGES - 1)
      if (inRun === 0) this.runStart = order.runStart(this.index)
      this.index++
      const place = this.runStart + inRun
      // The last run may be a short one.
      if (place >= order.pages) continue
      const page = order.page(place)
      if ((A.peek(this.ptes, page) & PRESENT) !== 0) return page
    }
    this.index = 0
    this.passes++
    order.begin(this.passes)
    return -1
  }
}

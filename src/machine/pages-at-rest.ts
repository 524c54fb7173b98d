/**
 * A guest's pages in a machine that nobody touches any more: in a frame, in the swap file, or never touched. They are
 * asked for in order, so slots of the swap file are read ahead.
 */
import type { PagesAtRest } from '../guest/ram.js'
import { ZERO_PAGE_DIGEST } from '../kernels/digest.js'
import type { Machine } from './machine.js'
import { LOCKED, mpnOf, PRESENT, SWAPPED } from './pte.js'
import type { ScratchPages } from './scratch.js'

export class MachinePages implements PagesAtRest {
  /** The pages whose slots lie in the scratch pages. */
  private readFrom = 0
  private readEnd = 0

  constructor(
    private readonly machine: Machine,
    /** Global page number of the guest's PPN 0. */
    private readonly firstPage: number,
    private readonly swapFd: number | undefined,
    private readonly scratch: ScratchPages,
  ) {}

  digestOf(ppn: number): number | undefined {
    const page = this.firstPage + ppn
    const pte = this.machine.ptes[page]!
    if ((pte & PRESENT) !== 0) return this.machine.kernels.digest(mpnOf(pte))
    if ((pte & SWAPPED) !== 0) return this.digestOfSlot(page)
    return ZERO_PAGE_DIGEST
  }

  placeOf(ppn: number): string {
    const pte = this.machine.ptes[this.firstPage + ppn]!
    const locked = (pte & LOCKED) !== 0 ? ', locked' : ''
    if ((pte & PRESENT) !== 0) return `MPN ${mpnOf(pte)}${locked}`
    return ((pte & SWAPPED) !== 0 ? 'swapped' : 'never touched') + locked
  }

  /** Undefined if it can't be read whole. */
  private digestOfSlot(page: number): number | undefined {
    if (page < this.readFrom || page >= this.readEnd) {
      this.readFrom = page
      this.readEnd = page + this.scratch.readSlots(this.swapFd!, page)
    }
    return page < this.readEnd ? this.scratch.digest(page - this.readFrom) : undefined
  }
}

/** A guest's pages in a machine that nobody touches any more: in a frame, in the swap file, or never touched. */
import type { PagesAtRest } from '../guest/ram.js'
import { ZERO_PAGE_DIGEST } from '../kernels/digest.js'
import type { Machine } from './machine.js'
import { LOCKED, mpnOf, PRESENT, SWAPPED } from './pte.js'
import type { ScratchPage } from './scratch.js'

export class MachinePages implements PagesAtRest {
  constructor(
    private readonly machine: Machine,
    /** Global page number of the guest's PPN 0. */
    private readonly firstPage: number,
    private readonly swapFd: number | undefined,
    private readonly scratch: ScratchPage,
  ) {}

  digestOf(ppn: number): number | undefined {
    const page = this.firstPage + ppn
    const pte = this.machine.ptes[page]!
    if ((pte & PRESENT) !== 0) return this.machine.kernels.digest(mpnOf(pte))
    if ((pte & SWAPPED) !== 0) return this.scratch.digestOfSlot(this.swapFd!, page)
    return ZERO_PAGE_DIGEST
  }

  placeOf(ppn: number): string {
    const pte = this.machine.ptes[this.firstPage + ppn]!
    const locked = (pte & LOCKED) !== 0 ? ', locked' : ''
    if ((pte & PRESENT) !== 0) return `MPN ${mpnOf(pte)}${locked}`
    return ((pte & SWAPPED) !== 0 ? 'swapped' : 'never touched') + locked
  }
}

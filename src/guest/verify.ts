/**
 * The last question to a guest: does every page hold exactly the bytes that you last wrote? Each page's digest is
 * computed from memory, or from the swap file, and compared with the one that the guest kept to itself.
 */
import type { PageVerification } from '../experiment/messages.js'
import { ZERO_PAGE_DIGEST } from '../kernels/digest.js'
import type { Machine } from '../machine/machine.js'
import type { Mmu } from '../machine/mmu.js'
import { LOCKED, mpnOf, PRESENT, SWAPPED } from '../machine/pte.js'
import type { ScratchPage } from '../machine/scratch.js'

/** Findings that are written out; the rest is only counted. */
const FINDINGS_MAX = 10

/** For a quiet machine only. `name` is the guest's. */
export function verifyPages(
  machine: Machine,
  mmu: Mmu,
  name: string,
  swapFd: number | undefined,
  scratch: ScratchPage,
): PageVerification {
  const result: PageVerification = { pagesVerified: 0, mismatches: 0, findings: [] }
  for (let ppn = 0; ppn < mmu.pages; ppn++) {
    const page = mmu.firstPage + ppn
    const pte = machine.ptes[page]!
    result.pagesVerified++
    if (digestOf(machine, page, pte, swapFd, scratch) === mmu.digests[ppn]) continue
    result.mismatches++
    if (result.findings.length < FINDINGS_MAX) {
      result.findings.push(
        `guest ${name} PPN ${ppn} (${placeOf(pte)}): holds bytes that its guest did not write`,
      )
    }
  }
  return result
}

function digestOf(
  machine: Machine,
  page: number,
  pte: number,
  swapFd: number | undefined,
  scratch: ScratchPage,
): number | undefined {
  if ((pte & PRESENT) !== 0) return machine.kernels.digest(mpnOf(pte))
  if ((pte & SWAPPED) !== 0) return scratch.digestOfSlot(swapFd!, page)
  return ZERO_PAGE_DIGEST
}

function placeOf(pte: number): string {
  const locked = (pte & LOCKED) !== 0 ? ', locked' : ''
  if ((pte & PRESENT) !== 0) return `MPN ${mpnOf(pte)}${locked}`
  return ((pte & SWAPPED) !== 0 ? 'swapped' : 'never touched') + locked
}

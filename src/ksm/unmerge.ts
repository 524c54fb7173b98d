/**
 * `run` = 2: every shared page gets a frame of its own again, as if its guest had stored to it (Linux 6.12–6.18,
 * mm/ksm.c, unmerge_and_remove_all_rmap_items).
 *
 * It is safe against running guests for the reason that a CoW fault is: the page's PTE is locked from before the copy
 * until it names the new frame, and the reference to the shared one is dropped after that. A page that a guest holds,
 * or for which there is no frame, is left for another round, with no lock held meanwhile; since nothing merges
 * in the course of a round, one that leaves no page ends it.
 */
import * as A from '#atomics'
import type { GuestPages } from '../experiment/messages.js'
import { FRAME_WORDS, ownedBy, STATE } from '../machine/frames.js'
import type { Machine } from '../machine/machine.js'
import { LOCKED, mpnOf, privatePte, SHARED } from '../machine/pte.js'

export class Unmerge {
  private guest = 0
  private ppn = 0
  /** Whether this round left a shared page as it was, and whether that was for want of a frame. */
  private leftPages = false
  private lacksFrames = false

  constructor(
    private readonly machine: Machine,
    private readonly guests: readonly GuestPages[],
  ) {}

  /** The next step is the first of a round: pages may have been merged since the last one. */
  begin(): void {
    this.guest = 0
    this.ppn = 0
    this.leftPages = false
    this.lacksFrames = false
  }

  /**
   * Looks at the next pages, at most so many.
   * @returns `done`: no page is shared any more; `again`: there is more to do; `rest`: and it needs time
   */
  step(pages: number): 'done' | 'again' | 'rest' {
    for (let looked = 0; looked < pages; looked++) {
      while (this.guest < this.guests.length && this.ppn === this.guests[this.guest]!.pages) {
        this.guest++
        this.ppn = 0
      }
      if (this.guest === this.guests.length) return this.endRound()
      this.unmerge(this.guests[this.guest]!.firstPage + this.ppn++)
    }
    return 'again'
  }

  private endRound(): 'done' | 'again' | 'rest' {
    const { leftPages, lacksFrames } = this
    this.begin()
    if (lacksFrames) this.machine.allocator.requestReclaim()
    return leftPages ? 'rest' : 'done'
  }

  private unmerge(page: number): void {
    const { machine } = this
    const pte = A.load(machine.ptes, page)
    if ((pte & SHARED) === 0) return
    if ((pte & LOCKED) !== 0 || !machine.tryLock(page, pte)) {
      this.leftPages = true
      return
    }
    const frame = machine.allocator.allocate()
    if (frame < 0) {
      machine.unlock(page, pte)
      this.leftPages = true
      this.lacksFrames = true
      return
    }
    const sharedMpn = mpnOf(pte)
    machine.kernels.copy(frame, sharedMpn)
    A.store(machine.frameTable, frame * FRAME_WORDS + STATE, ownedBy(page))
    machine.unlock(page, privatePte(frame))
    machine.dropReference(sharedMpn)
  }
}

/**
 * The hypervisor's last resort: when free memory runs low it takes guest pages at random, tries to share each one
 * first, and else writes it to the swap file and frees its frame, until enough is free again. Shared pages are left
 * alone: they save memory as they are.
 *
 * Why no page is dropped: a page's frame is freed only after the swap file took all of it, while its PTE is locked,
 * so no store can fall between the copy and the remapping. A page that can't be written stays where it is.
 */
import * as A from '#atomics'
import type { GuestPages } from '../experiment/messages.js'
import type { Machine } from '../machine/machine.js'
import { isIdlePrivate, mpnOf, SWAPPED_PTE } from '../machine/pte.js'
import type { SwapFile } from '../machine/swap.js'
import { RECLAIM } from '../measure/counters.js'
import type { Prng } from '../random/prng.js'
import type { Control } from '../sync/control.js'
import type { Policy } from './policy.js'

/** How often an idle reclaimer looks whether the run is over. */
const IDLE_MS = 20
/** Pages tried in a row without freeing one before the reclaimer takes a rest: all may be shared, or unwritable. */
const FRUITLESS_TRIES_MAX = 10_000
const REST_MS = 2

export class Reclaimer {
  private readonly pagesBefore: number[]
  private readonly guestPages: number
  /** Why the last page that was to be written to the swap file could not be; undefined when it could. */
  swapError: string | undefined
  private writeFailed = false

  constructor(
    private readonly machine: Machine,
    private readonly policy: Policy,
    private readonly control: Control,
    private readonly counters: Float64Array,
    private readonly guests: readonly GuestPages[],
    private readonly prng: Prng,
    /** Frames that must be free before it stops. */
    private readonly enoughFrames: number,
  ) {
    this.pagesBefore = guests.map((guest) => guest.firstPage)
    this.guestPages = guests.reduce((sum, guest) => sum + guest.pages, 0)
  }

  /** Waits to be asked for frames, and frees them, until the run stops. */
  run(): void {
    const { allocator } = this.machine
    while (!this.control.isStopping()) {
      if (!allocator.awaitReclaimRequest(IDLE_MS)) continue
      const enough = this.freeFrames()
      allocator.reclaimDone()
      if (!enough) this.control.sleep(this.control.event(), REST_MS)
    }
  }

  /** False: it can't free enough for now. */
  private freeFrames(): boolean {
    let fruitless = 0
    this.writeFailed = false
    while (this.machine.allocator.availableFrames() < this.enoughFrames) {
      if (this.control.isStopping() || fruitless > FRUITLESS_TRIES_MAX || this.writeFailed) return false
      fruitless = this.freeOne() ? 0 : fruitless + 1
    }
    return true
  }

  /** Takes one page at random; true if that freed a frame. */
  private freeOne(): boolean {
    const page = this.prng.nextBelow(this.guestPages)
    const guest = this.guestOf(page)
    if (!isIdlePrivate(A.peek(this.machine.ptes, page))) return false
    if (this.guests[guest]!.share && this.policy.visit(page, guest, false)) return true
    return this.machine.swap !== undefined && this.swapOut(this.machine.swap, page)
  }

  private swapOut(swap: SwapFile, page: number): boolean {
    const { machine } = this
    const pte = A.load(machine.ptes, page)
    if (!isIdlePrivate(pte) || !machine.tryLock(page, pte)) return false
    const mpn = mpnOf(pte)
    this.swapError = swap.write(mpn, page)
    this.writeFailed = this.swapError !== undefined
    if (this.writeFailed) {
      machine.unlock(page, pte)
      return false
    }
    machine.unlock(page, SWAPPED_PTE)
    machine.releasePrivate(mpn)
    this.counters[RECLAIM.swapOuts]! += 1
    return true
  }

  private guestOf(page: number): number {
    let guest = this.guests.length - 1
    while (this.pagesBefore[guest]! > page) guest--
    return guest
  }
}

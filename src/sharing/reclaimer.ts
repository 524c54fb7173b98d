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
import { nowNs } from '../measure/clock.js'
import { RECLAIM } from '../measure/counters.js'
import type { Prng } from '../random/prng.js'
import { type Actor, AT_ONCE, drive, ON_EVENT, OVER } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import { guestOf } from './guest-of.js'
import type { Policy } from './policy.js'

/** How often an idle reclaimer looks whether the run is over. */
const IDLE_MS = 20
/** Pages tried in a row without freeing one before the reclaimer takes a rest: all may be shared, or unwritable. */
const FRUITLESS_TRIES_MAX = 10_000
const REST_NS = 2e6

export class Reclaimer implements Actor {
  private readonly guestPages: number
  /** Why the last page that was to be written to the swap file could not be; undefined when it could. */
  swapError: string | undefined
  private writeFailed = false
  /** Whether it is answering a request, and how many pages it has tried in vain since it last freed a frame. */
  private isFreeing = false
  private fruitlessTries = 0

  constructor(
    private readonly machine: Machine,
    /** Undefined: pages are not tried for sharing. */
    private readonly policy: Pick<Policy, 'visit'> | undefined,
    private readonly control: Control,
    private readonly counters: Float64Array,
    private readonly guests: readonly GuestPages[],
    private readonly prng: Prng,
    /** Frames that must be free before it stops. */
    private readonly enoughFrames: number,
  ) {
    this.guestPages = guests.reduce((sum, guest) => sum + guest.pages, 0)
  }

  /** Waits on the calling thread to be asked for frames, and frees them, until the run stops. */
  run(): void {
    const { control, machine } = this
    drive(this, control, (event, wakeNs) => {
      if (wakeNs === ON_EVENT) machine.allocator.awaitReclaimRequest(IDLE_MS)
      else control.sleep(event, (wakeNs - nowNs()) / 1e6)
    })
  }

  /** Tries one page, if frames are asked for; ON_EVENT: until they are. */
  step(): number {
    if (this.control.isStopping()) return OVER
    const { allocator } = this.machine
    if (!this.isFreeing) {
      if (!allocator.isReclaimRequested()) return ON_EVENT
      this.isFreeing = true
      this.fruitlessTries = 0
      this.writeFailed = false
    }
    if (allocator.availableFrames() >= this.enoughFrames) {
      this.done()
      return ON_EVENT
    }
    if (this.fruitlessTries > FRUITLESS_TRIES_MAX || this.writeFailed) {
      this.done()
      return nowNs() + REST_NS
    }
    this.fruitlessTries = this.freeOne() ? 0 : this.fruitlessTries + 1
    return AT_ONCE
  }

  private done(): void {
    this.isFreeing = false
    this.machine.allocator.reclaimDone()
  }

  /** Takes one page at random; true if that freed a frame. */
  private freeOne(): boolean {
    const page = this.prng.nextBelow(this.guestPages)
    const guest = guestOf(this.guests, page)
    if (!isIdlePrivate(A.peek(this.machine.ptes, page))) return false
    if (this.guests[guest]!.share && this.policy?.visit(page, guest) === true) return true
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
}

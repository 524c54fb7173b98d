/**
 * The hypervisor's last resort: when free memory runs low it takes guest pages at random, tries to share each one
 * first, and else writes it to the swap file and frees its frame, until enough is free again. Shared pages are left
 * alone: they save memory as they are.
 *
 * As long as sharing frees frames at a good rate it does nothing else: guests that touch their memory faster than it is
 * scanned would otherwise have pages written that are only in the way of those that can be shared.
 *
 * It takes pages by the cluster, adjacent ones at a random place, so that what is to be written goes to the disk in few
 * calls. All of a cluster are tried for sharing before any is written. A cluster is as large as what is needed, so none is
 * broken off, which would spare the pages at its end.
 *
 * Why no page is dropped: a page's frame is freed only after the swap file took all of it, while its PTE is locked,
 * so no store can fall between the copy and the remapping. A page that can't be written stays where it is. While a run of
 * pages is written their PTEs are held at once; each was try-locked, and their holder waits for nothing but the
 * disk, and then one bucket at a time: there is no cycle, and who wants one of them waits for one write.
 */
import * as A from '#atomics'
import type { GuestPages } from '../experiment/messages.js'
import type { Machine } from '../machine/machine.js'
import { isIdlePrivate, mpnOf, SWAPPED_PTE } from '../machine/pte.js'
import { CLUSTER_PAGES, type SwapFile } from '../machine/swap.js'
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
/** Nothing is written while at least this part of the pages tried lately could be shared. */
const SHARING_PAYS_PART = 1 / 16
/** What "lately" is: the weight of a page tried falls to 1/e with so many more. */
const LATELY_PAGES = 1024

export class Reclaimer implements Actor {
  private readonly guestPages: number
  /** Why the last pages that were to be written to the swap file could not be; undefined when they could. */
  swapError: string | undefined
  private writeFailed = false
  /** PTEs of the cluster that may be written, as they were when sharing them had been tried; else 0. */
  private readonly seen = new Int32Array(CLUSTER_PAGES)
  /** Whether it is answering a request, and how many pages it has tried in vain since it last freed a frame. */
  private isFreeing = false
  private fruitlessTries = 0
  /** Of the pages tried lately, the part that was shared. */
  private sharedPart = 0

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
    /** How many pages one step tries at most: a power of two. */
    private readonly clusterPages = CLUSTER_PAGES,
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

  /** Tries one cluster of pages, if frames are asked for; ON_EVENT: until they are. */
  step(): number {
    if (this.control.isStopping()) return OVER
    const { allocator } = this.machine
    if (!this.isFreeing) {
      if (!allocator.isReclaimRequested()) return ON_EVENT
      this.isFreeing = true
      this.fruitlessTries = 0
      this.writeFailed = false
    }
    const neededFrames = this.enoughFrames - allocator.availableFrames()
    if (neededFrames <= 0) {
      this.done()
      return ON_EVENT
    }
    if (this.fruitlessTries > FRUITLESS_TRIES_MAX || this.writeFailed) {
      this.done()
      return nowNs() + REST_NS
    }
    const pages = Math.min(this.clusterPages, 2 ** Math.floor(Math.log2(neededFrames)))
    this.fruitlessTries = this.freeCluster(pages) > 0 ? 0 : this.fruitlessTries + pages
    return AT_ONCE
  }

  private done(): void {
    this.isFreeing = false
    this.machine.allocator.reclaimDone()
  }

  /** Takes so many pages, those around one at random; returns how many were shared or swapped out. */
  private freeCluster(clusterPages: number): number {
    const page = this.prng.nextBelow(this.guestPages)
    const first = page - (page % clusterPages)
    const pages = Math.min(clusterPages, this.guestPages - first)
    let freed = 0
    for (let place = 0; place < pages; place++) {
      if (this.tryToShare(first, place)) freed++
    }
    this.sharedPart += (freed - pages * this.sharedPart) / LATELY_PAGES
    const { swap } = this.machine
    if (swap === undefined || this.sharedPart >= SHARING_PAYS_PART) return freed
    for (let place = 0; place < pages && !this.writeFailed; place++) {
      const run = this.lockRun(swap, first, place, pages)
      if (run > 0) freed += this.swapOut(swap, first, place, run)
      place += run
    }
    return freed
  }

  /** True if that freed its frame; else it notes what may be written, which a page that is shared now may not. */
  private tryToShare(first: number, place: number): boolean {
    const page = first + place
    this.seen[place] = 0
    if (!isIdlePrivate(A.peek(this.machine.ptes, page))) return false
    const guest = guestOf(this.guests, page)
    if (this.guests[guest]!.share && this.policy?.visit(page, guest) === true) return true
    this.seen[place] = A.load(this.machine.ptes, page)
    return false
  }

  /** Locks and gathers the pages of a cluster from one place on, up to the first that can't be; returns how many. */
  private lockRun(swap: SwapFile, first: number, from: number, end: number): number {
    let place = from
    for (; place < end; place++) {
      const pte = this.seen[place]!
      if (!isIdlePrivate(pte) || !this.machine.tryLock(first + place, pte)) break
      swap.gather(place - from, mpnOf(pte))
    }
    return place - from
  }

  /** Writes a run that is locked and gathered, unlocks it, and frees the frames of the pages that were wholly written. */
  private swapOut(swap: SwapFile, first: number, from: number, pages: number): number {
    const { machine } = this
    const written = swap.writeGathered(first + from, pages)
    for (let place = from; place < from + pages; place++) {
      const page = first + place
      const pte = this.seen[place]!
      const isWritten = place < from + written
      machine.unlock(page, isWritten ? SWAPPED_PTE : pte)
      if (isWritten) machine.releasePrivate(mpnOf(pte))
    }
    this.swapError = swap.writeError
    this.writeFailed = written < pages
    this.counters[RECLAIM.swapOuts]! += written
    return written
  }
}

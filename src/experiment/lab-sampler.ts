/**
 * Samples of the lab: all of it at one moment, from counters, page table entries and tags. Runs on the main thread, beside
 * the working guests, and locks nothing: each word is as it was when it was read. Where exactness matters, at a
 * trace's snapshots, the guests stand still.
 *
 * Opportunity needs no hashing: it is the number of present pages less the number of distinct tags among them, a
 * unique page being distinct from all. One pass over the page tables, a bit for each content and each frame.
 */
import * as A from '#atomics'
import { ksmCountersOf, ksmStatOf } from '../ksm/sample.js'
import { countFreeFrames } from '../machine/allocator.js'
import { FRAME_WORDS, STATE } from '../machine/frames.js'
import { type MachineHandle, UNIQUE_TAG, ZERO_TAG } from '../machine/machine.js'
import { mpnOf, PRESENT, SHARED, SWAPPED } from '../machine/pte.js'
import { counterRow, GUEST, KSM, RECLAIM, readCounters, SCAN } from '../measure/counters.js'
import type { Plan } from '../scenario/plan.js'
import type { Sampler } from './backend.js'
import { Bits } from './bits.js'
import type { LabScan } from './lab-scan.js'
import type { GuestSample, KsmSample, Sample } from './outcome.js'

/** No PTE of a page that is there. */
const NO_PTE = 0

export class LabSampler implements Sampler {
  private readonly contentsSeen: Bits
  private readonly framesSeen: Bits
  private readonly guestRows: Float64Array[]
  /** Of the one scanner of policy `ksm`. */
  private readonly ksmRow: Float64Array
  private readonly reclaimRow: Float64Array

  constructor(
    private readonly plan: Plan,
    private readonly machine: MachineHandle,
    counters: Float64Array,
    private readonly scan: LabScan,
  ) {
    const guests = plan.guests.length
    this.contentsSeen = new Bits(plan.contents)
    this.framesSeen = new Bits(machine.memory.frames)
    this.guestRows = plan.guests.map((_, guest) => counterRow(counters, guest))
    this.ksmRow = counterRow(counters, guests)
    this.reclaimRow = counterRow(counters, guests + plan.scanner.count)
  }

  /** @param timeSeconds scenario seconds */
  sample(timeSeconds: number, phase: string, snapshot: number | undefined): Sample {
    this.contentsSeen.clear()
    this.framesSeen.clear()
    const guests: GuestSample[] = []
    let distinct = 0
    let common = 0
    let firstPage = 0
    this.plan.guests.forEach(({ pages }, guest) => {
      const counts = this.countPages(firstPage, pages)
      distinct += counts.newContents
      common += counts.newSharedFrames
      firstPage += pages
      const row = this.guestRows[guest]!
      const ksm =
        this.plan.scanner.policy === 'ksm'
          ? ksmStatOf(this.ksmRow, row, this.machine, firstPage - pages, pages)
          : undefined
      guests.push({ ...counts.guest, ...readCounters(row, GUEST), ksm })
    })
    const sum = (field: Exclude<keyof GuestSample, 'ksm'>) =>
      guests.reduce((total, guest) => total + (guest[field] ?? 0), 0)
    const sharedPages = sum('sharedPages')
    const presentPages = sum('presentPages')
    return {
      timeSeconds,
      phase,
      snapshot,
      presentPages,
      sharedPages,
      sharedCommonPages: common,
      savedPages: sharedPages - common,
      zeroPages: sum('zeroPages'),
      swappedPages: sum('swappedPages'),
      opportunityPages: presentPages - distinct,
      footprintPages: this.machine.memory.frames - countFreeFrames(this.machine.allocator),
      scan: this.scan.counters(),
      cowFaults: sum('cowFaults'),
      swapOuts: this.reclaimRow[RECLAIM.swapOuts]!,
      swapIns: sum('swapIns'),
      reclaimMerges: this.reclaimRow[SCAN.merges]!,
      stores: sum('stores'),
      ksm: this.ksmSample(),
      guests,
    }
  }

  private ksmSample(): KsmSample | undefined {
    if (this.plan.scanner.policy !== 'ksm') return undefined
    const pages_to_scan = this.ksmRow[KSM.pages_to_scan]!
    return { ...ksmCountersOf(this.ksmRow, this.machine), pages_to_scan, cow_ksm: undefined }
  }

  private countPages(firstPage: number, pages: number) {
    const { ptes, tags, frameTable } = this.machine
    let present = 0
    let shared = 0
    let saved = 0
    let zero = 0
    let swapped = 0
    let newContents = 0
    let newSharedFrames = 0
    // Neighbours often hold the same, above all zeros: what was found out of one holds for the next.
    let lastTag = UNIQUE_TAG
    let lastShared = NO_PTE
    let savedByLast = 0
    for (let page = firstPage; page < firstPage + pages; page++) {
      const pte = A.peek(ptes, page)
      if ((pte & PRESENT) === 0) {
        if ((pte & SWAPPED) !== 0) swapped++
        continue
      }
      present++
      const tag = tags[page]!
      if (tag === UNIQUE_TAG) {
        newContents++
      } else if (tag !== lastTag) {
        lastTag = tag
        if (this.contentsSeen.add(tag)) newContents++
      }
      if ((pte & SHARED) === 0) continue
      shared++
      if (tag === ZERO_TAG) zero++
      if (pte !== lastShared) {
        lastShared = pte
        const mpn = mpnOf(pte)
        if (this.framesSeen.add(mpn)) newSharedFrames++
        savedByLast = 1 - 1 / Math.max(1, A.peek(frameTable, mpn * FRAME_WORDS + STATE))
      }
      saved += savedByLast
    }
    const guest = {
      presentPages: present,
      sharedPages: shared,
      savedPages: saved,
      zeroPages: zero,
      swappedPages: swapped,
    }
    return { guest, newContents, newSharedFrames }
  }
}

/**
 * Samples of a run on the host's kernel: what its KSM counts, what the guests count, and what they say their pages hold.
 * Runs on the main thread, beside the working guests and ksmd.
 *
 * What is shared is told as the kernel accounts it: it takes note of a CoW fault only when ksmd next comes to the page
 * (ksm/counters.ts), and does not tell whose the pages are. That stands in smaps, which is slow to read for large memories:
 * it then is read at the borders of phases only.
 */
import * as A from '#atomics'
import type { GuestMemory } from '../linux/guest-memories.js'
import { readKsmCounter, readKsmCounters, readKsmEvents } from '../linux/ksm-counters.js'
import { readPagesToScan } from '../linux/ksm-settings.js'
import { readKsmStat } from '../linux/ksm-stat.js'
import type { LinuxMemory } from '../linux/ram.js'
import { type AddressRange, mergedPages } from '../linux/smaps.js'
import { UNIQUE_TAG } from '../machine/machine.js'
import { PRESENT } from '../machine/pte.js'
import { realNowNs } from '../measure/clock.js'
import { counterRow, GUEST, LINUX_GUEST, readCounters, readCowLatencies } from '../measure/counters.js'
import type { Plan } from '../scenario/plan.js'
import type { Sampler, Scan } from './backend.js'
import { Bits } from './bits.js'
import type { GuestSample, KsmSample, Sample, ScanCounters, ThreadSample } from './outcome.js'
import type { Accounts } from './run-accounts.js'

/** As long as smaps takes less, it is read at every sample. */
const SMAPS_LIMIT_NS = 5e6

export class LinuxSampler implements Sampler {
  private readonly contentsSeen: Bits
  private readonly guestRows: Float64Array[]
  private readonly ranges: AddressRange[][]
  /** What had been counted before the run. */
  private readonly before = {
    pages_scanned: readKsmCounter('pages_scanned'),
    pages_skipped: readKsmCounter('pages_skipped'),
    cow_ksm: readKsmEvents().cow_ksm,
  }
  private smapsNs = 0

  constructor(
    private readonly plan: Plan,
    private readonly memory: Pick<LinuxMemory, 'ptes' | 'tags'>,
    memories: readonly GuestMemory[],
    counters: Float64Array,
    private readonly scan: Scan,
    private readonly accounts: Pick<Accounts, 'read'>,
  ) {
    this.contentsSeen = new Bits(plan.contents)
    this.guestRows = plan.guests.map((_, guest) => counterRow(counters, guest))
    this.ranges = memories.map(rangesOf)
  }

  sample(timeSeconds: number, phase: string, snapshot: number | undefined, isBorder: boolean): Sample {
    const accounts = this.accounts.read()
    const ksm = this.ksmSample()
    const { pages_shared = 0, pages_sharing = 0, ksm_zero_pages = 0 } = ksm
    const { guests, opportunityPages } = this.guests(isBorder)
    const sum = (field: keyof typeof GUEST | 'presentPages') =>
      guests.reduce((total, guest) => total + guest[field], 0)
    const presentPages = sum('presentPages')
    const sharedPages = pages_shared + pages_sharing + ksm_zero_pages
    // The zero page is a frame that is shared, too.
    const sharedCommonPages = pages_shared + Math.min(1, ksm_zero_pages)
    const savedPages = sharedPages - sharedCommonPages
    return {
      timeSeconds,
      phase,
      snapshot,
      presentPages,
      sharedPages,
      sharedCommonPages,
      savedPages,
      zeroPages: ksm_zero_pages,
      swappedPages: 0,
      opportunityPages,
      footprintPages: presentPages - savedPages,
      scan: this.scanCounters(ksm, accounts.threads?.at(-1)),
      cowFaults: sum('cowFaults'),
      cowLatencies: readCowLatencies(this.guestRows),
      swapOuts: 0,
      swapIns: 0,
      brokenPages: undefined,
      notShared: undefined,
      reclaimMerges: 0,
      stores: sum('stores'),
      ksm,
      linux: {
        zeroPageFaults: this.guestRows.reduce((total, row) => total + row[LINUX_GUEST.zeroPageFaults]!, 0),
        ksm_stat: readKsmStat(process.pid),
      },
      guests,
      ...accounts,
    }
  }

  private guests(isBorder: boolean): { guests: GuestSample[]; opportunityPages: number } {
    this.contentsSeen.clear()
    const merged = this.mergedPages(isBorder)
    let opportunityPages = 0
    let firstPage = 0
    const guests = this.plan.guests.map(({ pages }, guest) => {
      const { present, distinct } = this.countContents(firstPage, pages)
      opportunityPages += present - distinct
      firstPage += pages
      return {
        presentPages: present,
        sharedPages: merged?.[guest],
        savedPages: undefined,
        zeroPages: undefined,
        cowHintPages: undefined,
        swappedPages: 0,
        ...readCounters(this.guestRows[guest]!, GUEST),
        ksm: undefined,
      }
    })
    return { guests, opportunityPages }
  }

  /** The pages that a guest has touched, and how many contents among them were not met before. */
  private countContents(firstPage: number, pages: number): { present: number; distinct: number } {
    const { ptes, tags } = this.memory
    let present = 0
    let distinct = 0
    for (let page = firstPage; page < firstPage + pages; page++) {
      if ((A.peek(ptes, page) & PRESENT) === 0) continue
      present++
      const tag = tags[page]!
      if (tag === UNIQUE_TAG || this.contentsSeen.add(tag)) distinct++
    }
    return { present, distinct }
  }

  /** Of each guest; undefined: not asked for. */
  private mergedPages(isBorder: boolean): number[] | undefined {
    if (!isBorder && this.smapsNs > SMAPS_LIMIT_NS) return undefined
    const startNs = realNowNs()
    const pages = mergedPages(this.ranges)
    this.smapsNs = realNowNs() - startNs
    return pages
  }

  private ksmSample(): KsmSample {
    const { before } = this
    const counters = readKsmCounters()
    return {
      ...counters,
      pages_scanned: since(before.pages_scanned, counters.pages_scanned),
      pages_skipped: since(before.pages_skipped, counters.pages_skipped),
      pages_to_scan: readPagesToScan(),
      cow_ksm: since(before.cow_ksm, readKsmEvents().cow_ksm),
    }
  }

  private scanCounters({ pages_scanned = 0 }: KsmSample, ksmd: ThreadSample | undefined): ScanCounters {
    return {
      pagesScanned: pages_scanned,
      passes: this.scan.passes()[0]!,
      cpuSeconds: ksmd?.cpuSeconds,
      waitingSeconds: ksmd?.waitingSeconds,
    }
  }
}

/** One for each segment. */
function rangesOf({ memory, addresses }: GuestMemory): AddressRange[] {
  return addresses.map((start, index) => ({
    start,
    end: start + memory.segments[index]!.buffer.byteLength,
  }))
}

function since(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : now - before
}

/**
 * Samples of the lab: all of it at one moment, from counters, page table entries and tags. Runs on the main thread, beside
 * the working guests, and locks nothing: each word is as it was when it was read. Where exactness matters, at a
 * trace's snapshots, the guests stand still.
 *
 * Opportunity needs no hashing: it is the number of present pages less the number of distinct tags among them, a
 * unique page being distinct from all.
 */
import { ksmCountersOf, ksmStatOf } from '../ksm/sample.js'
import { countFreeFrames } from '../machine/allocator.js'
import type { MachineHandle } from '../machine/machine.js'
import { counterRow, GUEST, KSM, RECLAIM, readCounters, readCowLatencies, SCAN } from '../measure/counters.js'
import type { Plan } from '../scenario/plan.js'
import { saltNumbers } from '../sharing/salt.js'
import type { Sampler } from './backend.js'
import type { LabScan } from './lab-scan.js'
import type { ScannerTask } from './messages.js'
import { NotShared } from './not-shared.js'
import type { GuestSample, KsmSample, Sample } from './outcome.js'
import { PageCounter } from './page-counter.js'
import type { Accounts } from './run-accounts.js'
import { ScanLag } from './scan-lag.js'

export class LabSampler implements Sampler {
  private readonly counter: PageCounter
  private readonly reasons: { lag: ScanLag; notShared: NotShared } | undefined
  private readonly guestRows: Float64Array[]
  /** Of the one scanner of policy `ksm`. */
  private readonly ksmRow: Float64Array
  private readonly reclaimRow: Float64Array

  constructor(
    private readonly plan: Plan,
    private readonly machine: MachineHandle,
    counters: Float64Array,
    private readonly scan: LabScan,
    private readonly accounts: Pick<Accounts, 'read'>,
    scanners: readonly ScannerTask[],
    /** Since the start of a phase that is on, on its clock. */
    private readonly phaseNs: (phase: number) => number,
  ) {
    const guests = plan.guests.length
    this.reasons = reasonsOf(plan, scanners, machine.ptes.length)
    this.counter = new PageCounter(machine, plan.contents, this.reasons?.notShared)
    this.guestRows = plan.guests.map((_, guest) => counterRow(counters, guest))
    this.ksmRow = counterRow(counters, guests)
    this.reclaimRow = counterRow(counters, guests + plan.scanner.count)
  }

  /** @param timeSeconds scenario seconds */
  sample(timeSeconds: number, phase: string, snapshot: number | undefined): Sample {
    const { counter, reasons } = this
    const accounts = this.accounts.read()
    const phaseIndex = this.plan.phases.findIndex(({ name }) => name === phase)
    counter.begin()
    reasons?.notShared.begin()
    reasons?.lag.begin(phaseIndex, this.phaseNs(phaseIndex))
    const guests: GuestSample[] = []
    let firstPage = 0
    this.plan.guests.forEach(({ pages }, guest) => {
      const row = this.guestRows[guest]!
      const isKsm = this.plan.scanner.policy === 'ksm'
      const ksm = isKsm ? ksmStatOf(this.ksmRow, row, this.machine, firstPage, pages) : undefined
      const counted = counter.count(guest, firstPage, pages)
      reasons?.lag.notePresent(guest, counted.presentPages / pages)
      const cowHintPages = isKsm ? undefined : counted.cowHintPages
      guests.push({ ...counted, cowHintPages, ...readCounters(row, GUEST), ksm })
      firstPage += pages
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
      sharedCommonPages: counter.sharedFrames,
      savedPages: sharedPages - counter.sharedFrames,
      zeroPages: sum('zeroPages'),
      swappedPages: sum('swappedPages'),
      opportunityPages: presentPages - counter.distinctContents,
      footprintPages: this.machine.memory.frames - countFreeFrames(this.machine.allocator),
      // Contents of a trace all have numbers, also those that only one page holds.
      brokenPages: this.plan.trace === undefined ? counter.brokenPages : undefined,
      notShared: reasons?.notShared.byReason(),
      scan: this.scan.counters(accounts.threads),
      cowFaults: sum('cowFaults'),
      // A clock that stands still in an operation measures nothing of it.
      cowLatencies: this.plan.engine === 'stepped' ? undefined : readCowLatencies(this.guestRows),
      swapOuts: this.reclaimRow[RECLAIM.swapOuts]!,
      swapIns: sum('swapIns'),
      reclaimMerges: this.reclaimRow[SCAN.merges]!,
      stores: sum('stores'),
      ksm: this.ksmSample(),
      guests,
      ...accounts,
    }
  }

  private ksmSample(): KsmSample | undefined {
    if (this.plan.scanner.policy !== 'ksm') return undefined
    const pages_to_scan = this.ksmRow[KSM.pages_to_scan]!
    return { ...ksmCountersOf(this.ksmRow, this.machine), pages_to_scan, cow_ksm: undefined }
  }
}

/** Only of policy `tps` it is known why a page is not shared. */
function reasonsOf({ guests, scanner, contents }: Plan, scanners: readonly ScannerTask[], pages: number) {
  if (scanner.policy !== 'tps') return undefined
  const lag = new ScanLag(scanners, pages)
  return { lag, notShared: new NotShared(saltNumbers(guests, scanner.ShareForceSalting), contents, lag) }
}

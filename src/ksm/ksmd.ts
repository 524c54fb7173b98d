/**
 * The scanner of policy `ksm`: Linux's kernel thread ksmd (Linux 6.12–6.18, mm/ksm.c, ksm_scan_thread). It goes through
 * the guests one after the other, each from its first page to its last, a batch at a time, and sleeps between batches;
 * policy.ts decides what happens to a page. A batch ends early with the full scan. One scanner only: what it knows of
 * the pages is its own.
 *
 * The kernel's sleep ends at a tick: sleep_millisecs are rounded up to whole ticks, and one more is added, so that it is
 * never too short. 20 ms at CONFIG_HZ=250 are six ticks: 24 ms, a sixth fewer pages a second than one would think.
 */
import type { GuestPages, ScannerTask } from '../experiment/messages.js'
import { threadTimes } from '../host/threads.js'
import type { Machine } from '../machine/machine.js'
import { zeroPageHash } from '../machine/scratch.js'
import { nowNs } from '../measure/clock.js'
import { counterRow, KSM, LAST_BATCH_NS, LAST_PASS, SCAN } from '../measure/counters.js'
import type { KsmPlan } from '../scenario/plan.js'
import { type Actor, AT_ONCE, ON_EVENT, OVER } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import { ScanTimeAdvisor } from './advisor.js'
import { KsmPolicy } from './policy.js'
import { RmapItems } from './rmap-items.js'
import type { KsmRates } from './settings.js'
import { Unmerge } from './unmerge.js'

/** Pages of one step on a thread: between two looks at the control block. */
const STEP_PAGES = 64
/** After a full scan that scanned no page at all a scanner that never sleeps rests for this time. */
const NOTHING_TO_SCAN_NS = 1e6
/** Pages that could not be unmerged are tried again after this time. */
const UNMERGE_AGAIN_NS = 2e6

export class Ksmd implements Actor {
  private readonly counters: Float64Array
  private readonly guests: readonly GuestPages[]
  private readonly items: RmapItems
  private readonly policy: KsmPolicy
  private readonly advisor: ScanTimeAdvisor | undefined
  private readonly unmerge: Unmerge
  /** Whether nothing is shared, after an unmerge. */
  private isUnmerged = false
  /** The phase that it scans in, −1 before the first; its settings. */
  private phase = -1
  private rates: KsmRates
  /** The next page to look at, and what is left of the batch. */
  private guest = 0
  private ppn = 0
  private batchLeft = 0
  /** The full scan under way: when it began, and what was counted by then. */
  private scanStartNs = 0
  private newsBefore = 0
  private pagesBefore = 0
  private wakeNs = 0
  /** The steering that it has heard of, and a pages_to_scan that holds whatever the phase says. */
  private steered = 0
  private steeredTo: number | undefined
  /** Until when pages were asked for. */
  private askedNs = 0

  constructor(
    machine: Machine,
    private readonly task: ScannerTask,
    private readonly plan: KsmPlan,
    private readonly control: Control,
    private readonly stepPages = STEP_PAGES,
  ) {
    this.counters = counterRow(task.counters, task.thread)
    this.guests = task.guests.filter(({ share }) => share)
    this.rates = plan.rates[0]!
    const guestRows = task.guests.map((_, guest) => counterRow(task.counters, guest))
    this.items = new RmapItems(
      machine.ptes.length,
      machine.frames,
      machine.frameTable,
      this.counters,
      task.guests,
      guestRows,
    )
    const zeroHash = zeroPageHash(task.machine.kernels)
    const { max_page_sharing, advisor_mode, advisor_min_pages_to_scan } = plan.fixed
    this.policy = new KsmPolicy(machine, this.items, this.counters, max_page_sharing, zeroHash, this.rates)
    this.advisor = advisor_mode === 'scan-time' ? new ScanTimeAdvisor(advisor_min_pages_to_scan) : undefined
    this.unmerge = new Unmerge(machine, this.guests)
  }

  /** Visits the next pages of the batch, or unmerges some. */
  step(): number {
    if (this.control.isStopping()) return OVER
    const phase = this.control.phase()
    if (this.guests.length === 0 || !this.control.isOn(phase)) return ON_EVENT
    if (phase !== this.phase) this.enter(phase)
    else if (this.control.steered() !== this.steered) this.hear()
    if (this.rates.run === 1) return this.pagesToScan() > 0 ? this.scan() : ON_EVENT
    return this.rates.run === 2 && !this.isUnmerged ? this.unmergeSome() : ON_EVENT
  }

  private enter(phase: number): void {
    this.phase = phase
    this.rates = this.plan.rates[phase]!
    this.policy.rates = this.rates
    this.isUnmerged = false
    this.unmerge.begin()
    this.wakeNs = 0
    this.askedNs = nowNs()
    this.steered = this.control.steered()
    this.steeredTo = this.control.scanRate()
    this.counters[KSM.pages_to_scan] = this.pagesToScan()
  }

  /** The run was steered: held, or to another pages_to_scan. Either way a batch begins anew; what was not scanned is not owed. */
  private hear(): void {
    this.steered = this.control.steered()
    this.steeredTo = this.control.scanRate()
    this.batchLeft = 0
    this.askedNs = nowNs()
    this.counters[KSM.pages_to_scan] = this.pagesToScan()
  }

  private pagesToScan(): number {
    return this.steeredTo ?? this.advisor?.pagesToScan ?? this.rates.pages_to_scan
  }

  private scan(): number {
    const now = nowNs()
    if (now < this.wakeNs) return this.wakeNs
    this.counters[LAST_BATCH_NS] = now
    if (this.batchLeft === 0) this.beginBatch(now)
    for (let visited = 0; visited < this.stepPages && this.batchLeft > 0; visited++) {
      this.batchLeft--
      if (this.visitNext()) continue
      this.batchLeft = 0
      this.endFullScan()
    }
    if (this.batchLeft > 0) return AT_ONCE
    if (this.rates.sleep_millisecs > 0) this.wakeNs = this.wakeAfter(nowNs())
    else if (this.counters[LAST_PASS.pages] === 0) this.wakeNs = nowNs() + NOTHING_TO_SCAN_NS
    else return AT_ONCE
    return this.wakeNs
  }

  private beginBatch(now: number): void {
    this.batchLeft = this.pagesToScan()
    const { sleep_millisecs } = this.rates
    if (sleep_millisecs > 0) {
      const batches = (now - this.askedNs) / (this.sleepTicks() * this.tickNs())
      this.counters[SCAN.pagesAsked]! += batches * this.batchLeft
    }
    this.askedNs = now
  }

  /** Comes to the next page that counts as scanned; false: the full scan is over. */
  private visitNext(): boolean {
    if (this.guest === 0 && this.ppn === 0) this.beginFullScan()
    for (; this.guest < this.guests.length; this.guest++, this.ppn = 0) {
      const { firstPage, pages } = this.guests[this.guest]!
      while (this.ppn < pages) {
        if (!this.policy.visit(firstPage + this.ppn++)) continue
        if (this.rates.sleep_millisecs === 0) this.counters[SCAN.pagesAsked]! += 1
        return true
      }
    }
    return false
  }

  private beginFullScan(): void {
    this.scanStartNs = nowNs()
    this.newsBefore = this.news()
    this.pagesBefore = this.counters[SCAN.pagesScanned]!
    this.policy.beginFullScan()
  }

  private endFullScan(): void {
    const { counters } = this
    this.guest = 0
    this.ppn = 0
    counters[LAST_PASS.news] = this.news() - this.newsBefore
    counters[LAST_PASS.pages] = counters[SCAN.pagesScanned]! - this.pagesBefore
    counters[KSM.full_scans]! += 1
    counters[SCAN.passes]! += 1
    if (this.advisor === undefined) return
    const cpuTimeNs = threadTimes(this.control.threadId(this.task.thread))?.cpuNs ?? 0
    const scanTimeMs = Math.floor((nowNs() - this.scanStartNs) / 1e6)
    counters[KSM.pages_to_scan] = this.advisor.step(scanTimeMs, cpuTimeNs, this.plan.fixed)
  }

  private news(): number {
    return this.counters[SCAN.merges]! + this.policy.changed
  }

  private unmergeSome(): number {
    const now = nowNs()
    if (now < this.wakeNs) return this.wakeNs
    const outcome = this.unmerge.step(this.stepPages)
    if (outcome === 'again') return AT_ONCE
    if (outcome === 'rest') {
      this.wakeNs = now + UNMERGE_AGAIN_NS
      return this.wakeNs
    }
    for (const { firstPage, pages } of this.guests) {
      for (let page = firstPage; page < firstPage + pages; page++) this.items.forget(page)
    }
    this.counters[KSM.zeroFrame] = 0
    this.counters[KSM.full_scans] = 0
    this.guest = 0
    this.ppn = 0
    this.batchLeft = 0
    this.isUnmerged = true
    return ON_EVENT
  }

  /** When a sleep that begins now ends. */
  private wakeAfter(now: number): number {
    return (Math.floor(now / this.tickNs()) + this.sleepTicks()) * this.tickNs()
  }

  private sleepTicks(): number {
    return Math.ceil((this.rates.sleep_millisecs * 1e6) / this.tickNs()) + 1
  }

  private tickNs(): number {
    return 1e9 / this.plan.CONFIG_HZ
  }
}

/**
 * The scanner of policy `tps`: which VM, how many pages, when to rest. The policy decides what happens to a page.
 *
 * It goes round the VMs, a batch of each at a time. Unthrottled it does so without a pause. Otherwise each VM has its
 * rate, and the scanner wakes at every tick to use up what the rates allow.
 *
 * One of several does so with its part of the pages (scan-part.ts), at its part of the rates, and hears nothing of the
 * others: a slow one keeps nobody back but those who wait for a pass of all.
 *
 * Steered to a rate, it has that instead of the settings': so many pages a second of all VMs and scanners together, each
 * VM as often as any other; Infinity: unthrottled; 0: none.
 */

import type { GuestPages } from '../experiment/messages.js'
import { nowNs } from '../measure/clock.js'
import { LAST_BATCH_NS, LAST_PASS, SCAN } from '../measure/counters.js'
import type { Plan, TpsPlan, TpsRates } from '../scenario/plan.js'
import { type Actor, AT_ONCE, ON_EVENT, OVER } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import { PassOrder } from './pass-order.js'
import { type Policy, SCAN_PAGES_MAX } from './policy.js'
import { RateController, scanRates } from './rate.js'
import { ScanHand } from './scan-hands.js'
import { ScanOrder } from './scan-order.js'
import { ALL_PAGES, type ScanPart } from './scan-part.js'

/** How often a throttled scanner wakes. */
const TICK_NS = 10e6
/** A scanner that finds no page at all looks again after this time. */
const NOTHING_TO_SCAN_NS = 1e6

interface ScannedVm {
  guest: number
  way: ScanOrder
  rate: RateController
  hand: ScanHand
}

export class Scanner implements Actor {
  private readonly vms: ScannedVm[]
  private passes = 0
  private mergesBeforePass: number
  private pagesBeforePass: number
  /** The phase that it scans in, −1 before the first. */
  private phase = -1
  private unthrottled = false
  private isHalted = false
  /** The steering that it has heard of. */
  private steered = 0
  /** The round of the VMs that is under way: whose turn is next, when it began, and what it came to. */
  private turn = 0
  private tickNs = 0
  private scannedInRound = 0
  private leavesPages = false
  /** Rounds in a row, unthrottled, that found no page. */
  private emptyRounds = 0
  private readonly batch = new Int32Array(SCAN_PAGES_MAX)

  constructor(
    private readonly policy: Pick<Policy, 'scan'>,
    private readonly control: Control,
    private readonly counters: Float64Array,
    private readonly plan: Pick<Plan, 'seed' | 'host'> & { scanner: TpsPlan },
    private readonly guests: readonly GuestPages[],
    ptes: Int32Array,
    hands: Float64Array,
    part: ScanPart = ALL_PAGES,
    /** Pages that one step visits at most: between two looks at the control block. */
    private readonly batchPages = SCAN_PAGES_MAX,
  ) {
    // Another scanner may have counted in this row before it died: its counts go on, its pass does not.
    this.mergesBeforePass = counters[SCAN.merges]!
    this.pagesBeforePass = counters[SCAN.pagesScanned]!
    this.vms = guests.flatMap((vm, guest) => {
      if (part.pagesOf(vm) === 0) return []
      const order = new PassOrder(guest, vm, part, plan.scanner.order, plan.seed)
      const hand = new ScanHand(hands, part.index * guests.length + guest)
      return [{ guest, way: new ScanOrder(ptes, order), rate: new RateController(hand.rate), hand }]
    })
  }

  /** Visits the next batch of pages. */
  step(): number {
    if (this.control.isStopping()) return OVER
    const phase = this.control.phase()
    if (this.vms.length === 0 || !this.control.isOn(phase)) return ON_EVENT
    if (phase !== this.phase) this.enter(phase)
    else if (this.control.steered() !== this.steered) this.hear()
    if (this.isHalted) return ON_EVENT
    return this.unthrottled ? this.scanUnthrottled() : this.scanAtRates()
  }

  private enter(phase: number): void {
    this.phase = phase
    for (const { hand } of this.vms) hand.enter(phase)
    const now = this.phaseNs()
    this.setRates((rate, pagesPerSecond) => rate.start(pagesPerSecond, now))
  }

  /** The run was steered: whether to another rate or not. */
  private hear(): void {
    const now = this.phaseNs()
    this.setRates((rate, pagesPerSecond) => rate.change(pagesPerSecond, now))
  }

  private setRates(set: (rate: RateController, pagesPerSecond: number) => void): void {
    this.steered = this.control.steered()
    const rates = this.plan.scanner.rates[this.phase]!
    const steeredTo = this.control.scanRate()
    this.unthrottled = steeredTo === undefined ? rates.unthrottled : steeredTo === Number.POSITIVE_INFINITY
    this.isHalted = steeredTo === 0
    this.beginRound()
    const perSecond = this.unthrottled ? undefined : this.pagesPerSecond(rates, steeredTo)
    for (const { guest, rate, way } of this.vms) {
      const partOfVm = way.order.pages / this.guests[guest]!.pages
      set(rate, (perSecond?.[guest] ?? 0) * partOfVm)
    }
  }

  /** Of each guest, of all scanners together. */
  private pagesPerSecond(rates: TpsRates, steeredTo: number | undefined): number[] {
    const pagesOfGuests = this.guests.map((vm) => (vm.share ? vm.pages : 0))
    if (steeredTo === undefined) return scanRates(rates, this.plan.host, pagesOfGuests)
    const all = pagesOfGuests.reduce((sum, pages) => sum + pages, 0)
    return pagesOfGuests.map((pages) => (steeredTo * pages) / all)
  }

  /** Since the start of the phase, on its clock. */
  private phaseNs(): number {
    return nowNs() - this.control.phaseStartNs(this.phase)
  }

  private beginRound(): void {
    this.turn = 0
    this.scannedInRound = 0
    this.leavesPages = false
  }

  private scanUnthrottled(): number {
    if (this.turn === this.vms.length) {
      // A round may do no more than end passes. After two of them that find no page there is none.
      this.emptyRounds = this.scannedInRound === 0 ? this.emptyRounds + 1 : 0
      this.beginRound()
      if (this.emptyRounds > 1) return nowNs() + NOTHING_TO_SCAN_NS
    }
    const pages = this.scan(this.vms[this.turn++]!, this.batchPages)
    this.counters[SCAN.pagesAsked]! += pages
    this.scannedInRound += pages
    return AT_ONCE
  }

  private scanAtRates(): number {
    if (this.turn === 0) this.tickNs = this.phaseNs()
    while (this.turn < this.vms.length) if (this.scanAllowance(this.vms[this.turn++]!)) return AT_ONCE
    const { leavesPages } = this
    this.beginRound()
    return leavesPages ? this.scanAtRates() : nowNs() + TICK_NS
  }

  /** Scans what the rate allows, at most a batch; false: nothing. */
  private scanAllowance(vm: ScannedVm): boolean {
    const { rate } = vm
    this.counters[SCAN.pagesAsked]! += rate.advance(this.tickNs)
    const allowed = rate.available()
    if (allowed === 0) return false
    const scanned = this.scan(vm, Math.min(allowed, this.batchPages))
    rate.use(scanned)
    this.leavesPages ||= scanned === this.batchPages && allowed > this.batchPages
    return true
  }

  /** Visits up to `pages` present pages of a VM, ending early at the end of a pass; returns how many. */
  private scan(vm: ScannedVm, pages: number): number {
    this.counters[LAST_BATCH_NS] = nowNs()
    const { guest, way, hand } = vm
    const { batch } = this
    let count = 0
    while (count < pages) {
      const page = way.next()
      if (page < 0) break
      batch[count++] = page
    }
    this.policy.scan(batch, count, guest)
    hand.moveTo(way.passes, way.index)
    if (count < pages) this.passEnded()
    return count
  }

  /** The scanner's pass is over when it has had one more of every VM. */
  private passEnded(): void {
    let slowest = Number.POSITIVE_INFINITY
    for (const { way } of this.vms) slowest = Math.min(slowest, way.passes)
    if (slowest === this.passes) return
    const ended = slowest - this.passes
    this.passes = slowest
    const merges = this.counters[SCAN.merges]!
    const scanned = this.counters[SCAN.pagesScanned]!
    this.counters[LAST_PASS.news] = merges - this.mergesBeforePass
    this.counters[LAST_PASS.pages] = scanned - this.pagesBeforePass
    this.mergesBeforePass = merges
    this.pagesBeforePass = scanned
    this.counters[SCAN.passes]! += ended
  }
}

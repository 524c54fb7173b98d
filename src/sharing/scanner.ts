/**
 * The scanner's loop: which VM, how many pages, when to sleep. The policy decides what happens to a page.
 *
 * Unthrottled it goes round the VMs in batches without a pause. Otherwise each VM has its rate, and the scanner wakes
 * at every tick to use up what the rates allow.
 */

import type { GuestPages } from '../experiment/messages.js'
import { nowNs } from '../measure/clock.js'
import { LAST_BATCH_NS, LAST_PASS, SCAN } from '../measure/counters.js'
import type { Plan } from '../scenario/plan.js'
import type { Control } from '../sync/control.js'
import type { Policy } from './policy.js'
import { RateController, scanRates } from './rate.js'
import { ScanOrder } from './scan-order.js'

/** Pages between two looks at the control block. */
const BATCH_PAGES = 64
/** How often a throttled scanner wakes. */
const TICK_MS = 10
/** A scanner that finds no page at all looks again after this time. */
const NOTHING_TO_SCAN_MS = 1

interface ScannedVm {
  order: ScanOrder
  rate: RateController
}

export class Scanner {
  private readonly vms: ScannedVm[]
  private passes = 0
  private mergesBeforePass: number
  private pagesBeforePass: number

  constructor(
    private readonly policy: Policy,
    private readonly control: Control,
    private readonly counters: Float64Array,
    private readonly plan: Pick<Plan, 'seed' | 'host' | 'scanner' | 'phases'>,
    private readonly guests: readonly GuestPages[],
    ptes: Int32Array,
  ) {
    // Another scanner may have counted in this row before it died: its counts go on, its pass does not.
    this.mergesBeforePass = counters[SCAN.merges]!
    this.pagesBeforePass = counters[SCAN.pagesScanned]!
    this.vms = guests.flatMap((vm, guest) => {
      if (!vm.share) return []
      const order = new ScanOrder(ptes, guest, vm.firstPage, vm.pages, plan.scanner.order, plan.seed)
      return [{ order, rate: new RateController() }]
    })
  }

  /** Scans while phases are on, until the run stops. */
  run(): void {
    while (!this.control.isStopping()) {
      const event = this.control.event()
      const phase = this.control.phase()
      if (this.vms.length === 0 || !this.control.isOn(phase)) this.control.sleep(event)
      else if (this.plan.phases[phase]!.rates.unthrottled) this.scanUnthrottled(phase)
      else this.scanAtRates(phase)
    }
  }

  private scanUnthrottled(phase: number): void {
    while (this.control.isOn(phase)) {
      let scanned = 0
      for (const vm of this.vms) {
        if (!this.control.isOn(phase)) return
        const pages = this.scan(vm, BATCH_PAGES)
        this.counters[SCAN.pagesAsked]! += pages
        scanned += pages
      }
      if (scanned === 0) this.control.sleep(this.control.event(), NOTHING_TO_SCAN_MS)
    }
  }

  private scanAtRates(phase: number): void {
    const { rates } = this.plan.phases[phase]!
    const pagesOfGuests = this.guests.map((vm) => (vm.share ? vm.pages : 0))
    const perSecond = scanRates(rates, this.plan.host, pagesOfGuests)
    const startNs = nowNs()
    for (const { rate, order } of this.vms) rate.start(perSecond[order.guest]!, startNs)
    while (this.control.isOn(phase)) {
      const event = this.control.event()
      const tickNs = nowNs()
      let left = false
      for (const vm of this.vms) {
        if (!this.control.isOn(phase)) return
        left = this.scanAllowance(vm, tickNs) || left
      }
      if (!left) this.control.sleep(event, TICK_MS)
    }
  }

  /** Scans what the rate allows, at most a batch; true if the allowance goes further. */
  private scanAllowance(vm: ScannedVm, tickNs: number): boolean {
    const { rate } = vm
    this.counters[SCAN.pagesAsked]! += rate.advance(tickNs)
    const allowed = rate.available()
    const scanned = this.scan(vm, Math.min(allowed, BATCH_PAGES))
    rate.use(scanned)
    return scanned === BATCH_PAGES && allowed > BATCH_PAGES
  }

  /** Visits up to `pages` present pages of a VM, ending early at the end of a pass; returns how many. */
  private scan(vm: ScannedVm, pages: number): number {
    this.counters[LAST_BATCH_NS] = nowNs()
    for (let visited = 0; visited < pages; visited++) {
      const page = vm.order.next()
      if (page < 0) {
        this.passEnded()
        return visited
      }
      this.policy.visit(page, vm.order.guest, true)
    }
    return pages
  }

  /** The pass of all is over when every VM has had one more. */
  private passEnded(): void {
    let slowest = Number.POSITIVE_INFINITY
    for (const { order } of this.vms) slowest = Math.min(slowest, order.passes)
    if (slowest === this.passes) return
    const ended = slowest - this.passes
    this.passes = slowest
    const merges = this.counters[SCAN.merges]!
    const scanned = this.counters[SCAN.pagesScanned]!
    this.counters[LAST_PASS.merges] = merges - this.mergesBeforePass
    this.counters[LAST_PASS.pages] = scanned - this.pagesBeforePass
    this.mergesBeforePass = merges
    this.pagesBeforePass = scanned
    this.counters[SCAN.passes]! += ended
  }
}

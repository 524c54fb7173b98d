/**
 * How late the scanners of policy `tps` are: which pages would one that kept up with what it is asked for have been to by
 * now, that these have not?
 *
 * A scanner that is kept from a processor loses pages that the settings asked it for (rate.ts). One on time would be that many
 * pages further on, in the same order. So a page is overdue if it comes sooner in that order than all that was lost is made
 * up, and was in its present state already when the scanner on time would have come to it. When it comes is arithmetic
 * (pass-order.ts). Its state is known from sample to sample: one that was scanned and stored to again between two samples
 * is taken to have waited all the while.
 *
 * Places of absent pages are passed over at no cost, so a page lost is worth as many places as the guest has for each page that
 * is present. A phase begins with nothing lost; without a rate, unthrottled, nothing ever is.
 */
import { PassOrder } from '../sharing/pass-order.js'
import { RATE_DOUBLES, RateController } from '../sharing/rate.js'
import { ScanHand } from '../sharing/scan-hands.js'
import { ScanPart } from '../sharing/scan-part.js'
import type { ScannerTask } from './messages.js'

/** Numbers of samples are kept in so many bits: of a wait of 65,536 samples and more the beginning is forgotten. */
const SAMPLE_BITS = 16
const SAMPLE_MASK = 2 ** SAMPLE_BITS - 1

export class ScanLag {
  private readonly parts: readonly ScanPart[]
  private readonly guests: number
  /** By scanner and guest; undefined where a scanner has none of its pages. */
  private readonly lags: readonly (Lag | undefined)[]
  /** By page: the sample at which it was first found waiting, and the last one at which it still was. */
  private readonly waits: Int32Array
  /** By guest: whether a scanner has lost any of its pages. */
  private readonly isLate: Uint8Array
  private sample = 0

  /** @param tasks of all scanners, which have the policy `tps` */
  constructor(tasks: readonly ScannerTask[], pages: number) {
    this.parts = tasks.map(({ index }) => new ScanPart(index, tasks.length))
    this.guests = tasks[0]!.guests.length
    this.lags = tasks.flatMap((task, scanner) =>
      task.guests.map((_, guest) => lagOf(task, this.parts[scanner]!, guest)),
    )
    this.waits = new Int32Array(pages)
    this.isLate = new Uint8Array(this.guests)
  }

  /**
   * Begins a sample.
   * @param phase index of the phase that is on
   */
  begin(phase: number, nowNs: number): void {
    this.sample++
    this.isLate.fill(0)
    this.lags.forEach((lag, index) => {
      if (lag?.read(phase, nowNs) === true) this.isLate[index % this.guests] = 1
    })
  }

  /** Tells what part of a guest's pages was found present, for the samples to come. */
  notePresent(guest: number, part: number): void {
    for (let lag = guest; lag < this.lags.length; lag += this.guests) this.lags[lag]?.notePresent(part)
  }

  /** Of a page that waits to be scanned: asked once a sample of each that does. */
  isOverdue(page: number, guest: number): boolean {
    const waitedSamples = this.waitedSamples(page)
    if (this.isLate[guest] === 0) return false
    const scanner = ScanPart.ownerOf(page, this.parts.length)
    return this.lags[scanner * this.guests + guest]?.isOverdue(page, waitedSamples) ?? false
  }

  /** For how many samples, before this one, the page has been found waiting. */
  private waitedSamples(page: number): number {
    const now = this.sample & SAMPLE_MASK
    const wait = this.waits[page]!
    const wentOn = wait !== 0 && (wait & SAMPLE_MASK) === ((now - 1) & SAMPLE_MASK)
    const first = wentOn ? wait >>> SAMPLE_BITS : now
    this.waits[page] = (first << SAMPLE_BITS) | now
    return (now - first) & SAMPLE_MASK
  }
}

function lagOf(task: ScannerTask, part: ScanPart, guest: number): Lag | undefined {
  const vm = task.guests[guest]!
  if (task.plan.scanner.policy !== 'tps' || part.pagesOf(vm) === 0) return undefined
  const { seed, scanner } = task.plan
  const hand = new ScanHand(task.scanHands, part.index * task.guests.length + guest)
  const orderOf = () => new PassOrder(guest, vm, part, scanner.order, seed)
  return new Lag(hand, orderOf(), orderOf())
}

/** Of one scanner and guest, as it is at a sample. */
class Lag {
  private readonly rate = new Float64Array(RATE_DOUBLES)
  private readonly controller = new RateController(this.rate)
  private passes = 0
  private index = 0
  /** How far it is behind one on time; what it may still catch up on is not lost. */
  private behindPlaces = 0
  private lostPlaces = 0
  private placesAPage = 1
  /** What it was asked for until each sample of this phase, pages. */
  private askedPages: number[] = []
  private phase = -1

  constructor(
    private readonly hand: ScanHand,
    private readonly pass: PassOrder,
    private readonly nextPass: PassOrder,
  ) {
    nextPass.begin(1)
  }

  /** True: it is late. */
  read(phase: number, nowNs: number): boolean {
    if (phase !== this.phase) this.askedPages = []
    this.phase = phase
    // A phase that the scanner has not come to yet begins with nothing asked for and nothing lost.
    if (this.hand.phase() === phase) {
      this.rate.set(this.hand.rate)
      this.controller.advance(nowNs)
    } else this.rate.fill(0)
    this.lostPlaces = this.controller.lostPages() * this.placesAPage
    this.behindPlaces = this.lostPlaces + this.controller.available() * this.placesAPage
    this.askedPages.push(this.controller.askedPages())
    const { passes, index } = this.hand.position()
    this.index = index
    if (passes !== this.passes) {
      this.passes = passes
      this.pass.begin(passes)
      this.nextPass.begin(passes + 1)
    }
    return this.lostPlaces > 0
  }

  notePresent(part: number): void {
    if (part > 0) this.placesAPage = 1 / part
  }

  isOverdue(page: number, waitedSamples: number): boolean {
    const first = this.placesAhead(page)
    if (first >= this.lostPlaces) return false
    // One on time that is passes further on has been to it several times: the last of them counts.
    const { places } = this.pass
    const ahead = first + Math.floor((this.lostPlaces - first) / places) * places
    const samples = this.askedPages.length
    const askedBefore = waitedSamples < samples ? this.askedPages[samples - 1 - waitedSamples]! : 0
    const passedAgoPages = (this.behindPlaces - ahead) / this.placesAPage
    return askedBefore <= this.askedPages[samples - 1]! - passedAgoPages
  }

  /** How many places the scanner has to go until it is at this page. */
  private placesAhead(page: number): number {
    const index = this.pass.indexOf(page)
    if (index >= this.index) return index - this.index
    return this.pass.places - this.index + this.nextPass.indexOf(page)
  }
}

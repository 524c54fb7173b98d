/** Policy `ksm` beside a model of mm/ksm.c: whatever guests and scanner do, after each step all counters are the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { Ksmd } from '../../src/ksm/ksmd.js'
import { ksmCountersOf, ksmStatOf } from '../../src/ksm/sample.js'
import { KSM_DEFAULTS } from '../../src/ksm/settings.js'
import { mpnOf } from '../../src/machine/pte.js'
import { nowNs } from '../../src/measure/clock.js'
import type { KsmPlan, Plan } from '../../src/scenario/plan.js'
import { createScanHands } from '../../src/sharing/scan-hands.js'
import { Control, createControl } from '../../src/sync/control.js'
import { hold, swapOut } from '../interleavings/race.js'
import { FakeClock } from '../support/fake-clock.js'
import { TestHost } from '../support/host.js'
import { KsmModel, type ModelRates, ZERO_CONTENT } from '../support/ksm-model.js'

const GUESTS = [5, 4]
/** Enough for each page to have its own, and to be on its way to another. */
const FRAMES = 12
/** Contents that several pages hold; those of later stores are like no other. */
const CONTENTS = 2
const FIRST_UNIQUE = 1000
const STEPS_MAX = 120
/** Longer than ksmd ever rests here. */
const STEP_MS = 10

type Step =
  | { do: 'store'; guest: number; ppn: number; content: number | 'unique' }
  | { do: 'touch'; guest: number; ppn: number }
  | { do: 'swap out'; guest: number; ppn: number }
  /** So many pages that count as scanned, ends of full scans included. */
  | { do: 'scan'; pages: number }
  | { do: 'full scans'; scans: number }
  | { do: 'enter'; rates: ModelRates }

const page = fc.constantFrom(
  ...GUESTS.flatMap((pages, guest) => Array.from({ length: pages }, (_, ppn) => ({ guest, ppn }))),
)
const content = fc.oneof(
  { weight: 5, arbitrary: fc.nat(CONTENTS) },
  { weight: 1, arbitrary: fc.constant('unique' as const) },
)
const bit = fc.constantFrom(0 as const, 1 as const)
const rates = fc.record<ModelRates>({
  run: fc.constantFrom(0, 1, 1, 1, 2, 2),
  use_zero_pages: bit,
  smart_scan: bit,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(page, content).map(([at, content]): Step => ({ do: 'store', ...at, content })),
  },
  { weight: 1, arbitrary: page.map((at): Step => ({ do: 'touch', ...at })) },
  { weight: 1, arbitrary: page.map((at): Step => ({ do: 'swap out', ...at })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }).map((pages): Step => ({ do: 'scan', pages })) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 4 }).map((scans): Step => ({ do: 'full scans', scans })),
  },
  { weight: 2, arbitrary: rates.map((rates): Step => ({ do: 'enter', rates })) },
)

class Lab {
  readonly host = new TestHost({ frames: FRAMES, guests: GUESTS, swap: true })
  private readonly model: KsmModel
  private readonly ksmd: Ksmd
  private readonly control: Control
  private readonly rates: ModelRates[]
  private phase = 0
  private stores = 0

  constructor(
    private readonly clock: FakeClock,
    firstRates: ModelRates,
    steps: readonly Step[],
    max_page_sharing: number,
  ) {
    const { host } = this
    this.rates = [firstRates, ...steps.flatMap((step) => (step.do === 'enter' ? step.rates : []))]
    const control = createControl(GUESTS.length, GUESTS.length + 2, this.rates.length)
    this.control = new Control(control)
    const scanner: KsmPlan = {
      policy: 'ksm',
      count: 1,
      onDeath: 'fail',
      CONFIG_HZ: 250,
      fixed: { ...KSM_DEFAULTS, max_page_sharing },
      rates: this.rates.map((rates) => ({ ...KSM_DEFAULTS, ...rates, sleep_millisecs: 0 })),
    }
    const task: ScannerTask = {
      machine: host.handle,
      control,
      counters: host.counters,
      thread: GUESTS.length,
      index: 0,
      scanHands: createScanHands(0),
      plan: { seed: 1, scanner } as unknown as Plan,
      guests: host.guests,
    }
    this.ksmd = new Ksmd(host.scannerView, task, scanner, this.control, 1)
    const frameOf = (page: number) => mpnOf(host.handle.ptes[page]!)
    const orderOf = (page: number, other: number) =>
      host.scannerView.kernels.order(frameOf(page), frameOf(other))
    this.model = new KsmModel(GUESTS, max_page_sharing, frameOf, orderOf)
    this.control.startRun(nowNs())
    this.enter()
  }

  take(step: Step): void {
    if (step.do === 'store') this.store(step)
    else if (step.do === 'touch') this.touch(step)
    else if (step.do === 'swap out') this.swapOut(step)
    else if (step.do === 'enter') this.enter()
    else if (step.do === 'scan') for (let pages = 0; pages < step.pages; pages++) this.scan()
    else this.fullScans(step.scans)
    this.compare()
  }

  private store({ guest, ppn, content: known }: Step & { do: 'store' }): void {
    const content = known === 'unique' ? FIRST_UNIQUE + this.stores++ : known
    if (content === ZERO_CONTENT) this.host.guests[guest]!.mmu.zero(ppn)
    else hold(this.host, guest, ppn, content)
    this.model.store(this.host.page(guest, ppn), content)
  }

  private touch({ guest, ppn }: { guest: number; ppn: number }): void {
    this.host.guests[guest]!.mmu.load(ppn, 0)
    this.model.touch(this.host.page(guest, ppn))
  }

  private swapOut({ guest, ppn }: { guest: number; ppn: number }): void {
    const page = this.host.page(guest, ppn)
    if (!this.model.hasOwnFrame(page)) return
    swapOut(this.host, guest, ppn)
    this.model.swapOut(page)
  }

  private enter(): void {
    const rates = this.rates[this.phase]!
    this.control.startPhase(this.phase++, nowNs())
    this.model.enter(rates)
  }

  private fullScans(scans: number): void {
    const pages = GUESTS.reduce((sum, pages) => sum + pages)
    const last = this.model.counters().full_scans + scans
    // At most, since a phase may not scan at all.
    for (let left = scans * (pages + 1); left > 0 && this.model.counters().full_scans < last; left--)
      this.scan()
  }

  private scan(): void {
    this.clock.advanceMs(STEP_MS)
    this.ksmd.step()
    this.model.step()
    this.compare()
  }

  private compare(): void {
    const { host, model } = this
    const { general_profit: _, ...counters } = ksmCountersOf(host.scanRow, host.handle)
    assert.deepEqual(counters, model.counters())
    host.guests.forEach(({ counters, firstPage, pages }, guest) => {
      const { ksm_process_profit: _, ...stat } = ksmStatOf(
        host.scanRow,
        counters,
        host.handle,
        firstPage,
        pages,
      )
      assert.deepEqual(stat, model.stat(guest))
    })
  }
}

test('whatever happens, the counters are those that the rules of mm/ksm.c lead to', (t) => {
  const clock = new FakeClock(t)
  fc.assert(
    fc.property(
      rates,
      fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: 'max' }),
      fc.constantFrom(2, 3, 256),
      (firstRates, steps, max_page_sharing) => {
        const lab = new Lab(clock, { ...firstRates, run: 1 }, steps, max_page_sharing)
        try {
          for (const step of steps) lab.take(step)
          lab.host.assertIntact()
        } finally {
          lab.host.close()
        }
      },
    ),
    { numRuns: 200 },
  )
})

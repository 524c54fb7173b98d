/**
 * Plays a case on the lab's policy `ksm`, see ksm-cases.ts: every step is a phase of its own, and the scanner is stepped
 * a page at a time on the calling thread.
 */
import assert from 'node:assert/strict'
import type { ScannerTask } from '../../src/experiment/messages.js'
import type { KsmStat } from '../../src/ksm/counters.js'
import { Ksmd } from '../../src/ksm/ksmd.js'
import { ksmCountersOf, ksmStatOf } from '../../src/ksm/sample.js'
import { KSM_DEFAULTS, type KsmSettings } from '../../src/ksm/settings.js'
import { SEGMENT_SHIFT } from '../../src/machine/layout.js'
import { mpnOf, SHARED } from '../../src/machine/pte.js'
import { GUEST, KSM, RECLAIM } from '../../src/measure/counters.js'
import type { KsmPlan } from '../../src/scenario/plan.js'
import { AT_ONCE } from '../../src/sync/actor.js'
import { Control, createControl } from '../../src/sync/control.js'
import { TestHost } from './host.js'
import type { KsmCase, KsmObservation, KsmStep } from './ksm-cases.js'

/** Frames beyond those of the guests: threads keep some in reserve. */
const SPARE_FRAMES = 256

/** @returns what is seen after each step; cow_ksm without what an unmerge breaks, which is no guest's fault */
export function playOnLab(ksmCase: KsmCase): KsmObservation[] {
  const player = new LabPlayer(ksmCase)
  const observations = ksmCase.steps.map((step, phase) => player.play(step, phase))
  player.host.assertIntact()
  return observations
}

export class LabPlayer {
  readonly host: TestHost
  private readonly control: Control
  private readonly scanner: Ksmd
  /** Stores that broke the sharing of the zero page. */
  private zeroBreaks = 0

  constructor({ guests, settings, steps }: KsmCase) {
    const pages = guests.reduce((sum, { length }) => sum + length, 0)
    this.host = new TestHost({
      guests: guests.map(({ length }) => length),
      frames: pages + SPARE_FRAMES,
      segmentShift: SEGMENT_SHIFT,
    })
    guests.forEach((layout, guest) => {
      layout.forEach((content, ppn) => {
        this.host.guests[guest]!.contents.writeKnown(ppn, content)
      })
    })
    const thread = guests.length
    const handle = createControl(guests.length, thread + 2, steps.length)
    this.control = new Control(handle)
    this.control.startRun(0)
    const task = {
      machine: this.host.handle,
      control: handle,
      counters: this.host.counters,
      thread,
      guests: this.host.guests,
    } as unknown as ScannerTask
    const all: KsmSettings = { ...KSM_DEFAULTS, ...settings, pages_to_scan: 2 * pages, sleep_millisecs: 0 }
    const rates = steps.map((step) => ({ ...all, run: 'unmerge' in step ? (2 as const) : (1 as const) }))
    const plan: KsmPlan = { policy: 'ksm', count: 1, onDeath: 'fail', CONFIG_HZ: 250, fixed: all, rates }
    this.scanner = new Ksmd(this.host.scannerView, task, plan, this.control, 1)
  }

  play(step: KsmStep, phase: number): KsmObservation {
    this.control.startPhase(phase, 0)
    if ('scan' in step) this.scan(step.scan)
    else if ('unmerge' in step) while (this.scanner.step() === AT_ONCE);
    else
      for (const { guest, ppn, content } of step.store) {
        const pte = this.host.pte(guest, ppn)
        if ((pte & SHARED) !== 0 && mpnOf(pte) === this.host.scanRow[KSM.zeroFrame]! - 1) this.zeroBreaks++
        this.host.guests[guest]!.contents.writeKnown(ppn, content)
      }
    this.control.endPhase(phase)
    return this.observe()
  }

  private scan(fullScans: number): void {
    const { scanRow } = this.host
    const last = scanRow[KSM.full_scans]! + fullScans
    while (scanRow[KSM.full_scans]! < last) assert.equal(this.scanner.step(), AT_ONCE)
  }

  private observe(): KsmObservation {
    const { scanRow, handle, guests } = this.host
    const stats = guests.map(({ counters, firstPage, pages }) =>
      ksmStatOf(scanRow, counters, handle, firstPage, pages),
    )
    const sum = (field: keyof KsmStat) => stats.reduce((total, stat) => total + stat[field], 0)
    const cowFaults = guests.reduce((total, { counters }) => total + counters[GUEST.cowFaults]!, 0)
    assert.equal(scanRow[RECLAIM.swapOuts], 0)
    return {
      counters: ksmCountersOf(scanRow, handle),
      stat: {
        ksm_rmap_items: sum('ksm_rmap_items'),
        ksm_zero_pages: sum('ksm_zero_pages'),
        ksm_merging_pages: sum('ksm_merging_pages'),
        ksm_process_profit: sum('ksm_process_profit'),
      },
      cow_ksm: cowFaults - this.zeroBreaks,
    }
  }
}

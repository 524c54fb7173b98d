/**
 * A small host with everything that acts on one, all on the calling thread: guests, a scanner's policy, a reclaimer.
 */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import type { GuestPages, PageVerification } from '../../src/experiment/messages.js'
import { PageContents } from '../../src/guest/contents.js'
import { verifyPages } from '../../src/guest/verify.js'
import { compileKernels } from '../../src/kernels/kernels.js'
import { countFreeFrames } from '../../src/machine/allocator.js'
import { type AuditReport, auditMachine } from '../../src/machine/audit.js'
import { FRAME_WORDS, STATE } from '../../src/machine/frames.js'
import { createMachine, Machine, type MachineHandle } from '../../src/machine/machine.js'
import { type AwaitFrame, Mmu } from '../../src/machine/mmu.js'
import { MachinePages } from '../../src/machine/pages-at-rest.js'
import { mpnOf } from '../../src/machine/pte.js'
import { ScratchPages, zeroPageHash } from '../../src/machine/scratch.js'
import { closeSwapFile, openSwapFile } from '../../src/machine/swap.js'
import { counterRow, createCounters, GUEST, SCAN } from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'
import { Prng } from '../../src/random/prng.js'
import { Reclaimer } from '../../src/sharing/reclaimer.js'
import { saltKeys } from '../../src/sharing/salt.js'
import { TpsPolicy } from '../../src/sharing/tps.js'
import { Control, createControl } from '../../src/sync/control.js'
import { KsmScanner, type KsmScannerSettings } from './ksm-scanner.js'

/** Segments of 16 frames, so that frames on both sides of their seams are in use. */
const SEGMENT_SHIFT = 4
const kernelModules = compileKernels()

const zeroHash = zeroPageHash(kernelModules)
const scratch = new ScratchPages(kernelModules)

export interface HostOptions {
  frames?: number
  /** Pages of each guest. */
  guests?: readonly number[]
  segmentShift?: number
  lowFrames?: number
  swap?: boolean
  salts?: readonly (number | undefined)[]
  forceSalting?: 0 | 1 | 2
  /** False for guests that the scanner is to leave alone. */
  share?: readonly boolean[]
  seed?: number
  stallLimitSeconds?: number
  /** Asked by stalled guests. */
  isStopping?: () => boolean
  /** How they wait for a frame. */
  awaitFrame?: AwaitFrame
  /** The host has a scanner of policy `ksm`, with these settings. */
  ksm?: KsmScannerSettings
}

export interface TestGuest extends GuestPages {
  name: string
  mmu: Mmu
  contents: PageContents
  counters: Float64Array
}

/** Threads are numbered as in a run: guests first, then the scanner, then the reclaimer. */
export class TestHost {
  readonly handle: MachineHandle
  /** All rows, as a run has them. */
  readonly counters: Float64Array
  readonly guests: TestGuest[]
  /** One set for all guests. */
  readonly histograms = new GuestHistograms()
  readonly scannerView: Machine
  readonly scanRow: Float64Array
  readonly policy: TpsPolicy
  readonly reclaimerView: Machine
  readonly reclaimRow: Float64Array
  /** The reclaimer's; or another scanner, for a test that needs two. */
  readonly otherPolicy: TpsPolicy
  readonly ksm: KsmScanner | undefined
  private readonly latencies: Record<string, number> = {}

  constructor(private readonly options: HostOptions = {}) {
    const { frames = 64, guests = [16, 16], lowFrames = 0, swap = false, seed = 1 } = options
    const { segmentShift = SEGMENT_SHIFT } = options
    const threads = guests.length + 2
    const guestPages = guests.reduce((sum, pages) => sum + pages, 0)
    const swapFd = swap ? openSwapFile(tmpdir()).fd : undefined
    const size = { frames, guestPages, threads, lowFrames, segmentShift }
    this.handle = createMachine(size, kernelModules, swapFd)
    this.counters = createCounters(threads)
    this.guests = guests.map((pages, guest) => this.makeGuest(guest, pages, seed))
    this.scannerView = new Machine(this.handle, guests.length)
    this.scanRow = counterRow(this.counters, guests.length)
    this.policy = this.makePolicy(this.scannerView, this.scanRow)
    this.reclaimerView = new Machine(this.handle, guests.length + 1)
    this.reclaimRow = counterRow(this.counters, guests.length + 1)
    this.otherPolicy = this.makePolicy(this.reclaimerView, this.reclaimRow)
    const { ksm } = options
    this.ksm = ksm && new KsmScanner(this.scannerView, kernelModules, this.guests, this.counters, ksm)
  }

  pte(guest: number, ppn: number): number {
    return this.handle.ptes[this.page(guest, ppn)]!
  }

  tag(guest: number, ppn: number): number {
    return this.handle.tags[this.page(guest, ppn)]!
  }

  page(guest: number, ppn: number): number {
    return this.guests[guest]!.firstPage + ppn
  }

  mpn(guest: number, ppn: number): number {
    return mpnOf(this.pte(guest, ppn))
  }

  state(mpn: number): number {
    return this.handle.frameTable[mpn * FRAME_WORDS + STATE]!
  }

  /** The scanner looks at one page, or, if it is to leave no hint, visits it as the reclaimer does. True: it was merged. */
  visit(guest: number, ppn: number, leaveHint = true): boolean {
    const page = this.page(guest, ppn)
    if (!leaveHint) return this.policy.visit(page, guest)
    const merges = this.scanRow[SCAN.merges]!
    this.policy.scan(Int32Array.of(page), 1, guest)
    return this.scanRow[SCAN.merges]! > merges
  }

  /** The scanner visits every page of every guest that shares, in order. */
  pass(): void {
    this.guests.forEach(({ pages, share }, guest) => {
      for (let ppn = 0; share && ppn < pages; ppn++) this.visit(guest, ppn)
    })
  }

  /** The reclaimer answers one request, until `enoughFrames` are free; returns it, for what it says of errors. */
  reclaim(enoughFrames: number, seed = 1): Reclaimer {
    const { reclaimerView, reclaimRow, otherPolicy, guests } = this
    const control = new Control(createControl(guests.length, guests.length + 2, 1))
    const { allocator } = reclaimerView
    allocator.reclaimDone = () => {
      Object.getPrototypeOf(allocator).reclaimDone.call(allocator)
      control.stop()
    }
    const prng = new Prng(seed)
    const reclaimer = new Reclaimer(
      reclaimerView,
      otherPolicy,
      control,
      reclaimRow,
      guests,
      prng,
      enoughFrames,
    )
    allocator.requestReclaim()
    reclaimer.run()
    return reclaimer
  }

  freeFrames(): number {
    return countFreeFrames(this.handle.allocator)
  }

  /** How many latencies were recorded so far, by metric. */
  latencyCounts(): Record<string, number> {
    for (const { metric, count } of this.histograms.take()) {
      this.latencies[metric] = (this.latencies[metric] ?? 0) + count
    }
    return { ...this.latencies }
  }

  audit(): AuditReport {
    return auditMachine(this.handle, (page) => this.nameOf(page))
  }

  verify(guest: number): PageVerification {
    const { mmu, name } = this.guests[guest]!
    const atRest = new MachinePages(this.scannerView, mmu.firstPage, this.handle.swapFd, scratch)
    return verifyPages(mmu, atRest, name)
  }

  /** Every truth of a quiet machine holds, and every page holds what its guest last wrote. */
  assertIntact(): void {
    assert.deepEqual(this.audit(), { leakedFrames: 0, violations: 0, findings: [] })
    this.guests.forEach(({ pages }, guest) => {
      assert.deepEqual(this.verify(guest), { pagesVerified: pages, mismatches: 0, findings: [] })
    })
  }

  /** Everything that threads share but the bytes: for asserting that nothing changed. */
  metadata(): Int32Array[] {
    const { ptes, tags, frameTable, buckets, allocator } = this.handle
    return [ptes, tags, frameTable, buckets, allocator.words].map((words) => words.slice())
  }

  close(): void {
    if (this.handle.swapFd !== undefined) closeSwapFile(this.handle.swapFd)
  }

  nameOf(page: number): string {
    const guest = this.guests.findLast(({ firstPage }) => firstPage <= page)!
    return `guest ${guest.name} PPN ${page - guest.firstPage}`
  }

  private makeGuest(guest: number, pages: number, seed: number): TestGuest {
    const { guests = [16, 16], salts, share, stallLimitSeconds = 10, isStopping = () => false } = this.options
    const firstPage = guests.slice(0, guest).reduce((sum, before) => sum + before, 0)
    const counters = counterRow(this.counters, guest)
    const { histograms } = this
    const { awaitFrame } = this.options
    const options = { firstPage, pages, counters, histograms, stallLimitSeconds, isStopping, awaitFrame }
    const mmu = new Mmu(new Machine(this.handle, guest), options)
    return {
      name: `g${guest}`,
      firstPage,
      pages,
      share: share?.[guest] ?? true,
      salt: salts?.[guest],
      mmu,
      contents: new PageContents(mmu, seed, guest),
      counters,
    }
  }

  private makePolicy(machine: Machine, counters: Float64Array): TpsPolicy {
    const salts = this.guests.map(({ salt }) => salt)
    return new TpsPolicy(machine, saltKeys(salts, this.options.forceSalting ?? 0), counters, zeroHash)
  }
}

/** What a row of the scanner's counters says, by name; counters at zero are left out. */
export function scanCounts(row: Float64Array): Partial<Record<keyof typeof SCAN, number>> {
  return named(row, SCAN)
}

/** What a row of a guest's counters says, by name; counters at zero are left out. */
export function guestCounts(row: Float64Array): Partial<Record<keyof typeof GUEST, number>> {
  return named(row, GUEST)
}

function named<Name extends string>(row: Float64Array, fields: Record<Name, number>) {
  const entries = (Object.entries(fields) as [Name, number][]).map(([name, field]) => [name, row[field]!])
  return Object.fromEntries(entries.filter(([, count]) => count !== 0)) as Partial<Record<Name, number>>
}

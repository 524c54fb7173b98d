/**
 * The lab as the bench drives it: the product's machine, guests and scanner, stepped on the calling thread.
 *
 * What a scan leaves behind (hints, shared frames, freed frames) can be undone: `save` copies every shared table, `restore`
 * puts them back. A scan writes to no frame, so the machine is then what it was, whatever the tables hold. It takes a
 * scanner of its own, which knows nothing of the last one's.
 */

import { LabSampler } from '../../src/experiment/lab-sampler.js'
import { LabScan } from '../../src/experiment/lab-scan.js'
import type { ScannerTask } from '../../src/experiment/messages.js'
import { NO_ACCOUNTS } from '../../src/experiment/run-accounts.js'
import { hypervisorTasks } from '../../src/experiment/tasks.js'
import { PageContents } from '../../src/guest/contents.js'
import { compileKernels } from '../../src/kernels/kernels.js'
import { createMachine, Machine, type MachineHandle } from '../../src/machine/machine.js'
import { Mmu, type MmuOptions } from '../../src/machine/mmu.js'
import { nowNs } from '../../src/measure/clock.js'
import { counterRow, createCounters, SCAN } from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'
import type { Plan, TpsPlan } from '../../src/scenario/plan.js'
import { scannerOf } from '../../src/sharing/attach.js'
import type { Actor } from '../../src/sync/actor.js'
import { Control, createControl } from '../../src/sync/control.js'

const SEED = 1
const kernels = compileKernels()
/** Frames beyond the guests' pages for each thread: its reserve, and one that it is filling. */
const SPARE_FRAMES_PER_THREAD = 16
/** A frame that is not there within this time will never be. */
const STALL_LIMIT_SECONDS = 1

export interface LabOptions {
  /** Pages of each guest. */
  guests: readonly number[]
  /** By default as many as the guests have pages, and some to spare. */
  frames?: number
  order?: TpsPlan['order']
  /** Content numbers that guests may hold are below this. */
  contents?: number
  /** How many there are. */
  scanners?: number
  /** False: the guests keep no digests, tags, counts and latencies. */
  observes?: boolean
}

export class BenchLab {
  readonly handle: MachineHandle
  readonly plan: Plan
  /** What each scanner's thread is told; that of the first. */
  readonly scannerTasks: readonly ScannerTask[]
  readonly scannerTask: ScannerTask
  readonly scanRow: Float64Array
  readonly control: Control
  readonly histograms = new GuestHistograms()
  readonly mmus: Mmu[]
  readonly sampler: LabSampler
  private saved: { bytes: Uint8Array; copy: Uint8Array }[] = []

  constructor({
    guests,
    order = 'sequential',
    contents = 1,
    scanners: count = 1,
    observes = true,
    ...options
  }: LabOptions) {
    const threads = guests.length + count + 1
    const guestPages = guests.reduce((sum, pages) => sum + pages, 0)
    const frames = options.frames ?? guestPages + threads * SPARE_FRAMES_PER_THREAD
    this.handle = createMachine({ frames, guestPages, threads, lowFrames: 0 }, kernels, undefined)
    this.plan = planOf(guests, frames, order, contents, count)
    const counters = createCounters(threads)
    const control = createControl(guests.length, threads, this.plan.phases.length)
    this.control = new Control(control)
    this.control.startPhase(0, nowNs())
    const { scanners } = hypervisorTasks(this.plan, { control, counters }, this.handle, 0)
    this.scannerTasks = scanners
    this.scannerTask = scanners[0]!
    this.scanRow = counterRow(counters, this.scannerTask.thread)
    const scan = new LabScan(scanners)
    this.sampler = new LabSampler(this.plan, this.handle, counters, scan, NO_ACCOUNTS, scanners, nowNs)
    this.mmus = this.scannerTask.guests.map(({ firstPage, pages }, guest) => {
      const options: MmuOptions = {
        firstPage,
        pages,
        counters: counterRow(counters, guest),
        histograms: this.histograms,
        stallLimitSeconds: STALL_LIMIT_SECONDS,
        isStopping: () => false,
        observes,
      }
      return new Mmu(new Machine(this.handle, guest), options)
    })
  }

  /** Gives every page contents of its own. */
  fillUnique(): void {
    this.mmus.forEach((mmu, guest) => {
      const contents = new PageContents(mmu, SEED, guest)
      for (let ppn = 0; ppn < mmu.pages; ppn++) contents.writePrivate(ppn)
    })
  }

  newScanner(): Actor {
    return scannerOf(this.scannerTask, this.control)
  }

  /** Steps a scanner until it has completed another pass; returns how many pages that was. */
  scanPass(scanner: Actor): number {
    const pagesBefore = this.scanRow[SCAN.pagesScanned]!
    const passesBefore = this.scanRow[SCAN.passes]!
    while (this.scanRow[SCAN.passes] === passesBefore) scanner.step()
    return this.scanRow[SCAN.pagesScanned]! - pagesBefore
  }

  save(): void {
    this.saved = sharedTables(this.handle).map((bytes) => ({ bytes, copy: bytes.slice() }))
  }

  restore(): void {
    for (const { bytes, copy } of this.saved) bytes.set(copy)
  }
}

/** Everything that the threads share but the frames' bytes. */
export function sharedTables({ memory, ...tables }: MachineHandle): Uint8Array[] {
  const frames = new Set<ArrayBufferLike>(memory.segments.map(({ buffer }) => buffer))
  const found = new Set<ArrayBufferLike>()
  const search = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) found.add(value.buffer)
    else if (value instanceof WebAssembly.Memory) found.add(value.buffer)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(search)
  }
  search(tables)
  return [...found].filter((buffer) => !frames.has(buffer)).map((buffer) => new Uint8Array(buffer))
}

function planOf(
  guests: readonly number[],
  frames: number,
  order: TpsPlan['order'],
  contents: number,
  count: number,
): Plan {
  const rates = { unthrottled: true, ShareScanTimeSeconds: 3600, ShareScanGHz: 4, ShareRateMax: 1024 }
  return {
    scenario: 'bench',
    description: '',
    seed: SEED,
    engine: 'threads',
    backend: 'lab',
    scale: { memory: 1, time: 1 },
    host: {
      frames,
      processors: 1,
      processorNumbers: undefined,
      onRefusal: 'fail',
      GHz: 1,
      swap: { enabled: false, startFreePercent: 0, stopFreePercent: 0 },
      stallLimitSeconds: STALL_LIMIT_SECONDS,
    },
    guests: guests.map((pages, guest) => ({
      name: `guest ${guest}`,
      pages,
      salt: undefined,
      share: true,
      image: [],
      activities: [[]],
      demand: [0],
      processors: undefined,
      traceGuest: undefined,
    })),
    scanner: { policy: 'tps', count, order, ShareForceSalting: 0, onDeath: 'fail', rates: [rates, rates] },
    scannerThreads: { nice: undefined, class: 'SCHED_OTHER', processors: undefined },
    phases: ['bench', 'bench again'].map((name) => ({ name, ends: { when: 'time' }, seconds: 1 })),
    sampleSeconds: 60,
    contents,
    trace: undefined,
  }
}

/** One thread of a stress run (stress.ts): runs until the run stops, then reports. */
import { parentPort, workerData } from 'node:worker_threads'
import { PageContents } from '../../src/guest/contents.js'
import { type Operation, operationOf } from '../../src/guest/operations.js'
import { verifyPages } from '../../src/guest/verify.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import { Machine } from '../../src/machine/machine.js'
import { Mmu, type MmuOptions, RunStopped } from '../../src/machine/mmu.js'
import { ScratchPage, zeroPageHash } from '../../src/machine/scratch.js'
import { counterRow } from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'
import { LatencyCounts } from '../../src/measure/latency-counts.js'
import { Prng } from '../../src/random/prng.js'
import type { Activity, ImageExtent, Plan } from '../../src/scenario/plan.js'
import { Reclaimer } from '../../src/sharing/reclaimer.js'
import { saltKeys } from '../../src/sharing/salt.js'
import { Scanner } from '../../src/sharing/scanner.js'
import { TpsPolicy } from '../../src/sharing/tps.js'
import { Control } from '../../src/sync/control.js'
import { CONTENTS, type GuestReport, type StressTask } from './stress.js'

const VERIFY_LIMIT_MS = 30_000
const WRONG_LOADS_MAX = 5

const task = workerData as StressTask
const control = new Control(task.control)
const machine = new Machine(task.machine, task.thread)
const counters = counterRow(task.counters, task.thread)

/** A guest's memory access that keeps what it stores in a plain array as well, and compares what it loads. */
class CheckedMmu extends Mmu {
  readonly wrongLoads: string[] = []
  private readonly expected: Int32Array[]
  private readonly content: { machine: Machine; words: Int32Array }

  constructor(machine: Machine, options: MmuOptions) {
    super(machine, options)
    this.expected = Array.from({ length: options.pages }, () => new Int32Array(PAGE_WORDS))
    const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    const memory = { segments: [segment], segmentShift: 4, frames: 1 }
    this.content = {
      machine: new Machine({ ...task.machine, memory }, 0),
      words: new Int32Array(segment.buffer, 0, PAGE_WORDS),
    }
  }

  override load(ppn: number, word: number): number {
    const value = super.load(ppn, word)
    const stored = this.expected[ppn]![word]!
    if (value !== stored && this.wrongLoads.length < WRONG_LOADS_MAX) {
      this.wrongLoads.push(`PPN ${ppn} word ${word}: stored ${stored}, loaded ${value}`)
    }
    return value
  }

  override store(ppn: number, word: number, values: Int32Array, count: number): void {
    super.store(ppn, word, values, count)
    for (let i = 0; i < count; i++) this.expected[ppn]![word + i] = values[i]!
  }

  override fill(ppn: number, keyLow: number, keyHigh: number, tag: number): void {
    super.fill(ppn, keyLow, keyHigh, tag)
    this.content.machine.kernels.fill(0, keyLow, keyHigh)
    this.expected[ppn]!.set(this.content.words)
  }

  override zero(ppn: number): void {
    super.zero(ppn)
    this.expected[ppn]!.fill(0)
  }
}

function guest(): GuestReport {
  const { firstPage, pages } = task.guests[task.thread]!
  const mmu = new CheckedMmu(machine, {
    firstPage,
    pages,
    counters,
    histograms: new GuestHistograms(),
    stallLimitSeconds: 30,
    isStopping: () => control.isStopping(),
  })
  control.attach(task.thread, 0)
  try {
    liveAsGuest(mmu, new PageContents(mmu, task.seed, task.thread))
  } catch (error) {
    if (!(error instanceof RunStopped)) throw error
  }
  control.arriveQuiet()
  if (!control.awaitVerify(VERIFY_LIMIT_MS)) throw new Error('the others did not come to rest')
  const scratch = new ScratchPage(task.machine.kernels)
  const verification = verifyPages(machine, mmu, `g${task.thread}`, task.machine.swapFd, scratch)
  return { verification, wrongLoads: mmu.wrongLoads }
}

/** Boots, then does a little of everything, without a pause. */
function liveAsGuest(mmu: Mmu, contents: PageContents): void {
  const { pages } = mmu
  const image: ImageExtent[] = [{ class: 'common', first: 0, pages, firstContent: 1, contents: CONTENTS }]
  const memory = { mmu, contents, image, storeLatency: new LatencyCounts() }
  const ranges = [{ first: 0, pages }]
  const pace = { kind: 'over', seconds: 0 } as const
  const make = (activity: Exclude<Activity, { do: 'busy' }>, seed: number) =>
    operationOf(activity, memory, seed)
  const boot = make({ do: 'boot', pace }, 0)
  for (let n = 0; n < boot.operations; n++) boot.run()

  const prng = new Prng(task.seed + task.thread)
  const reboot: Operation = {
    operations: Number.POSITIVE_INFINITY,
    run: () => contents.writeKnown(prng.nextBelow(pages), prng.nextBelow(CONTENTS + 1)),
  }
  const operations = [
    reboot,
    reboot,
    make({ do: 'reload', ranges, pace }, task.thread),
    make({ do: 'zero', ranges, pace }, task.thread),
    make({ do: 'update', ranges, pace, words: 2, locks: 1, zipf: 0 }, task.thread),
    ...Array.from({ length: 6 }, (_, n) => make({ do: 'read', ranges, pace, zipf: 0 }, n)),
  ]
  while (!control.isStopping())
    for (let n = 0; n < 100; n++) operations[prng.nextBelow(operations.length)]!.run()
}

function policy(): TpsPolicy {
  const salts = saltKeys(
    task.guests.map(({ salt }) => salt),
    task.forceSalting,
  )
  return new TpsPolicy(machine, salts, counters, zeroPageHash(task.machine.kernels))
}

function scan(): void {
  const order = task.thread % 2 === 0 ? 'random' : 'sequential'
  const plan = {
    seed: task.seed + task.thread,
    host: { processors: 1, GHz: 1 },
    scanner: { policy: 'tps', order, ShareForceSalting: task.forceSalting },
    phases: [{ rates: { unthrottled: true } }],
  } as unknown as Plan
  const scanner = new Scanner(policy(), control, counters, plan, task.guests, machine.ptes)
  control.attach(task.thread, 0)
  scanner.run()
  control.arriveQuiet()
}

function reclaim(): void {
  const prng = new Prng(task.seed)
  const { guests, enoughFrames } = task
  const reclaimer = new Reclaimer(machine, policy(), control, counters, guests, prng, enoughFrames)
  control.attach(task.thread, 0)
  reclaimer.run()
  control.arriveQuiet()
}

const roles = { guest, scanner: scan, reclaimer: reclaim }
parentPort!.postMessage(roles[task.role]())

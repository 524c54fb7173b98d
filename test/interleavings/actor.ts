/**
 * A worker thread that plays an actor of one race after the other: the code under test, on a real thread, one step at a time
 * whenever it holds the baton. Started with the condition `twinpage-interleaved`.
 */
import { parentPort } from 'node:worker_threads'
import type { GuestPages } from '../../src/experiment/messages.js'
import { FREE_STATE } from '../../src/machine/frames.js'
import { Machine, type MachineHandle } from '../../src/machine/machine.js'
import { Mmu } from '../../src/machine/mmu.js'
import { SHARED } from '../../src/machine/pte.js'
import { zeroPageHash } from '../../src/machine/scratch.js'
import { counterRow, createCounters } from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'
import type { Prng } from '../../src/random/prng.js'
import { Reclaimer } from '../../src/sharing/reclaimer.js'
import { saltKeys } from '../../src/sharing/salt.js'
import { TpsPolicy } from '../../src/sharing/tps.js'
import { Control, createControl } from '../../src/sync/control.js'
import { type KsmMemory, KsmScanner, type KsmScannerSettings } from '../support/ksm-scanner.js'
import { type Stepper, stepWith } from './atomics.js'
import { Abandoned, BatonActor, DONE, FAILED, PREEMPTED, SLEEPS, SPINS } from './baton.js'
import { nameOfArray, numberOfArray } from './machine-arrays.js'
import { type Actor, CONTENT_KEY_HIGH, type Operation, type Race } from './race.js'
import { tearMemory, weakenHashes } from './torn-kernels.js'

export interface ActorTask extends Actor, Pick<Race, 'hashes' | 'clusterPages'> {
  machine: MachineHandle
  baton: Int32Array
  actor: number
  guests: GuestPages[]
  /** Where the policy is `ksm`: what its scanner works with, which outlives a schedule in nobody's thread. */
  ksm: { settings: KsmScannerSettings; counters: Float64Array; memory: KsmMemory } | undefined
  /** What each page's bytes must digest to, by global page number: at the start; and at the end, which the actor writes. */
  digestsBefore: Int32Array
  digestsAfter: Int32Array
  /** By MPN: who holds a frame that was taken from the allocator by `take`, plus 1. */
  holders: Int32Array
  /** Why the actor failed, in UTF-8, up to a 0. */
  failure: Uint8Array
  /** Number of the last step that was made by anyone, where steps are to be told. */
  tell: Int32Array | undefined
}

/** One step, for a reader. */
export interface ToldStep {
  number: number
  actor: number
  text: string
}

const STALL_LIMIT_SECONDS = 0.02
/** What passes at each nap of a thread whose time is over. */
const NAP_IN_VAIN_MS = 1000

/** The thread's clock: it stands still but for waits that are in vain. */
let nowMs = 0
performance.now = () => nowMs

class ActorStepper implements Stepper {
  readonly told: ToldStep[] = []
  /** The holder of a lock is dead: there is nothing to wait for. */
  private waitsInVain = false

  constructor(
    private readonly baton: BatonActor,
    private readonly task: ActorTask,
  ) {}

  start(): void {
    this.waitsInVain = false
    nowMs = 0
  }

  step(): void {
    this.baton.step()
  }

  done(operation: string, words: Int32Array, index: number, result: unknown): void {
    const { tell, machine, actor } = this.task
    if (tell === undefined) return
    tell[0]! += 1
    const returned = result === undefined ? '' : ` → ${result}`
    const text = `${nameOfArray(machine, words, index)} ${operation}${returned}`
    this.told.push({ number: tell[0]!, actor, text })
  }

  pause(words: Int32Array, index: number, locked: number): void {
    if (this.waitsInVain || words[index] !== locked) return
    const array = numberOfArray(this.task.machine, words)
    this.waitsInVain = this.baton.block(SPINS, { array, index, value: locked })
  }

  wait(words: Int32Array, index: number, expected: number, timeoutMs: number): string {
    this.baton.step()
    if (this.waitsInVain) {
      nowMs += NAP_IN_VAIN_MS
      return 'timed-out'
    }
    if (words[index] !== expected) return 'not-equal'
    const array = numberOfArray(this.task.machine, words)
    const inVain = this.baton.block(SLEEPS, { array, index, value: expected })
    if (inVain) nowMs += timeoutMs
    return inVain ? 'timed-out' : 'ok'
  }

  notify(words: Int32Array, index: number, count: number): number {
    this.baton.step()
    return this.baton.notify(numberOfArray(this.task.machine, words), index, count)
  }
}

class ActorThread {
  private readonly machine: Machine
  private readonly mmu: Mmu | undefined
  /** Of policy `tps`, unless the race is one of the other. */
  private readonly policy: TpsPolicy | undefined
  private readonly ksm: KsmScanner | undefined
  private readonly guest: GuestPages | undefined
  private readonly value = new Int32Array(1)
  private readonly counters: Float64Array
  private held: number[] = []
  private reclaimer!: Reclaimer
  /** The page that it takes next. */
  private reclaimedPage = 0
  private readonly allocatorBefore: object

  constructor(private readonly task: ActorTask) {
    const { machine: handle, thread, guests } = task
    this.machine = new Machine(handle, thread)
    tearMemory(this.machine, handle.kernels)
    weakenHashes(this.machine.kernels, task.hashes)
    this.allocatorBefore = { ...this.machine.allocator }
    this.counters = counterRow(createCounters(thread + 1), thread)
    this.guest = guests[thread]
    this.mmu =
      this.guest &&
      new Mmu(this.machine, {
        firstPage: this.guest.firstPage,
        pages: this.guest.pages,
        counters: this.counters,
        histograms: new GuestHistograms(),
        stallLimitSeconds: STALL_LIMIT_SECONDS,
        isStopping: () => false,
      })
    if (task.ksm === undefined) this.policy = this.makeTpsPolicy()
    else if (thread === guests.length) {
      const { settings, counters, memory } = task.ksm
      this.ksm = new KsmScanner(this.machine, handle.kernels, guests, counters, settings, memory)
    }
  }

  /** Plays schedule after schedule, until there are no more. */
  live(): ToldStep[] {
    const { task } = this
    const baton = new BatonActor(task.baton, task.actor)
    const stepper = new ActorStepper(baton, task)
    while (baton.begin()) {
      this.reset()
      stepper.start()
      baton.end(this.play(stepper))
    }
    baton.leave()
    return stepper.told
  }

  private play(stepper: Stepper): typeof DONE | typeof FAILED | typeof PREEMPTED {
    stepWith(stepper)
    try {
      for (const operation of this.task.program) this.perform(operation)
      return DONE
    } catch (error) {
      if (error instanceof Abandoned) return PREEMPTED
      this.tellFailure(error)
      return FAILED
    } finally {
      stepWith(undefined)
      this.publishDigests()
    }
  }

  /** What this thread alone knows is as at the start; the controller has reset what all share. */
  private reset(): void {
    const { digestsBefore } = this.task
    if (this.mmu !== undefined) {
      const { firstPage, pages, digests } = this.mmu
      digests.set(digestsBefore.subarray(firstPage, firstPage + pages))
    }
    Object.assign(this.machine.allocator, this.allocatorBefore)
    this.counters.fill(0)
    this.held = []
    this.reclaimer = this.makeReclaimer()
  }

  private publishDigests(): void {
    if (this.mmu !== undefined) this.task.digestsAfter.set(this.mmu.digests, this.mmu.firstPage)
  }

  private perform(operation: Operation): void {
    switch (operation.do) {
      case 'store':
        this.value[0] = operation.value
        this.mmu!.store(operation.ppn, operation.word, this.value, 1)
        break
      case 'load': {
        const { ppn, word, expected } = operation
        const loaded = this.mmu!.load(ppn, word)
        if (loaded !== expected)
          throw new Error(`loaded ${loaded} from PPN ${ppn} word ${word}, where it had stored ${expected}`)
        break
      }
      case 'fill':
        this.mmu!.fill(operation.ppn, operation.content, CONTENT_KEY_HIGH, operation.content)
        break
      case 'zero':
        this.mmu!.zero(operation.ppn)
        break
      case 'visit': {
        const { guest, ppn, leaveHint } = operation
        const page = this.task.guests[guest]!.firstPage + ppn
        if (this.policy === undefined) this.ksm!.policy.visit(page)
        else if (leaveHint) this.policy.scan(Int32Array.of(page), 1, guest)
        else this.policy.visit(page, guest)
        break
      }
      case 'begin full scan':
        this.ksm!.policy.beginFullScan()
        break
      case 'unmerge':
        this.unmerge()
        break
      case 'reclaim':
        this.reclaim(this.task.guests[operation.guest]!.firstPage + operation.ppn)
        break
      case 'take':
        this.take()
        break
      case 'give':
        this.give()
        break
    }
  }

  private makeTpsPolicy(): TpsPolicy {
    const { guests, machine: handle } = this.task
    const salts = saltKeys(
      guests.map(() => undefined),
      0,
    )
    return new TpsPolicy(this.machine, salts, this.counters, zeroPageHash(handle.kernels))
  }

  private makeReclaimer(): Reclaimer {
    const { machine, policy, counters, task } = this
    const control = new Control(createControl(0, 0, 0))
    const choice = { nextBelow: () => this.reclaimedPage } as unknown as Prng
    return new Reclaimer(machine, policy, control, counters, task.guests, choice, 0)
  }

  private reclaim(page: number): void {
    this.reclaimedPage = page
    // biome-ignore lint/complexity/useLiteralKeys: it is private, and the one step of the reclaimer that is to be tried
    this.reclaimer['freeCluster'](this.task.clusterPages ?? 1)
    if (this.reclaimer.swapError !== undefined) throw new Error(this.reclaimer.swapError)
  }

  private unmerge(): void {
    if (this.ksm!.unmergeRound() !== 'done') return
    const shared = this.machine.ptes.findIndex((pte) => (pte & SHARED) !== 0)
    if (shared >= 0) throw new Error(`page ${shared} is shared after an unmerge that left none`)
  }

  private take(): void {
    const mpn = this.machine.allocator.allocate()
    if (mpn < 0) return
    const { holders, actor } = this.task
    if (holders[mpn] !== FREE_STATE) throw new Error(`MPN ${mpn} was handed out twice`)
    holders[mpn] = actor + 1
    this.held.push(mpn)
  }

  private give(): void {
    const mpn = this.held.shift()
    if (mpn === undefined) return
    this.task.holders[mpn] = FREE_STATE
    this.machine.allocator.free(mpn)
  }

  private tellFailure(error: unknown): void {
    const bytes = new TextEncoder().encode(String(error))
    const { failure } = this.task
    failure.fill(0)
    failure.set(bytes.subarray(0, failure.length - 1))
  }
}

parentPort!.on('message', (task: ActorTask) => {
  parentPort!.postMessage(new ActorThread(task).live())
})
parentPort!.postMessage('ready')

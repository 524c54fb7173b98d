/**
 * Engine `stepped`: all actors on the calling thread, stepped in turn, by a virtual clock. A run is then a function of
 * its scenario and seed, to the byte; it is for teaching, for regression tests and for bug reports, not for measuring.
 *
 *   time         begins at 0 and goes on by STEP_NS in each round of the actors, whatever their operations cost in truth;
 *                when no actor has anything to do it jumps to when the next one wants to
 *   processors   so many operations in a round, in an order that the seed decides: with fewer processors than
 *                actors that have something to do, each waits for its turn
 *   the main     leads the phases as ever; while it sleeps, the lab goes on for that time
 *
 * Nobody waits for a lock here: a step ends with all of its locks released, and the next begins after it. One lock alone
 * is held while others act: that of a page for which a guest needs a frame and finds none. An operation can't be left
 * in the middle, so time goes on inside it, for the reclaimer and the scanners alone, who only try-lock pages. Until a
 * frame comes free, or the limit for it is over, neither the main nor a signal is heard.
 *
 * The virtual clock is the clock only while actors are stepped, which is one call after another without a pause: other
 * runs in the same process don't meet it.
 */
import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { messageOf } from '../errors.js'
import { Guest } from '../guest/guest.js'
import { FrameAllocator } from '../machine/allocator.js'
import type { AwaitFrame } from '../machine/mmu.js'
import { byVirtualClock, realNowNs, type VirtualClock } from '../measure/clock.js'
import { Permutation } from '../random/permutation.js'
import { seedOf } from '../random/prng.js'
import type { Plan } from '../scenario/plan.js'
import { reclaimerOf, scannerOf } from '../sharing/attach.js'
import type { Reclaimer } from '../sharing/reclaimer.js'
import { ON_EVENT } from '../sync/actor.js'
import { Control } from '../sync/control.js'
import type { Engine, EngineResults } from './engine.js'
import type { GuestResult, GuestTask } from './messages.js'
import { Rota, Turn } from './rota.js'
import type { RunFailure } from './run.js'
import { type HypervisorTasks, scannerName } from './tasks.js'

/** What an operation takes: a guest's, a scanner's visit to a page, the reclaimer's try. */
const STEP_NS = 1000
/** How much an actor does in a step. */
const BATCH = 1
/** How long actors are stepped, in real time, before the process may hear of a signal again. */
const DEAF_NS = 20e6

export class Stepped implements Engine {
  readonly count: number
  readonly deaths: RunFailure[] = []
  private readonly control: Control
  private readonly clock: VirtualClock = { ns: 0 }
  /** In the order of the plan; undefined for one that died. */
  private readonly guests: (Guest | undefined)[]
  private readonly reclaimer: Reclaimer
  private readonly allocator: FrameAllocator
  private readonly turns: readonly Turn[]
  private readonly reclaimerTurn: Turn
  /** Of all actors. */
  private readonly rota: Rota
  /** Of those who go on while a guest waits for a frame. */
  private readonly rotaInStall: Rota
  private seenEvent = 0
  private heardNs = realNowNs()

  constructor(
    private readonly plan: Plan,
    guests: readonly GuestTask[],
    { scanners, reclaimer }: HypervisorTasks,
  ) {
    this.control = new Control(reclaimer.control)
    const awaitFrame: AwaitFrame = (allocator, limitMs) => this.awaitFrame(allocator, limitMs)
    this.guests = guests.map((task, index) => {
      const processorNs = () => this.turns[index]!.operations * STEP_NS
      return new Guest(task, this.control, { awaitFrame, batchOperations: BATCH, processorNs })
    })
    this.allocator = new FrameAllocator(reclaimer.machine.allocator, reclaimer.thread)
    this.reclaimer = reclaimerOf(reclaimer, this.control, BATCH)
    const guestTurns = this.guests.map(
      (guest, index) => new Turn(guest!, (error) => this.guestDied(index, error)),
    )
    const scannerTurns = scanners.map(
      (task) =>
        new Turn(scannerOf(task, this.control, BATCH), (error) => this.died(scannerName(task), error)),
    )
    this.reclaimerTurn = new Turn(this.reclaimer, (error) => this.died('the reclaimer', error))
    this.turns = [...guestTurns, ...scannerTurns, this.reclaimerTurn]
    this.count = this.turns.length
    const order = new Permutation(this.count, seedOf('stepped', plan.seed))
    const inOrder = this.turns.map((_, place) => this.turns[order.at(place)]!)
    const { processors } = plan.host
    this.rota = new Rota(inOrder, processors)
    this.rotaInStall = new Rota([this.reclaimerTurn, ...scannerTurns], processors)
  }

  start(): void {
    // No thread of the system is an actor's own: there are no times of threads.
    for (let actor = 0; actor < this.count; actor++) this.control.attach(actor, 0)
  }

  hasDeath(): boolean {
    return this.deaths.length > 0
  }

  areQuiet(): boolean {
    return this.turns.every((turn) => turn.isOver())
  }

  /** Nobody is replaced: whatever ends an actor here ends it again. */
  messages(): string[] {
    return []
  }

  nowNs(): number {
    return this.clock.ns
  }

  async sleep(ms: number): Promise<void> {
    if (this.control.event() !== this.seenEvent) for (const turn of this.turns) turn.wake()
    this.seenEvent = this.control.event()
    byVirtualClock(this.clock, () => this.advance(this.rota, ms, () => this.mustEnd()))
    await this.hear()
  }

  async results(): Promise<EngineResults> {
    const guests: EngineResults['guests'] = []
    for (let index = 0; index < this.guests.length; index++) {
      guests.push(this.resultOf(index))
      await this.hear()
    }
    return { guests, reclaimer: { swapError: this.reclaimer.swapError } }
  }

  async destroy(): Promise<void> {}

  private guestDied(index: number, error: unknown): void {
    this.guests[index] = undefined
    this.died(`guest ${this.plan.guests[index]!.name}`, error)
  }

  private died(name: string, error: unknown): void {
    this.deaths.push({ kind: 'internal', message: `${name} died: ${messageOf(error)}` })
  }

  private resultOf(index: number): GuestResult | undefined {
    try {
      const result = this.guests[index]?.result(true)
      // A clock that stands still in an operation measures nothing of it.
      return result && { ...result, phases: result.phases.map((phase) => ({ ...phase, histograms: [] })) }
    } catch (error) {
      this.guestDied(index, error)
      return undefined
    }
  }

  /** Steps the actors of a rota for so long, or until it is enough, but at least for a round. */
  private advance(rota: Rota, ms: number, isEnough: () => boolean): void {
    const { clock } = this
    const untilNs = wholeSteps(clock.ns + ms * 1e6)
    do {
      if (this.reclaimerTurn.wakeNs === ON_EVENT && this.allocator.isReclaimRequested())
        this.reclaimerTurn.wake()
      if (rota.round(clock.ns)) clock.ns += STEP_NS
      // Never stands still: a time that an actor wants to be stepped at can, by rounding, be the present.
      else clock.ns = Math.max(clock.ns + STEP_NS, Math.min(wholeSteps(rota.earliestNs()), untilNs))
    } while (clock.ns < untilNs && !isEnough())
  }

  /** A guest has no frame. */
  private awaitFrame(allocator: FrameAllocator, limitMs: number): number {
    allocator.requestReclaim()
    this.advance(this.rotaInStall, limitMs, () => allocator.availableFrames() > 0)
    return allocator.allocate()
  }

  /**
   * Is it the main thread's turn to end the run? Asked between rounds: others may act in the round in which one dies, but
   * no other round begins before: one who died may have left locks behind.
   */
  private mustEnd(): boolean {
    return (this.hasDeath() || this.control.hasFailure()) && !this.control.isStopping()
  }

  /** Lets the process hear of signals, now and then. */
  private async hear(): Promise<void> {
    if (realNowNs() - this.heardNs < DEAF_NS) return
    await yieldToEvents()
    this.heardNs = realNowNs()
  }
}

/** The clock shows whole steps only. */
function wholeSteps(ns: number): number {
  return Math.ceil(ns / STEP_NS) * STEP_NS
}

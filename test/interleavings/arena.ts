/**
 * Where a race is run: its machine, brought back to the same state before each schedule, and its actors, played by the
 * threads of a cast. The controller, on this thread, plays one schedule at a time and checks the machine after each turn and
 * at the end.
 */
import { once } from 'node:events'
import { readSync, writeSync } from 'node:fs'
import { freeFrameMap } from '../../src/machine/allocator.js'
import { PAGE_BYTES, PAGE_WORDS } from '../../src/machine/layout.js'
import { SWAPPED } from '../../src/machine/pte.js'
import { TestHost } from '../support/host.js'
import type { ActorTask, ToldStep } from './actor.js'
import { BatonController, createBaton, DONE, FAILED, NOTIFIED, PREEMPTED, SLEEPS, SPINS } from './baton.js'
import type { Cast } from './cast.js'
import { brokenAfterDeath, brokenAtEnd, brokenNow } from './invariants.js'
import { sharedArrays } from './machine-arrays.js'
import type { Race } from './race.js'
import type { Turn } from './schedule.js'
import { weakenHashes } from './torn-kernels.js'

/** No operation of a race takes so many steps: an actor that makes them goes round in a circle. */
const STEPS_MAX = 3000
const TURNS_MAX = 200
const FAILURE_BYTES = 500
/** What lies in free frames, and in slots of the swap file that hold no page: not zeros, nor what another schedule wrote. */
const POISON = 0xdb
/** How a thread tells that it gave a lock up. */
const GAVE_UP = 'LockTimeoutError'

/** A turn that was played; `steps` is undefined if it ended by itself, however many it was given. */
export interface PlayedTurn extends Turn {
  /** Steps that it really had. */
  made: number
  /** Actors that could have had it. */
  runnable: number[]
}

export interface Play {
  turns: PlayedTurn[]
  /** What went wrong, if anything did. */
  violation: string | undefined
  /** False: the schedule asked for a turn of an actor that could not go on, or for more steps than it had. */
  isFeasible: boolean
}

/** Decides the turns that a schedule leaves open. */
export type Chooser = (runnable: readonly number[], stepsMade: number) => Turn

export const firstRunnable: Chooser = ([actor]) => ({ actor: actor! })

type SharedArray = Int32Array | Uint8Array | Float64Array

interface Snapshot {
  /** Pairs of a shared array and what it held. */
  words: [SharedArray, SharedArray][]
  /** The swap file, slot by slot. */
  slots: [page: number, bytes: Buffer][]
}

export class Arena {
  private readonly baton: BatonController
  private readonly arrays: Int32Array[]
  private readonly snapshot: Snapshot
  private readonly digestsBefore: Int32Array
  private readonly digestsAfter: Int32Array
  private readonly holders: Int32Array
  private readonly failures: Uint8Array[]
  private readonly started = new Set<number>()
  private readonly dead = new Set<number>()
  private readonly told: Promise<ToldStep[]>[]
  private readonly tell: Int32Array | undefined
  private readonly host: TestHost

  /** @param tellsSteps whether `close` returns all steps that were made */
  constructor(
    private readonly race: Race,
    private readonly cast: Cast,
    tellsSteps = false,
  ) {
    this.host = new TestHost(race.host)
    weakenHashes(this.host.scannerView.kernels, race.hashes)
    race.setUp(this.host)
    const { handle, guests } = this.host
    const words = createBaton()
    const pages = handle.ptes.length
    this.baton = new BatonController(words)
    this.arrays = sharedArrays(handle)
    this.digestsBefore = sharedWords(pages)
    this.digestsAfter = sharedWords(pages)
    for (const { mmu } of guests) this.digestsBefore.set(mmu.digests, mmu.firstPage)
    this.holders = sharedWords(handle.memory.frames)
    this.failures = race.actors.map(() => new Uint8Array(new SharedArrayBuffer(FAILURE_BYTES)))
    this.tell = tellsSteps ? sharedWords(1) : undefined
    this.snapshot = this.takeSnapshot()
    this.told = race.actors.map(async (actor, index) => {
      const worker = cast.workers[index]!
      const task: ActorTask = {
        ...actor,
        hashes: race.hashes,
        clusterPages: race.clusterPages,
        machine: handle,
        baton: words,
        actor: index,
        guests: guests.map(({ firstPage, pages, share, salt }) => ({ firstPage, pages, share, salt })),
        ksm: this.host.ksm && {
          settings: this.host.ksm.settings,
          counters: this.host.counters,
          memory: this.host.ksm.memory,
        },
        digestsBefore: this.digestsBefore,
        digestsAfter: this.digestsAfter,
        holders: this.holders,
        failure: this.failures[index]!,
        tell: this.tell,
      }
      const answer = once(worker, 'message')
      worker.postMessage(task)
      return ((await answer) as [ToldStep[]])[0]
    })
  }

  /** Plays a schedule, and from its end on what is chosen, until all actors have ended or something is broken. */
  play(schedule: readonly Turn[], choose: Chooser = firstRunnable): Play {
    this.reset()
    const play: Play = { turns: [], violation: undefined, isFeasible: true }
    let runnable = this.runnable()
    for (let stepsMade = 0; runnable.length > 0; runnable = this.runnable()) {
      const asked = schedule[play.turns.length]
      const turn = asked ?? choose(runnable, stepsMade)
      if (!runnable.includes(turn.actor)) play.isFeasible = false
      else stepsMade += this.playTurn(turn, runnable, play)
      if (asked?.steps !== undefined && !this.isPreempted(asked.actor)) play.isFeasible = false
      if (!play.isFeasible || play.violation !== undefined) break
    }
    if (this.cast.isStuck) return play
    const isDeadlock = this.race.actors.some((_, actor) => this.isUnfinished(actor)) && runnable.length === 0
    for (const actor of this.started) if (!this.hasEnded(actor)) this.baton.abandon(actor)
    if (isDeadlock) play.violation = 'deadlock: an actor waits for a lock that nobody will open'
    if (play.isFeasible) play.violation ??= this.violationAtEnd()
    return play
  }

  /** Sends the actors home; returns their steps, in order. */
  async close(): Promise<ToldStep[]> {
    if (this.cast.isStuck) {
      this.host.close()
      return []
    }
    this.race.actors.forEach((_, actor) => {
      this.baton.release(actor)
    })
    const told = (await Promise.all(this.told)).flat()
    this.host.close()
    return told.sort((a, b) => a.number - b.number)
  }

  private playTurn(turn: Turn, runnable: number[], play: Play): number {
    const { actor, steps, dies = false } = turn
    const before = this.started.has(actor) ? this.baton.steps(actor) : 0
    const timesOut = this.started.has(actor) && this.isWaiting(actor)
    this.started.add(actor)
    const isBack = this.baton[timesOut ? 'expire' : 'run'](actor, steps ?? STEPS_MAX)
    const made = this.baton.steps(actor) - before
    play.turns.push({ actor, steps: this.isPreempted(actor) ? steps : undefined, dies, made, runnable })
    if (!isBack) {
      this.cast.isStuck = true
      play.violation = 'an actor goes round in a circle without a step'
      return made
    }
    if (timesOut && this.dead.size === 0) play.violation = 'an actor waits for a frame and was not woken'
    if (made === STEPS_MAX) play.violation = `an actor made ${STEPS_MAX} steps without an end`
    if (dies) this.dead.add(actor)
    if (play.turns.length > TURNS_MAX) play.violation = `no end after ${TURNS_MAX} turns`
    play.violation ??= this.failureOf(actor) ?? brokenNow(this.host.handle)
    return made
  }

  /** Those that can go on; if nobody can, those that wait and whose time may be over. */
  private runnable(): number[] {
    const unfinished = this.race.actors.map((_, actor) => actor).filter((actor) => this.isUnfinished(actor))
    const ready = unfinished.filter((actor) => !this.started.has(actor) || !this.isWaiting(actor))
    if (ready.length > 0) return ready
    const sleepers = unfinished.filter((actor) => this.baton.status(actor) === SLEEPS)
    if (sleepers.length > 0) return sleepers
    return this.dead.size > 0 ? unfinished : []
  }

  private isUnfinished(actor: number): boolean {
    return !this.dead.has(actor) && !(this.started.has(actor) && this.hasEnded(actor))
  }

  private hasEnded(actor: number): boolean {
    const status = this.baton.status(actor)
    return status === DONE || status === FAILED
  }

  private isPreempted(actor: number): boolean {
    return this.baton.status(actor) === PREEMPTED
  }

  private isWaiting(actor: number): boolean {
    const status = this.baton.status(actor)
    if (status === PREEMPTED || status === NOTIFIED) return false
    if (status === SLEEPS) return true
    const { array, index, value } = this.baton.blockedOn(actor)
    return status === SPINS && this.arrays[array]![index] === value
  }

  private failureOf(actor: number): string | undefined {
    if (this.baton.status(actor) !== FAILED) return undefined
    const bytes = this.failures[actor]!
    const text = new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)))
    return this.dead.size > 0 && text.startsWith(GAVE_UP) ? undefined : text
  }

  private violationAtEnd(): string | undefined {
    for (const { mmu } of this.host.guests) {
      mmu.digests.set(this.digestsAfter.subarray(mmu.firstPage, mmu.firstPage + mmu.pages))
    }
    return this.dead.size > 0
      ? brokenAfterDeath(this.host)
      : brokenAtEnd(this.host, this.race.hashes === 'equal')
  }

  private takeSnapshot(): Snapshot {
    const { handle } = this.host
    const memory = handle.memory.segments.map((segment) => new Int32Array(segment.buffer))
    freeFrameMap(handle.allocator).forEach((free, mpn) => {
      const { segmentShift } = handle.memory
      const first = (mpn & ((1 << segmentShift) - 1)) * PAGE_WORDS
      if (free > 0) memory[mpn >>> segmentShift]!.fill(POISON, first, first + PAGE_WORDS)
    })
    const { ksm, counters } = this.host
    const words = [...this.arrays, ...memory, ...(ksm?.memory ?? []), counters]
    const slots: Snapshot['slots'] = []
    for (const [page, pte] of handle.swapFd === undefined ? [] : handle.ptes.entries()) {
      const bytes = Buffer.alloc(PAGE_BYTES, POISON)
      if ((pte & SWAPPED) !== 0) readSync(handle.swapFd!, bytes, 0, PAGE_BYTES, page * PAGE_BYTES)
      slots.push([page, bytes])
    }
    return { words: words.map((array) => [array, array.slice()]), slots }
  }

  private reset(): void {
    const { handle } = this.host
    for (const [array, held] of this.snapshot.words) array.set(held)
    for (const [page, bytes] of this.snapshot.slots) {
      writeSync(handle.swapFd!, bytes, 0, PAGE_BYTES, page * PAGE_BYTES)
    }
    this.digestsAfter.set(this.digestsBefore)
    this.holders.fill(0)
    this.started.clear()
    this.dead.clear()
  }
}

function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4))
}

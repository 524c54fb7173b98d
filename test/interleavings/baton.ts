/**
 * The baton: which of several threads may run. Exactly one thread holds it at a time, an actor or the controller
 * that tells them in which order to run; all others sleep. So whatever the actors do is done in one order, which the
 * controller chose, and happens again when it is chosen again.
 *
 * An actor gives the baton back before its n-th next step, n being its budget; when it can't go on before another does; or at
 * its end. A step is an operation on shared memory, and the thread's own work up to the next one.
 *
 * Each thread has a TURN word, which it sleeps on. All other words are written by whoever holds the baton. They are
 * handled with Atomics itself, not with the seam that the code under test goes through.
 */

export const ACTORS_MAX = 3

/** The controller's TURN comes after those of the actors. */
const CONTROLLER = ACTORS_MAX
/** Words of a thread, a cache line. */
const THREAD_WORDS = 16

const TURN = 0
const STATUS = 1
const BUDGET = 2
const STEPS = 3
const BLOCK_ARRAY = 4
const BLOCK_INDEX = 5
const BLOCK_VALUE = 6
const RESUMED = 7

/** What an actor was doing when it gave the baton back. */
export const PREEMPTED = 1
/** Spins, until a word no longer holds a value. */
export const SPINS = 2
/** Sleeps, until it is notified of a word or its time is over. */
export const SLEEPS = 3
export const NOTIFIED = 4
export const DONE = 5
export const FAILED = 6

/** What an actor is told when it gets the baton. */
const GO_ON = 0
/** Its time is over: it is not to wait any longer for what it waits for. */
const TIME_IS_OVER = 1
/** The schedule is over: it is to leave what it does. */
const ABANDON = 2
/** There are no more schedules of this race. */
const LEAVE = 3

/** No thread holds the baton longer than this: the test has a defect, or the code under test does not end. */
const HOLD_LIMIT_MS = 20_000

/** What an actor throws in itself to leave the code under test. */
export class Abandoned extends Error {
  override name = 'Abandoned'
}

export function createBaton(): Int32Array {
  return new Int32Array(new SharedArrayBuffer((ACTORS_MAX + 1) * THREAD_WORDS * 4))
}

/** The word of the shared memory that a blocked actor waits for. */
export interface BlockedOn {
  /** Number of the array, see `sharedArrays` (machine-arrays.ts). */
  array: number
  index: number
  value: number
}

/** The controller's side. */
export class BatonController {
  constructor(private readonly words: Int32Array) {}

  /**
   * Lets an actor run until it gives the baton back; it makes at most `budget` steps, and at least one. False: it keeps
   * the baton, and nothing more can be done with it.
   */
  run(actor: number, budget: number): boolean {
    this.words[at(actor, BUDGET)] = budget
    return this.resume(actor, GO_ON)
  }

  /** The same for a blocked actor, which finds that its time is over. */
  expire(actor: number, budget: number): boolean {
    this.words[at(actor, BUDGET)] = budget
    return this.resume(actor, TIME_IS_OVER)
  }

  /** Makes an actor leave the code under test wherever it is, without finishing anything. */
  abandon(actor: number): void {
    this.resume(actor, ABANDON)
  }

  /** Sends an actor back to its event loop. */
  release(actor: number): void {
    this.resume(actor, LEAVE)
  }

  /** One of the words above. */
  status(actor: number): number {
    return this.words[at(actor, STATUS)]!
  }

  /** Steps made so far in this schedule. */
  steps(actor: number): number {
    return this.words[at(actor, STEPS)]!
  }

  blockedOn(actor: number): BlockedOn {
    return {
      array: this.words[at(actor, BLOCK_ARRAY)]!,
      index: this.words[at(actor, BLOCK_INDEX)]!,
      value: this.words[at(actor, BLOCK_VALUE)]!,
    }
  }

  private resume(actor: number, how: number): boolean {
    this.words[at(actor, RESUMED)] = how
    passTo(this.words, actor)
    return awaitTurn(this.words, CONTROLLER)
  }
}

/** An actor's side. */
export class BatonActor {
  private budget = 0
  private isAbandoned = false

  constructor(
    private readonly words: Int32Array,
    private readonly actor: number,
  ) {}

  /** Before each step. @throws Abandoned */
  step(): void {
    // What the code under test does when an error comes its way is not done: the thread is gone.
    if (this.isAbandoned) throw new Abandoned()
    if (this.budget === 0) this.giveBack(PREEMPTED)
    this.budget--
    this.words[at(this.actor, STEPS)]! += 1
  }

  /** Waits until others have gone on. True: it was in vain, and time has passed. @throws Abandoned */
  block(status: typeof SPINS | typeof SLEEPS, { array, index, value }: BlockedOn): boolean {
    this.words[at(this.actor, BLOCK_ARRAY)] = array
    this.words[at(this.actor, BLOCK_INDEX)] = index
    this.words[at(this.actor, BLOCK_VALUE)] = value
    return this.giveBack(status) === TIME_IS_OVER
  }

  /** Marks up to `count` actors as notified that sleep on this word; returns how many did. */
  notify(array: number, index: number, count: number): number {
    let left = count
    for (let actor = 0; actor < ACTORS_MAX && left > 0; actor++) {
      if (this.words[at(actor, STATUS)] !== SLEEPS) continue
      if (this.words[at(actor, BLOCK_ARRAY)] !== array || this.words[at(actor, BLOCK_INDEX)] !== index)
        continue
      this.words[at(actor, STATUS)] = NOTIFIED
      left--
    }
    return count - left
  }

  /** Waits for the first turn of the next schedule. False: there is none. */
  begin(): boolean {
    for (;;) {
      while (!awaitTurn(this.words, this.actor));
      const how = this.words[at(this.actor, RESUMED)]!
      if (how === LEAVE) return false
      if (how !== ABANDON) break
      passTo(this.words, CONTROLLER)
    }
    this.words[at(this.actor, STEPS)] = 0
    this.isAbandoned = false
    this.budget = this.words[at(this.actor, BUDGET)]!
    return true
  }

  /** Gives the baton back for good, in this schedule. */
  end(status: typeof DONE | typeof FAILED | typeof PREEMPTED): void {
    this.words[at(this.actor, STATUS)] = status
    passTo(this.words, CONTROLLER)
  }

  /** After `begin` returned false. */
  leave(): void {
    passTo(this.words, CONTROLLER)
  }

  private giveBack(status: number): number {
    this.words[at(this.actor, STATUS)] = status
    passTo(this.words, CONTROLLER)
    while (!awaitTurn(this.words, this.actor));
    const how = this.words[at(this.actor, RESUMED)]!
    if (how === ABANDON) {
      this.isAbandoned = true
      throw new Abandoned()
    }
    this.budget = this.words[at(this.actor, BUDGET)]!
    return how
  }
}

function at(thread: number, field: number): number {
  return thread * THREAD_WORDS + field
}

function passTo(words: Int32Array, thread: number): void {
  const turn = at(thread, TURN)
  Atomics.store(words, turn, 1)
  Atomics.notify(words, turn)
}

/** False: the turn did not come within the limit. */
function awaitTurn(words: Int32Array, thread: number): boolean {
  const turn = at(thread, TURN)
  // A notification may come late, when the turn that it announced is over: it is the word that counts.
  while (Atomics.compareExchange(words, turn, 1, 0) === 0) {
    if (Atomics.wait(words, turn, 0, HOLD_LIMIT_MS) === 'timed-out') return false
  }
  return true
}

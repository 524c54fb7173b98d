/**
 * The control block: how the main thread leads the others through a run. A busy worker receives no messages, so
 * everything that it must hear while it works lies here, in shared words.
 *
 *   EVENT       bumped and notified when the main thread changes a word: sleepers wait on it
 *   PHASE       index of the phase that is on, −1 before the first
 *   ON          the same while everybody is to work in it; −1 between two phases, when the run is held or is stopping. It is
 *               what guests ask before each operation, so one word says all
 *   ENDED       how many phases have ended: between the end of one and the start of the next nobody works but to end it
 *   STEERED     how often the run was steered: held and resumed, or given another load or scan rate
 *   STOP        1: wind up, at once
 *   VERIFY      1: all is quiet, guests check their pages
 *   FAILED      number of a worker that could not go on, plus 1
 *   SNAPSHOT    how many snapshots of the trace have been sampled: guests may go on to this one
 *   then, for each guest: 1 + the last phase whose finite activities it has done; 1 + the last phase that it has ended;
 *   and how many snapshots it has replayed; then, for each worker: its thread id at the system, 0 where there is none;
 *   and how far it is: ABSENT, ATTACHED to the machine, or QUIET, no longer touching it.
 *
 * A run that is held stands still, and so does its time: when it goes on, the starts of the run and of the phase that is on
 * are moved by as long as that was. All that is due in a phase is counted from its start, so nothing is due at once then.
 *
 * The main thread writes these, but for FAILED; each guest and worker writes its own of the others. A worker that is dead
 * writes no more: the main thread then marks it absent. Times are doubles in an array of their own, each written before
 * the word that announces it.
 */
import * as A from '#atomics'
import { nowNs } from '../measure/clock.js'

const EVENT = 0
const PHASE = 1
const STOP = 2
const VERIFY = 3
const SNAPSHOT = 4
const FAILED = 5
const ENDED = 6
const ON = 7
const STEERED = 8
const HEADER_WORDS = 16

const SCAN_RATE = 0
const LOAD = 1
/** No scan rate: that of the phase. */
const AS_PLANNED = Number.NaN

/** How far a worker is. */
const ABSENT = 0
const ATTACHED = 1
const QUIET = 2

/** Longest sleep between two looks at the control block. */
export const SLEEP_MAX_MS = 100

export interface ControlHandle {
  words: Int32Array
  /** Monotonic ns (measure/clock.ts): [0] start of the run, the start of each phase, when each worker attached. */
  timesNs: Float64Array
  /** What a run was steered to: [0] the scan rate, [1] the guests' load. */
  steering: Float64Array
  guests: number
  workers: number
}

export function createControl(guests: number, workers: number, phases: number): ControlHandle {
  const words = new Int32Array(new SharedArrayBuffer((HEADER_WORDS + 3 * guests + 2 * workers) * 4))
  words[PHASE] = -1
  words[ON] = -1
  const timesNs = new Float64Array(new SharedArrayBuffer((1 + phases + workers) * 8))
  const steering = new Float64Array(new SharedArrayBuffer(2 * 8))
  steering[SCAN_RATE] = AS_PLANNED
  steering[LOAD] = 1
  return { words, timesNs, steering, guests, workers }
}

export class Control {
  /** How many workers there are. */
  readonly workers: number
  private readonly words: Int32Array
  private readonly timesNs: Float64Array
  private readonly finished: number
  private readonly acknowledged: number
  private readonly replayed: number
  private readonly threadIds: number
  private readonly states: number
  private readonly attachedNs: number

  constructor(private readonly handle: ControlHandle) {
    this.workers = handle.workers
    this.words = handle.words
    this.timesNs = handle.timesNs
    this.finished = HEADER_WORDS
    this.acknowledged = this.finished + handle.guests
    this.replayed = this.acknowledged + handle.guests
    this.threadIds = this.replayed + handle.guests
    this.states = this.threadIds + handle.workers
    this.attachedNs = handle.timesNs.length - handle.workers
  }

  // For everyone.

  phase(): number {
    return A.load(this.words, PHASE)
  }

  /**
   * Is this phase on: begun, not ended, not held, and the run not stopping? For who asks again and again, so it is a plain
   * read: an answer may be a moment old.
   */
  isOn(phase: number): boolean {
    return A.peek(this.words, ON) === phase
  }

  /** Will this phase not be on again? One that is neither on nor over, though it has begun, is held. */
  isOver(phase: number): boolean {
    return this.endedPhases() > phase || this.isStopping()
  }

  /** Changes whenever the run has been steered: a plain read, as above. */
  steered(): number {
    return A.peek(this.words, STEERED)
  }

  /** What the guests' load is to be multiplied by. */
  load(): number {
    return this.handle.steering[LOAD]!
  }

  /** What the scanners are to do whatever the phase says (src/experiment/steering.ts); undefined: what the phase says. */
  scanRate(): number | undefined {
    const rate = this.handle.steering[SCAN_RATE]!
    return Number.isNaN(rate) ? undefined : rate
  }

  /** How many phases have ended. */
  endedPhases(): number {
    return A.load(this.words, ENDED)
  }

  isStopping(): boolean {
    return A.load(this.words, STOP) !== 0
  }

  runStartNs(): number {
    return this.timesNs[0]!
  }

  phaseStartNs(phase: number): number {
    return this.timesNs[1 + phase]!
  }

  /**
   * Sleeps until something changes, or the time is over, or it is time to look around again. Pass an `event()` that was
   * read before looking around.
   */
  sleep(event: number, timeoutMs = SLEEP_MAX_MS): void {
    if (timeoutMs > 0) A.wait(this.words, EVENT, event, Math.min(timeoutMs, SLEEP_MAX_MS))
  }

  event(): number {
    return A.load(this.words, EVENT)
  }

  // For the workers.

  attach(worker: number, threadId: number): void {
    this.timesNs[this.attachedNs + worker] = nowNs()
    A.store(this.words, this.threadIds + worker, threadId)
    A.store(this.words, this.states + worker, ATTACHED)
  }

  /** Says that this worker no longer touches the machine. */
  arriveQuiet(worker: number): void {
    A.store(this.words, this.states + worker, QUIET)
  }

  /** Waits, quiet, for the order to verify. False: none came. */
  awaitVerify(limitMs: number): boolean {
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += SLEEP_MAX_MS) {
      const event = this.event()
      if (A.load(this.words, VERIFY) !== 0) return true
      this.sleep(event)
    }
    return false
  }

  /** Says that this worker can't go on; its result will say why. */
  fail(worker: number): void {
    A.compareExchange(this.words, FAILED, 0, worker + 1)
  }

  /** Guest: everything due in the phase that ended is done. */
  acknowledgeEnd(guest: number, phase: number): void {
    A.store(this.words, this.acknowledged + guest, phase + 1)
  }

  /** Guest: the finite activities of this phase are done. */
  finishPhase(guest: number, phase: number): void {
    A.store(this.words, this.finished + guest, phase + 1)
  }

  /** Guest: this many snapshots of the trace are in its memory. */
  replayedSnapshots(guest: number, snapshots: number): void {
    A.store(this.words, this.replayed + guest, snapshots)
  }

  /** How many snapshots have been sampled. */
  sampledSnapshots(): number {
    return A.load(this.words, SNAPSHOT)
  }

  // For the main thread.

  startRun(nowNs: number): void {
    this.timesNs[0] = nowNs
  }

  startPhase(phase: number, nowNs: number): void {
    this.timesNs[1 + phase] = nowNs
    A.store(this.words, PHASE, phase)
    this.announce(ON, phase)
  }

  /** Ends a phase; the guests acknowledge it when they have caught up. */
  endPhase(phase: number): void {
    A.store(this.words, ON, -1)
    this.announce(ENDED, phase + 1)
  }

  /** Everybody is to hold, in the middle of a phase. */
  hold(): void {
    this.announce(ON, -1)
  }

  /** Goes on with a phase that was held for so long, as if no time had passed. */
  resume(phase: number, heldNs: number): void {
    this.timesNs[0]! += heldNs
    this.timesNs[1 + phase]! += heldNs
    A.add(this.words, STEERED, 1)
    this.announce(ON, phase)
  }

  steerLoad(load: number): void {
    this.handle.steering[LOAD] = load
    this.announceSteering()
  }

  steerScanRate(rate: number | undefined): void {
    this.handle.steering[SCAN_RATE] = rate ?? AS_PLANNED
    this.announceSteering()
  }

  /** Have all guests acknowledged the end of this phase? */
  allAcknowledged(phase: number): boolean {
    return this.everyGuest((guest) => A.load(this.words, this.acknowledged + guest) > phase)
  }

  stop(): void {
    A.store(this.words, ON, -1)
    this.announce(STOP, 1)
  }

  verify(): void {
    this.announce(VERIFY, 1)
  }

  snapshotSampled(snapshots: number): void {
    this.announce(SNAPSHOT, snapshots)
  }

  /** How many workers have come up, at rest by now or not. */
  attachedWorkers(): number {
    let count = 0
    for (let worker = 0; worker < this.workers; worker++) {
      if (A.load(this.words, this.states + worker) !== ABSENT) count++
    }
    return count
  }

  isQuiet(worker: number): boolean {
    return A.load(this.words, this.states + worker) === QUIET
  }

  /** When a worker began; undefined: it has not, or not again since it was marked absent. */
  attachedAtNs(worker: number): number | undefined {
    const isThere = A.load(this.words, this.states + worker) !== ABSENT
    return isThere ? this.timesNs[this.attachedNs + worker]! : undefined
  }

  /** Takes note that a worker is dead, and another comes in its place. */
  markAbsent(worker: number): void {
    A.store(this.words, this.states + worker, ABSENT)
  }

  hasFailure(): boolean {
    return A.load(this.words, FAILED) !== 0
  }

  /** Have all guests done the finite activities of this phase? */
  allFinished(phase: number): boolean {
    return this.everyGuest((guest) => A.load(this.words, this.finished + guest) > phase)
  }

  /** Have all guests replayed at least this many snapshots? */
  allReplayed(snapshots: number): boolean {
    return this.everyGuest((guest) => A.load(this.words, this.replayed + guest) >= snapshots)
  }

  threadId(worker: number): number {
    return A.load(this.words, this.threadIds + worker)
  }

  private everyGuest(holds: (guest: number) => boolean): boolean {
    for (let guest = 0; guest < this.handle.guests; guest++) if (!holds(guest)) return false
    return true
  }

  private announceSteering(): void {
    A.add(this.words, STEERED, 1)
    this.wakeAll()
  }

  private announce(word: number, value: number): void {
    A.store(this.words, word, value)
    this.wakeAll()
  }

  private wakeAll(): void {
    A.add(this.words, EVENT, 1)
    A.notify(this.words, EVENT)
  }
}

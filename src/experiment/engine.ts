/** What drives the actors of a run, the guests, the scanners and the reclaimer, and whose clock the run goes by. */
import type { GuestResult, ReclaimerResult } from './messages.js'
import type { RunFailure } from './run.js'

/** A run's clock, and how its main thread lets time pass. */
export interface RunClock {
  nowNs(): number
  /** Lets the lab go on for so long by the clock. */
  sleep(ms: number): Promise<void>
}

export interface Engine extends RunClock {
  /** How many actors there are. */
  readonly count: number
  /** Of each actor that died and was not replaced. */
  readonly deaths: readonly RunFailure[]
  /**
   * Brings the actors up; each attaches to the control block when it is ready.
   * @param onReplaced called when one has died and another, which is to attach in its turn, takes its place
   */
  start(onReplaced?: (worker: number) => void): void
  hasDeath(): boolean
  /** Does none of them touch the machine any more? */
  areQuiet(): boolean
  /** What the reader of the results must know of actors that died and were replaced. */
  messages(): string[]
  /** After the order to verify: what all actors have to tell. */
  results(): Promise<EngineResults>
  destroy(): Promise<void>
}

export interface EngineResults {
  /** Undefined for a guest that did not survive. */
  guests: (GuestResult | undefined)[]
  reclaimer: ReclaimerResult | undefined
}

/**
 * Pace: when the next operation of an activity is due, in ns of its guest's time.
 *
 * Open loop: due times are fixed in advance, whatever the machine can do. Closed loop: each of a number of threads
 * thinks after its operation and is then due again, so a slow machine is asked for less.
 */
import type { Pace } from '../scenario/plan.js'
import type { GuestTime } from './guest-time.js'

export interface Pacer {
  /** Infinity when nothing more will come. */
  readonly dueNs: number
  /** An open loop owes every operation that was due; a closed one owes nothing. */
  readonly isOpenLoop: boolean
  /** The operation that was due is done. */
  advance(): void
  /** Operations due before `endNs` that were not done. */
  owedBefore(endNs: number): number
}

/** @param operations how many there are in all; Infinity for an activity without an end */
export function pacerOf(pace: Pace, operations: number, time: GuestTime): Pacer {
  if (pace.kind === 'closed') return new ClosedLoop(pace.threads, pace.thinkSeconds * 1e9, time)
  const intervalNs = pace.kind === 'rate' ? 1e9 / pace.perSecond : (pace.seconds * 1e9) / operations
  return new OpenLoop(intervalNs, operations)
}

class OpenLoop implements Pacer {
  readonly isOpenLoop = true
  dueNs: number
  private done = 0

  constructor(
    private readonly intervalNs: number,
    private readonly operations: number,
  ) {
    this.dueNs = operations > 0 ? 0 : Number.POSITIVE_INFINITY
  }

  advance(): void {
    this.done++
    this.dueNs = this.done < this.operations ? this.done * this.intervalNs : Number.POSITIVE_INFINITY
  }

  owedBefore(endNs: number): number {
    if (this.dueNs >= endNs) return 0
    const dueByEnd = this.intervalNs > 0 ? Math.ceil(endNs / this.intervalNs) : this.operations
    return Math.min(dueByEnd, this.operations) - this.done
  }
}

class ClosedLoop implements Pacer {
  readonly isOpenLoop = false
  dueNs = 0
  private readonly dueOfThreads: Float64Array
  private thread = 0

  constructor(
    threads: number,
    private readonly thinkNs: number,
    private readonly time: GuestTime,
  ) {
    this.dueOfThreads = new Float64Array(threads)
  }

  advance(): void {
    this.dueOfThreads[this.thread] = this.time.now() + this.thinkNs
    let first = 0
    for (let thread = 1; thread < this.dueOfThreads.length; thread++) {
      if (this.dueOfThreads[thread]! < this.dueOfThreads[first]!) first = thread
    }
    this.thread = first
    this.dueNs = this.dueOfThreads[first]!
  }

  owedBefore(): number {
    return 0
  }
}

/** A busy processor's time slice. */
const SLICE_NS = 10e6

/**
 * Processor demand: computes for a fraction of each slice, storing nothing. What it could not get is not made up. At another
 * load it is another fraction, at most the whole.
 */
export class BusyLoop implements Pacer {
  readonly isOpenLoop = false
  dueNs = 0
  private elapsedNs = 0
  /** When its part of the slice that is due is over; not after `dueNs` before the slice has begun. */
  private endNs = 0

  /** @param fraction of the time, as the load is now */
  constructor(
    private readonly fraction: () => number,
    private readonly time: GuestTime,
  ) {}

  /** Computes for a moment, if only what time it is. */
  run(): void {
    this.elapsedNs = this.time.now()
    if (this.endNs <= this.dueNs) this.endNs = this.elapsedNs + this.fraction() * SLICE_NS
  }

  /** It stays due until it has kept the processor for its part of the slice. */
  advance(): void {
    if (this.elapsedNs >= this.endNs) this.dueNs = Math.max(this.dueNs + SLICE_NS, this.elapsedNs)
  }

  owedBefore(): number {
    return 0
  }
}

/**
 * A limit on waiting for other threads, in time that they had: when the whole process stands still (SIGSTOP, a suspended
 * machine) nobody could do anything, so the time between two looks counts for a second at most.
 */
import { nowNs } from '../measure/clock.js'

const LOOK_MAX_NS = 1e9

/** `begin`, then ask `isOver` at every look, several times a second. */
export class Patience {
  private lastLookNs = 0
  private waitedNs = 0

  /** @param clockNs the clock of those who are waited for */
  constructor(
    private readonly limitMs: number,
    private readonly clockNs: () => number = nowNs,
  ) {}

  begin(): this {
    this.waitedNs = 0
    this.lastLookNs = this.clockNs()
    return this
  }

  isOver(): boolean {
    const now = this.clockNs()
    this.waitedNs += Math.min(now - this.lastLookNs, LOOK_MAX_NS)
    this.lastLookNs = now
    return this.waitedNs > this.limitMs * 1e6
  }
}

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

  constructor(private readonly limitMs: number) {}

  begin(): this {
    this.waitedNs = 0
    this.lastLookNs = nowNs()
    return this
  }

  isOver(): boolean {
    const now = nowNs()
    this.waitedNs += Math.min(now - this.lastLookNs, LOOK_MAX_NS)
    this.lastLookNs = now
    return this.waitedNs > this.limitMs * 1e6
  }
}

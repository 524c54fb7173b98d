/**
 * A guest's own time in a phase, by which its activities are due. It goes from the start of the phase, as fast as the load
 * is: at a load of 2 twice as much is due. While the run is held it stands still. As long as nobody steers the run it is
 * the time since the phase began, to the bit.
 */
import { nowNs } from '../measure/clock.js'

export class GuestTime {
  /** The moment on the clock at which it would have been 0, had it always gone as it does now. */
  private originNs: number
  /** Time on the clock for each of its own; not used at a load of 0. */
  private stretch = 1
  private factor = 1
  /** At a load of 0 it stays here. */
  private restNs = 0

  /** @param startNs of the phase */
  constructor(startNs: number) {
    this.originNs = startNs
  }

  get load(): number {
    return this.factor
  }

  /** What time it is in the guest. */
  now(): number {
    return this.at(nowNs())
  }

  /** What time it is in the guest at a moment on the clock. */
  at(ns: number): number {
    return this.factor === 0 ? this.restNs : (ns - this.originNs) / this.stretch
  }

  /** The moment on the clock at which it is this time in the guest; not to be asked at a load of 0. */
  whenNs(guestNs: number): number {
    return this.originNs + guestNs * this.stretch
  }

  /** It stood still for so long. */
  delay(ns: number): void {
    this.originNs += ns
  }

  /** From a moment on it goes at another pace. */
  change(load: number, ns: number): void {
    const guestNs = this.at(ns)
    this.factor = load
    this.restNs = guestNs
    if (load === 0) return
    this.stretch = 1 / load
    this.originNs = ns - guestNs * this.stretch
  }
}

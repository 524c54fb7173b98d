/**
 * The scan hands: where each scanner of policy `tps` is among each guest's pages, and how late. They lie in shared memory, for
 * whoever wants to know why a page is not shared (experiment/scan-lag.ts); nothing that scanners or guests do depends on
 * it. A hand has one writer, its scanner, and each of its doubles is as it was at some recent moment. Place and pass are
 * one double, since either is nothing without the other.
 *
 *   0  PHASE      the phase that the scanner is in
 *   1  POSITION   completed passes, times PASS, plus the places of this pass that it has been to
 *   8  RATE       the state of its rate controller (rate.ts), which goes on working there
 */
import { RATE_DOUBLES } from './rate.js'

const PHASE = 0
const POSITION = 1
const RATE = 8
const HAND_DOUBLES = RATE + RATE_DOUBLES
/** More than the places of any pass; passes are then exact up to 2^21. */
const PASS = 2 ** 32

/** @param hands one for each scanner and guest */
export function createScanHands(hands: number): Float64Array {
  const doubles = new Float64Array(new SharedArrayBuffer(hands * HAND_DOUBLES * 8))
  for (let hand = 0; hand < hands; hand++) doubles[hand * HAND_DOUBLES + PHASE] = -1
  return doubles
}

export class ScanHand {
  /** The state of the rate controller. */
  readonly rate: Float64Array
  private readonly doubles: Float64Array

  constructor(hands: Float64Array, index: number) {
    this.doubles = new Float64Array(hands.buffer, index * HAND_DOUBLES * 8, HAND_DOUBLES)
    this.rate = this.doubles.subarray(RATE)
  }

  enter(phase: number): void {
    this.doubles[PHASE] = phase
  }

  moveTo(passes: number, index: number): void {
    this.doubles[POSITION] = passes * PASS + index
  }

  /** −1 before the first. */
  phase(): number {
    return this.doubles[PHASE]!
  }

  position(): { passes: number; index: number } {
    const position = this.doubles[POSITION]!
    return { passes: Math.floor(position / PASS), index: position % PASS }
  }
}

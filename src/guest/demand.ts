/**
 * Processor demand: a guest whose thread asks for a part of a processor, whatever its activities take of it. What they leave
 * of that it computes, storing nothing, when no operation is due: so it delays none.
 *
 * It goes by slices of time. At the beginning of each it asks the kernel what the thread has had, its operations included,
 * and computes in the slice what is owed by its end. The kernel's count of a running thread lags behind by up to a tick, so
 * what is controlled is the sum over the phase: an error in one slice is made good in the next. What the thread could not get
 * because others had the processor is made up as far as a slice of it, and no further; likewise what its operations took too
 * much. Slices differ in length, at random, or all guests would want their processors at the same moments.
 */
import type { GuestTask } from '../experiment/messages.js'
import { Prng, seedOf } from '../random/prng.js'

/** As much of a guest's task as says what it asks for. */
export type Demanding = Pick<GuestTask, 'guest' | 'seed' | 'phases'> & {
  plan: Pick<GuestTask['plan'], 'demand'>
}

/**
 * What it asks for from now on in a phase; undefined: nothing.
 * @param load that the part is multiplied by: at most the whole of a processor
 */
export function demandIn(
  phase: number,
  { guest, seed, phases, plan }: Demanding,
  processorNs: () => number,
  load = 1,
): Demand | undefined {
  const part = Math.min(1, plan.demand[phase]! * load)
  if (part === 0) return undefined
  return new Demand(part, processorNs, new Prng(seedOf('demand', seed, guest, phases[phase]!.name)))
}

/** A slice, on average; it has half of that at least, and half as much again at most. */
const SLICE_NS = 10e6

export class Demand {
  /** What the thread had when the phase began, more by what is not made up. */
  private baseNs: number
  private sliceEndNs = 0
  /** It computes until then, and then rests until the end of the slice. */
  private computeUntilNs = 0

  /**
   * Made when the phase begins, or its load becomes another. Times are in ns since then.
   * @param part of a processor, above 0
   * @param processorNs what the calling thread has had of its processor, ever
   */
  constructor(
    private readonly part: number,
    private readonly processorNs: () => number,
    private readonly prng: Pick<Prng, 'nextFraction'>,
  ) {
    this.baseNs = processorNs()
  }

  /** Until when a thread may rest that has nothing else to do; not after `elapsedNs`: it is to compute. */
  restUntilNs(elapsedNs: number): number {
    if (elapsedNs >= this.sliceEndNs) this.beginSlice(elapsedNs)
    return elapsedNs < this.computeUntilNs ? elapsedNs : this.sliceEndNs
  }

  private beginSlice(elapsedNs: number): void {
    this.sliceEndNs = elapsedNs + SLICE_NS * (0.5 + this.prng.nextFraction())
    const owedNs = this.part * this.sliceEndNs - (this.processorNs() - this.baseNs)
    const ofSliceNs = this.part * (this.sliceEndNs - elapsedNs)
    const payableNs = Math.min(Math.max(owedNs, ofSliceNs - SLICE_NS), ofSliceNs + SLICE_NS)
    this.baseNs -= owedNs - payableNs
    // Who asks for all of it never rests, however exact the two clocks are.
    this.computeUntilNs = this.part === 1 ? this.sliceEndNs : elapsedNs + payableNs
  }
}

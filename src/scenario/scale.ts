/**
 * What the scale does to rates. Sizes are divided by `memory` and durations by `time`, so a run has 1/memory of the pages
 * at full size, and `time` scenario seconds pass in each of its own. What is to stay the same is the work that a page
 * sees in a scenario second, or else another picture comes out; so a rate is multiplied by time / memory. With one
 * divisor for both every rate is the true one.
 */
export interface Scale {
  memory: number
  time: number
}

/** Multiplies rates; divides think times, which stand for one. Exactly 1 where memory and time have the same divisor. */
export function rateFactor({ memory, time }: Scale): number {
  return time / memory
}

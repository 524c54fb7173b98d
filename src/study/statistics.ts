/** Means, quantiles and Student's t: the only file that knows the library of statistics. */
import { mean, quantileSorted } from 'simple-statistics'

export { mean }

/** Confidence of every interval, and the quantiles that it lies between. */
export const CONFIDENCE = 0.95
const TAIL = (1 - CONFIDENCE) / 2
/** Of the normal distribution, at 1 − TAIL. */
export const NORMAL_QUANTILE = 1.959963984540054

export type Interval = [low: number, high: number]

/** The middle 95 % of the values; they are sorted in place. */
export function middle(values: Float64Array): Interval {
  values.sort()
  // The library reads indices and the length only.
  const sorted = values as unknown as number[]
  return [quantileSorted(sorted, TAIL), quantileSorted(sorted, 1 - TAIL)]
}

/**
 * The quantile at 1 − TAIL of Student's t distribution, which the library does not have, by bisection of its
 * distribution function, which for whole degrees of freedom is a finite sum.
 */
export function studentQuantile(degreesOfFreedom: number): number {
  let low = 0
  let high = 20
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (studentWithin(middle, degreesOfFreedom) < CONFIDENCE) low = middle
    else high = middle
  }
  return high
}

/** The probability of |t| below a bound (Abramowitz and Stegun, 26.7.3 and 26.7.4). */
function studentWithin(bound: number, degreesOfFreedom: number): number {
  const angle = Math.atan(bound / Math.sqrt(degreesOfFreedom))
  const cos = Math.cos(angle)
  const isOdd = degreesOfFreedom % 2 === 1
  let term = isOdd ? cos : 1
  let sum = degreesOfFreedom === 1 ? 0 : term
  for (let k = isOdd ? 3 : 2; k < degreesOfFreedom - 1; k += 2) {
    term *= ((k - 1) / k) * cos * cos
    sum += term
  }
  const tail = Math.sin(angle) * sum
  return isOdd ? (2 / Math.PI) * (angle + tail) : tail
}

/**
 * Counters as curves over time. Two runs are never sampled at quite the same moments, nor do phases that end by scan
 * passes take them equally long: so all runs of a scenario are read off at the same times, up to the end of the
 * shortest of them.
 */

import type { Counter, Run } from './points.js'
import { median } from './statistics.js'

/** The counter's values at each of the common times. */
export type Curve = readonly number[]

/** A sampling interval apart, from 0 to the end of the run that ended first, that end included. */
export function commonTimes(runs: readonly Run[], intervalSeconds: number): number[] {
  const endSeconds = Math.min(...runs.map((run) => run.at(-1)!.timeSeconds))
  const steps = Math.ceil(endSeconds / intervalSeconds)
  return [...Array.from({ length: steps }, (_, step) => step * intervalSeconds), endSeconds]
}

/** The counter at each of the times: on the straight line between the samples around it. */
export function resample(run: Run, counter: Counter, times: readonly number[]): Curve {
  let next = 0
  return times.map((time) => {
    while (next < run.length - 1 && run[next]!.timeSeconds < time) next++
    const after = run[next]!
    const before = run[Math.max(0, next - 1)]!
    const spanSeconds = after.timeSeconds - before.timeSeconds
    const part = spanSeconds > 0 ? Math.min(1, (time - before.timeSeconds) / spanSeconds) : 1
    return before.counters[counter] + part * (after.counters[counter] - before.counters[counter])
  })
}

/** At each time the median of the curves. */
export function medianCurve(curves: readonly Curve[]): Curve {
  return curves[0]!.map((_, index) => median(curves.map((curve) => curve[index]!)))
}

/** The mean over time, each value weighing as much as the time around it. */
export function timeMean(curve: Curve, times: readonly number[]): number {
  const totalSeconds = times.at(-1)! - times[0]!
  if (totalSeconds === 0) return curve[0]!
  let sum = 0
  for (let index = 1; index < times.length; index++) {
    sum += ((curve[index - 1]! + curve[index]!) / 2) * (times[index]! - times[index - 1]!)
  }
  return sum / totalSeconds
}

/** How far the curves are apart, in the mean over time. */
export function meanDistance(curve: Curve, other: Curve, times: readonly number[]): number {
  return timeMean(
    curve.map((value, index) => Math.abs(value - other[index]!)),
    times,
  )
}

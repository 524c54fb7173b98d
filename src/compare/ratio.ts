/**
 * The ratio of two groups' means, with an interval of 95 % where both have replicates. Both kinds of interval are made of
 * those of means (study/bootstrap.ts). Values are amounts, so neither they nor a ratio are below 0.
 */
import type { Prng } from '../random/prng.js'
import { meanInterval } from '../study/bootstrap.js'
import { type Interval, mean } from '../study/statistics.js'

export interface Ratio {
  /** Null: the baseline's mean is 0. */
  ratio: number | null
  /** Null: too few values, or the baseline's interval reaches down to 0, so that the ratio has no upper end. */
  interval: Interval | null
}

/**
 * Of values that come in pairs, as runs of the same seed do. The ratio of means is nearly linear in each pair, so its
 * interval is that of a mean: of ratio + (value − ratio · baseline) / mean of the baseline.
 */
export function pairedRatio(baseline: readonly number[], values: readonly number[], random: Prng): Ratio {
  const ratio = ratioOfMeans(baseline, values)
  if (ratio === null) return { ratio, interval: null }
  const bottom = mean([...baseline])
  const parts = values.map((value, pair) => ratio + (value - ratio * baseline[pair]!) / bottom)
  const ends = meanInterval(parts, random)
  return { ratio, interval: ends === undefined ? null : [Math.max(0, ends[0]), ends[1]] }
}

/**
 * Of two independent samples (A. Donner and G. Zou, "Closed-form confidence intervals for functions of the normal mean and
 * standard deviation", 2012). A ratio R lies in the interval if 0 lies in that of T − R · B, the means' difference, whose
 * ends are as far from it as the means' own ends are from them, squared and added up. With t and b for the ends,
 *
 *   (T − R · B)² = (T − t)² + R² (B − b)², or R² b (2B − b) − 2R · T · B + t (2T − t) = 0
 *
 * The lower end is the smaller root for T's lower and B's upper end, the upper end the larger one for the other two.
 */
export function unpairedRatio(baseline: readonly number[], values: readonly number[], random: Prng): Ratio {
  const ratio = ratioOfMeans(baseline, values)
  const below = meanInterval(baseline, random)
  const above = meanInterval(values, random)
  if (ratio === null || below === undefined || above === undefined || below[0] <= 0)
    return { ratio, interval: null }
  const top = mean([...values])
  const bottom = mean([...baseline])
  const factorOf = (end: number, centre: number) => end * (2 * centre - end)
  const topLow = factorOf(Math.max(0, above[0]), top)
  const topHigh = factorOf(above[1], top)
  const bottomLow = factorOf(below[0], bottom)
  const bottomHigh = factorOf(below[1], bottom)
  const product = top * bottom
  const largerRoot = (t: number, b: number) => product + Math.sqrt(Math.max(0, product ** 2 - t * b))
  // As a quotient by the larger one the smaller root holds where the baseline's upper end is twice its mean, too.
  const low = product === 0 ? 0 : topLow / largerRoot(topLow, bottomHigh)
  return { ratio, interval: [low, largerRoot(topHigh, bottomLow) / bottomLow] }
}

function ratioOfMeans(baseline: readonly number[], values: readonly number[]): number | null {
  if (baseline.length === 0 || values.length === 0) return null
  const ratio = mean([...values]) / mean([...baseline])
  return Number.isFinite(ratio) ? ratio : null
}

/**
 * The ratio of two groups' means, with an interval of 95 % where both have replicates. Both kinds of interval are made of
 * those of means (study/bootstrap.ts). Figures are amounts, so neither they nor a ratio are below 0.
 */
import type { Prng } from '../random/prng.js'
import { meanInterval } from '../study/bootstrap.js'
import { type Interval, mean } from '../study/statistics.js'

/** Null: the baseline's mean is 0. */
export interface Ratio {
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
  const scale = mean([...baseline])
  const parts = values.map((value, pair) => ratio + (value - ratio * baseline[pair]!) / scale)
  const ends = meanInterval(parts, random)
  return { ratio, interval: ends === undefined ? null : [Math.max(0, ends[0]), ends[1]] }
}

/**
 * Of two independent samples: the two means' own intervals are combined as if each end were one of a variance of its own
 * (A. Donner and G. Zou, "Closed-form confidence intervals for functions of the normal mean and standard deviation", 2012).
 */
export function unpairedRatio(baseline: readonly number[], values: readonly number[], random: Prng): Ratio {
  const ratio = ratioOfMeans(baseline, values)
  const below = meanInterval(baseline, random)
  const above = meanInterval(values, random)
  if (ratio === null || below === undefined || above === undefined || below[0] <= 0)
    return { ratio, interval: null }
  const bottom = mean([...baseline])
  const top = mean([...values])
  const product = top * bottom
  const root = (topEnd: number, bottomEnd: number) =>
    Math.sqrt(Math.max(0, product ** 2 - topEnd * (2 * top - topEnd) * bottomEnd * (2 * bottom - bottomEnd)))
  const topLow = Math.max(0, above[0])
  // The lower end's quotient is turned round, so that it holds where the baseline's upper end is twice its mean.
  const low = product === 0 ? 0 : (topLow * (2 * top - topLow)) / (product + root(topLow, below[1]))
  const high = (product + root(above[1], below[0])) / (below[0] * (2 * bottom - below[0]))
  return { ratio, interval: [low, high] }
}

function ratioOfMeans(baseline: readonly number[], values: readonly number[]): number | null {
  if (baseline.length === 0 || values.length === 0) return null
  const ratio = mean([...values]) / mean([...baseline])
  return Number.isFinite(ratio) ? ratio : null
}

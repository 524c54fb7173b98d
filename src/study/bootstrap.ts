/**
 * Intervals by resampling (the bootstrap), seeded, so that the same runs always give the same intervals. Both kinds are made
 * for the few replicates that a study has: plain percentiles are too narrow then (T. Hesterberg, "What Teachers Should Know
 * About the Bootstrap", 2015).
 */
import type { Prng } from '../random/prng.js'
import { type Factorial, type Observations, type Share, varianceTable } from './anova.js'
import { type Interval, mean, middle, NORMAL_QUANTILE, studentQuantile } from './statistics.js'

export const RESAMPLES = 10_000

/**
 * Of the mean: values are drawn from the given ones, with replacement, and the middle 95 % of the means of such draws are
 * stretched about the mean by what few values make them too narrow: √(n / (n − 1)), since a sample varies less about its
 * own mean than about the true one, and t / z, since its variance is itself uncertain.
 * @returns undefined for fewer than two values
 */
export function meanInterval(values: readonly number[], random: Prng): Interval | undefined {
  const count = values.length
  if (count < 2) return undefined
  const centre = mean([...values])
  if (values.every((value) => value === values[0])) return [centre, centre]
  const means = new Float64Array(RESAMPLES)
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let sum = 0
    for (let draw = 0; draw < count; draw++) sum += values[random.nextBelow(count)]!
    means[resample] = sum / count
  }
  const [low, high] = middle(means)
  const stretch = (Math.sqrt(count / (count - 1)) * studentQuantile(count - 1)) / NORMAL_QUANTILE
  return [centre - stretch * (centre - low), centre + stretch * (high - centre)]
}

/**
 * Of what each term explains (ω²), in the order of the factorial's terms: the middle 95 % of ω² over many made-up sets of
 * observations. Each of these is the effects, plus each observation's own residual times a random number (the wild bootstrap
 * of C. F. J. Wu, 1986): cells may then differ in how much they vary, and the residual's own size is as uncertain as it is.
 * Drawing residuals with replacement keeps that size too steady for few replicates: such intervals hold the truth less often.
 *
 * Residuals as they are would be too small, for they are what is left after fitting, and effects too large, for they hold a
 * part of the residuals: what makes η² too high would come in once more. So both are first brought to the size that they are
 * expected to have in truth: the mean square of the residual, and of each effect what ω² leaves.
 */
export function shareIntervals(
  factorial: Factorial,
  observations: Observations,
  random: Prng,
  resamples = RESAMPLES,
): Interval[] {
  const decomposition = factorial.decompose(observations)
  const table = varianceTable(factorial.terms, decomposition)
  const { grandMean, residuals } = decomposition
  const meanSquare = table.residual.sumOfSquares / table.residual.degreesOfFreedom
  const shrunken = ({ sumOfSquares, degreesOfFreedom }: Share) =>
    sumOfSquares === 0 ? 0 : Math.sqrt(Math.max(0, 1 - (degreesOfFreedom * meanSquare) / sumOfSquares))
  const effects = decomposition.effects.map((effect, term) => {
    const factor = shrunken(table.terms[term]!)
    return effect.map((value) => value * factor)
  })
  const replicateFactor = shrunken(table.replicates)
  const replicateEffects = decomposition.replicateEffects.map((value) => value * replicateFactor)
  const replicates = replicateEffects.length
  const stretch = Math.sqrt((residuals.length * replicates) / table.residual.degreesOfFreedom)
  const fitted = residuals.map((_, cell) => effects.reduce((sum, effect) => sum + effect[cell]!, grandMean))

  const drawn = residuals.map(() => new Float64Array(replicates))
  const shares = factorial.terms.map(() => new Float64Array(resamples))
  for (let resample = 0; resample < resamples; resample++) {
    for (let cell = 0; cell < drawn.length; cell++) {
      const values = drawn[cell]!
      for (let replicate = 0; replicate < replicates; replicate++) {
        const residual = stretch * residuals[cell]![replicate]! * normal(random)
        values[replicate] = fitted[cell]! + replicateEffects[replicate]! + residual
      }
    }
    const { terms } = varianceTable(factorial.terms, factorial.decompose(drawn))
    for (const [term, { omegaSquared }] of terms.entries()) shares[term]![resample] = omegaSquared ?? 0
  }
  return shares.map((values) => {
    const [low, high] = middle(values)
    return [Math.max(0, low), Math.min(1, Math.max(0, high))]
  })
}

/** A standard normal number (Box and Muller). */
function normal(random: Prng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.nextFraction()))
  return radius * Math.cos(2 * Math.PI * random.nextFraction())
}

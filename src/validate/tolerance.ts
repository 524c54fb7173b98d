/** `--tolerance METRIC=PERCENT`: how far the lab may be off before a validation counts as failed. */
import { UserError } from '../errors.js'
import { didYouMean } from '../scenario/nearest.js'
import { show } from '../scenario/problems.js'
import type { Metrics } from './metrics.js'
import { COUNTERS } from './points.js'

export interface Tolerance {
  metric: string
  percent: number
}

const PLACE = { key: '--tolerance' }

/**
 * @param known names of all metrics, of all scenarios
 * @throws UserError
 */
export function parseTolerance(text: string, known: readonly string[]): Tolerance {
  const [, metric, percent] = /^(.+)=(\d*\.?\d+) *%?$/.exec(text) ?? []
  if (metric === undefined || percent === undefined) {
    throw new UserError(`expected METRIC=PERCENT such as pages_sharing=5, got ${show(text)}`, PLACE)
  }
  if (!known.includes(metric)) {
    const meant = didYouMean(metric, known) || ';'
    const counters = COUNTERS.join(', ')
    throw new UserError(
      `no metric is called ${show(metric)}${meant} known are ${counters}, and each of them with .mean, .overTime or @PHASE`,
      PLACE,
    )
  }
  return { metric, percent: Number(percent) }
}

/** What is off by more than it may, in words: `validate-churn: pages_sharing is 7.3 % off, 5 % are allowed`. */
export function exceeded(
  tolerances: readonly Tolerance[],
  scenarios: readonly { name: string; metrics: Metrics }[],
): string[] {
  return scenarios.flatMap(({ name, metrics }) =>
    tolerances.flatMap(({ metric, percent }) => {
      const found = metrics[metric]
      if (found === undefined) return []
      const { lab, kernel, errorPercent } = found
      if (errorPercent !== null && Math.abs(errorPercent) <= percent) return []
      const figures = lab === null ? '' : ` (lab ${rounded(lab)}, kernel ${rounded(kernel!)})`
      const off = errorPercent === null ? 'off from 0' : `${rounded(Math.abs(errorPercent))} % off`
      return [`${name}: ${metric} is ${off}${figures}, ${percent} % are allowed`]
    }),
  )
}

function rounded(value: number): string {
  return String(value >= 1000 ? Math.round(value) : Number(value.toPrecision(3)))
}

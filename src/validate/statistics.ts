/** Medians and spreads of a few values. */

/** Of one value or more; of an even number of them, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The smallest and the largest. */
export type Range = [min: number, max: number]

export function rangeOf(values: readonly number[]): Range {
  return [Math.min(...values), Math.max(...values)]
}

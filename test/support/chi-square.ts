/** Pearson's test: could these counts have come from those probabilities? */

/** Standard normal deviate that one sample in 10,000 exceeds: seeds are fixed, so a test either passes or it doesn't. */
const DEVIATE_MAX = 3.719

/** How far the counts lie from what was expected, in standard deviations (Wilson and Hilferty, 1931). */
export function chiSquareDeviate(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  let chiSquare = 0
  counts.forEach((count, index) => {
    const expected = total * probabilities[index]!
    chiSquare += (count - expected) ** 2 / expected
  })
  const degrees = counts.length - 1
  const variance = 2 / (9 * degrees)
  return (Math.cbrt(chiSquare / degrees) - (1 - variance)) / Math.sqrt(variance)
}

/** Neither too far from the expected counts, nor too near to be chance. */
export function isPlausible(counts: readonly number[], probabilities: readonly number[]): boolean {
  return Math.abs(chiSquareDeviate(counts, probabilities)) < DEVIATE_MAX
}

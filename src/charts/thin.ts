/**
 * Of a long series the samples that a reader would see. In each of many short stretches every curve keeps its highest and its
 * lowest value, so no peak is lost, however short; each phase keeps its first and its last sample; and what room is left is
 * filled with samples at even distances, so that curves keep their shape.
 */
import type { Values } from './values.js'

/** More points than a plot has pixels across would only swell the file. */
export const POINTS_MAX = 1000

/**
 * @param phase of each sample
 * @param curves values for each sample; all are to be drawn at the same samples
 * @param pointsMax more only if there are so many phases or curves that their extremes alone are more
 * @returns indices of samples, ascending
 */
export function keptSamples(
  phase: readonly string[],
  curves: readonly Values[],
  pointsMax: number,
): number[] {
  if (phase.length <= pointsMax) return [...phase.keys()]
  const kept = new Set<number>()
  const stretchesMax = Math.max(1, Math.floor(pointsMax / 2 / (2 * Math.max(1, curves.length))))
  const stretchSamples = Math.ceil(phase.length / stretchesMax)
  for (const { first, end } of spansOf(phase)) {
    kept.add(first)
    kept.add(end - 1)
    for (let from = first; from < end; from += stretchSamples) {
      const to = Math.min(end, from + stretchSamples)
      for (const values of curves) keepExtremes(kept, values, from, to)
    }
  }
  const room = Math.floor(pointsMax) - kept.size
  for (let step = 1; step <= room; step++) kept.add(Math.floor((step * phase.length) / (room + 1)))
  return [...kept].sort((a, b) => a - b)
}

/** Neighbours of the same phase. */
function spansOf(phase: readonly string[]): { first: number; end: number }[] {
  const starts = [...phase.keys()].filter((index) => index === 0 || phase[index] !== phase[index - 1])
  return starts.map((first, index) => ({ first, end: starts[index + 1] ?? phase.length }))
}

function keepExtremes(kept: Set<number>, values: Values, from: number, to: number): void {
  let lowest = -1
  let highest = -1
  for (let index = from; index < to; index++) {
    const value = values[index] ?? null
    if (value === null) continue
    if (lowest === -1 || value < values[lowest]!) lowest = index
    if (highest === -1 || value > values[highest]!) highest = index
  }
  if (lowest !== -1) kept.add(lowest)
  if (highest !== -1) kept.add(highest)
}

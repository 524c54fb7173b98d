/** Finds the known name, or the file, that a misspelt one most likely stands for. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A name is near when no more than this part of its letters has to change. */
const CHANGED_PART_MAX = 0.4
/** Longer names are near to none: comparing two takes the product of their lengths. */
const COMPARED_LETTERS_MAX = 32

/** The known names nearest to `name`, letter case aside, the nearest first; none when none is near. */
export function nearestNames(name: string, known: readonly string[], limit: number): string[] {
  if (name.length > COMPARED_LETTERS_MAX) return []
  const changesMax = Math.max(1, Math.floor(name.length * CHANGED_PART_MAX))
  return known
    .filter((candidate) => Math.abs(candidate.length - name.length) <= changesMax)
    .map((candidate) => ({ candidate, changes: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ changes }) => changes <= changesMax)
    .sort((a, b) => a.changes - b.changes)
    .slice(0, limit)
    .map(({ candidate }) => candidate)
}

/** The nearest of all. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  return nearestNames(name, known, 1)[0]
}

/** `, did you mean NAME?`, or nothing: the end of a message about an unknown name. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [meant] = nearestNames(name, known, 1)
  return meant === undefined ? '' : `, did you mean ${meant}?`
}

/** The same for a path that leads to nothing: what lies beside it, as far as the path leads, under a similar name. */
export function didYouMeanPath(path: string): string {
  const directory = dirname(path)
  if (!existsSync(directory)) return directory === path ? '' : didYouMeanPath(directory)
  const meant = nearest(basename(path), namesIn(directory))
  return meant === undefined ? '' : `, did you mean ${join(directory, meant)}?`
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Letters to insert, delete, replace, or swap with their neighbour, to turn `a` into `b`; row by row. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= a.length; row++) {
    const above = rows[row - 1]!
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swap = swapped ? rows[row - 2]![column - 2]! + 1 : Number.POSITIVE_INFINITY
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1, swap))
    }
    rows.push(current)
  }
  return rows[a.length]![b.length]!
}

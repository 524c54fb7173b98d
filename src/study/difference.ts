/** Finds where two values, as JSON has them, differ first. */
import { show } from '../scenario/problems.js'

/** `factors.churn.levels.high.think: was "1ms", is now "2ms"`; undefined: they are the same, order of keys included. */
export function firstDifference(was: unknown, is: unknown, path: readonly string[] = []): string | undefined {
  if (!isContainer(was) || !isContainer(is))
    return Object.is(was, is) ? undefined : changed(path, show(was), show(is))
  const keys = Object.keys(was)
  if (keys.join('\n') !== Object.keys(is).join('\n')) return changed(path, keysOf(was), keysOf(is))
  for (const key of keys) {
    const difference = firstDifference(was[key], is[key], [...path, key])
    if (difference !== undefined) return difference
  }
  return undefined
}

export type Container = Record<string, unknown>

export function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

function changed(path: readonly string[], was: string, is: string): string {
  return `${path.join('.')} was ${was}, is now ${is}`
}

function keysOf(container: Container): string {
  if (Array.isArray(container)) return `a list of ${container.length}`
  return Object.keys(container).join(', ') || 'empty'
}

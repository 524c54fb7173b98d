/** All that differs between two values as JSON has them, key by key. */
import { show } from '../scenario/problems.js'
import { type Container, isContainer } from '../study/difference.js'

/** What differs from the baseline; values as in the files, null: there is no such key. */
export interface Difference {
  key: string
  baseline: unknown
  value: unknown
}

export function differences(baseline: unknown, value: unknown, path: readonly string[] = []): Difference[] {
  if (!isContainer(baseline) || !isContainer(value)) {
    if (Object.is(baseline, value)) return []
    return [{ key: path.join('.'), baseline: baseline ?? null, value: value ?? null }]
  }
  const keys = new Set([...Object.keys(baseline), ...Object.keys(value)])
  return [...keys].flatMap((key) => differences(own(baseline, key), own(value, key), [...path, key]))
}

/** `"60min", not "10min"`: the value, and the baseline's. */
export function showDifference({ value, baseline }: Difference): string {
  return `${show(value)}, not ${show(baseline)}`
}

/** A file may have keys that every object inherits. */
function own(container: Container, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined
}

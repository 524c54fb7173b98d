/**
 * Reads a response off summary.json: `phases.busy.captureRatio`. Items of a list are named by their `name`; names may
 * have dots.
 */
import { didYouMean } from '../scenario/nearest.js'
import { show } from '../scenario/problems.js'

/** A number; null: the run has none there, as no latency where nothing was timed; or why the path leads to none. */
export type Reading = { value: number | null } | { problem: string }

export function readResponse(summary: object, path: string): Reading {
  return follow(summary, path.split('.'), [])
}

function follow(value: unknown, steps: readonly string[], walked: readonly string[]): Reading {
  if (value === null) return { value: null }
  if (steps.length === 0) {
    if (typeof value === 'number') return { value: Number.isFinite(value) ? value : null }
    const more = typeof value === 'object' ? `; it has ${keysOf(value).join(', ')}` : ''
    return { problem: `expected a number, but ${walked.join('.')} is ${show(value)}${more}` }
  }
  for (let length = 1; length <= steps.length; length++) {
    const inner = innerOf(value, steps.slice(0, length).join('.'))
    if (inner !== undefined) return follow(inner, steps.slice(length), [...walked, ...steps.slice(0, length)])
  }
  const keys = keysOf(value)
  const at = walked.length === 0 ? 'summary.json' : walked.join('.')
  const known = keys.length === 0 ? 'nothing below it' : `${keys.join(', ')}`
  return {
    problem: `unknown path: ${at} has no ${show(steps[0])}${didYouMean(steps[0]!, keys) || ';'} it has ${known}`,
  }
}

function innerOf(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.find((item) => isNamed(item) && item.name === key)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter(isNamed).map(({ name }) => name)
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

function isNamed(item: unknown): item is { name: string } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
}

/** What is wrong with a path before there is any summary: phases are known from the scenario. */
export function phaseProblem(path: string, phases: readonly string[]): string | undefined {
  const [first, phase = ''] = path.split('.')
  if (first !== 'phases' || phases.includes(phase)) return undefined
  return `no phase is called ${show(phase)}${didYouMean(phase, phases) || ';'} the scenario has ${phases.join(', ')}`
}

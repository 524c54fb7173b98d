/** Problems of a scenario, found at key paths: how they are collected, described and shown. */
import type { z } from 'zod'
import { printable } from '../errors.js'
import type { KeyPath } from './yaml-source.js'

/** Something wrong at a key: what it is and what is allowed instead. */
export interface Problem {
  path: KeyPath
  message: string
  /** Whether the key itself is what is wrong: nobody knows it. */
  unknownKey?: boolean
}

/** Takes note of a problem; the one who checks goes on, so that the topmost of all can be shown. */
export type Report = (path: KeyPath, message: string) => void

/** A report for the values under `steps`. */
export function under(report: Report, ...steps: KeyPath): Report {
  return (path, message) => report([...steps, ...path], message)
}

/** Letters of a user's text that a message repeats. */
const SHOWN_LETTERS_MAX = 40

/** What was given, short and on one line. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = String(value)
  const shown = text.length > SHOWN_LETTERS_MAX ? `${text.slice(0, SHOWN_LETTERS_MAX)}…` : text
  return typeof value === 'string' ? printable(JSON.stringify(shown)) : shown
}

/** A path as `guests.0.memory`; keys with unusual letters are quoted, so that it stays one line. */
export function showPath(path: KeyPath): string {
  return path.map((step) => (/^[\w<.*-]+$/.test(String(step)) ? step : show(String(step)))).join('.')
}

/** What zod found, as problems, in no order. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => unfold(issue, []))
}

/** One issue as problems: an unknown key's path ends with that key; a union's are those of the branch that was meant. */
function unfold(issue: z.core.$ZodIssue, above: KeyPath): Problem[] {
  const path = [...above, ...(issue.path as (string | number)[])]
  if (issue.code === 'unrecognized_keys')
    return [{ path: [...path, issue.keys[0]!], message: issue.message, unknownKey: true }]
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((branch) =>
      branch.every((inner) => inner.path.length > 0 || isUnknownKey(inner)),
    )
    if (meant) return meant.flatMap((inner) => unfold(inner, path))
  }
  return [{ path, message: issue.message }]
}

function isUnknownKey(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'unrecognized_keys'
}

/** The paths of the mappings that have a key that nobody knows. */
export function mappingsWithUnknownKeys(problems: readonly Problem[]): ReadonlySet<string> {
  const unknown = problems.filter((problem) => problem.unknownKey)
  return new Set(unknown.map(({ path }) => showPath(path.slice(0, -1))))
}

/**
 * Whether an unknown key is the better explanation of a problem: it is then most likely the misspelt name of a key
 * that is missing beside it, or that the mapping around it was found to lack.
 * @param missing whether the key at `path` isn't there.
 * @param mappings those with unknown keys
 */
export function isMisspelling(path: KeyPath, missing: boolean, mappings: ReadonlySet<string>): boolean {
  return mappings.has(showPath(path)) || (missing && mappings.has(showPath(path.slice(0, -1))))
}

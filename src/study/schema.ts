/** The study language: its only definition, in the manner of the scenario language (src/scenario/schema.ts). */
import { z } from 'zod'
import { expected, list, mapping, name, oneLine, PHASE_LETTERS, wholeNumber } from '../scenario/fields.js'
import { show } from '../scenario/problems.js'
import { FACTORS_MAX, LEVELS_MAX, REPLICATES_MAX, RESPONSES_MAX, SEED_MAX } from './limits.js'

/** A mapping from names of the user's own, not of ours. */
function named<Item extends z.ZodType>(what: string, item: Item, min: number, max: number) {
  const isMapping = expected(`a mapping of ${what}`)
  return z.record(z.string(), item, { error: isMapping }).check(({ value, issues }) => {
    const count = Object.keys(value).length
    if (count >= min && count <= max) return
    const message = `expected ${min} to ${max} ${what}, got ${count}`
    issues.push({ code: 'custom', input: value, path: [], message })
  })
}

const settings = z.record(z.string(), z.unknown(), {
  error: expected('a mapping of keys as of --set, such as {guests.*.memory: 64MiB}'),
})

const shownText = oneLine('text').max(100, { error: expected('at most 100 letters') })
const unit = shownText.prefault('')

const value = z.union([z.string(), z.number(), z.boolean()], {
  error: expected('a word or a number; levels of several values are a mapping of names, without key'),
})

const levels = z.union(
  [
    list('levels', value, 2, LEVELS_MAX),
    z.record(z.string(), settings).check(({ value, issues }) => {
      for (const level of Object.keys(value)) {
        if (level !== '' && shownText.safeParse(level).success) continue
        issues.push({ code: 'custom', input: value, path: [level], message: NOT_SHOWN })
      }
    }),
  ],
  { error: expected('a mapping of level names, each with its settings, or, beside key, a list of values') },
)

const NOT_SHOWN = 'expected a name of 1 to 100 letters on one line'

const factor = mapping({
  unit,
  key: oneLine('a key').optional(),
  levels,
}).check(({ value, issues }) => {
  const complain = (path: string, message: string) =>
    issues.push({ code: 'custom', input: value, path: [path], message })
  if (Array.isArray(value.levels)) {
    if (value.key === undefined)
      complain('key', 'is missing; a list of values needs the key that they are for, as of --set')
    return
  }
  const count = Object.keys(value.levels).length
  if (count < 2 || count > LEVELS_MAX) complain('levels', `expected 2 to ${LEVELS_MAX} levels, got ${count}`)
  if (value.key !== undefined)
    complain('key', 'goes with a list of values; here each level names its own keys')
})

const response = mapping({
  path: oneLine('a path into summary.json').min(1, { error: expected('a path into summary.json') }),
  label: shownText.optional(),
  unit,
})

const factors = named('factors', factor, 1, FACTORS_MAX).check(fileNames)
const responses = named('responses', response, 1, RESPONSES_MAX).check(fileNames)

/** Files and columns are called so. */
function fileNames({ value, issues }: z.core.ParsePayload<Record<string, unknown>>): void {
  for (const key of Object.keys(value)) {
    if (name(PHASE_LETTERS).safeParse(key).success) continue
    const message = `expected a name of up to 100 of ${PHASE_LETTERS}, got ${show(key)}`
    issues.push({ code: 'custom', input: value, path: [key], message })
  }
}

export const studySchema = mapping({
  description: oneLine('text').prefault(''),
  scenario: oneLine("a shipped scenario's name, or a path relative to this file").min(1, {
    error: expected("a shipped scenario's name, or a path relative to this file"),
  }),
  set: settings.prefault({}),
  seed: wholeNumber(0, SEED_MAX).prefault(1),
  replicates: wholeNumber(2, REPLICATES_MAX).prefault(5),
  factors,
  responses,
})

export type WrittenStudy = z.output<typeof studySchema>

/**
 * The kinds of values that scenarios are made of, each as a zod schema that reads the written form, gives base
 * units, writes the same form again (`z.encode`), and says in plain words what it expects.
 */
import { z } from 'zod'
import {
  DURATION_SECONDS_MAX,
  NAME_LENGTH_MAX,
  PROCESSORS_MAX,
  RATE_PER_SECOND_MAX,
  SIZE_BYTES_MAX,
} from './limits.js'
import { didYouMean } from './nearest.js'
import { show } from './problems.js'
import {
  binarySizeMeant,
  DURATION_TEXT,
  formatDuration,
  formatPortion,
  formatRate,
  formatSize,
  PERCENTAGE_TEXT,
  type Portion,
  parseDuration,
  parsePortion,
  parseRate,
  parseSize,
  RATE_TEXT,
  SIZE_TEXT,
} from './units.js'

/** The part of zod's issues that messages are made from. */
interface Given {
  readonly input?: unknown
}

/** A message for any way in which a value is not `what`. */
export function expected(what: string, format: (value: never) => string = show): (given: Given) => string {
  return ({ input }) =>
    input === undefined ? `is missing; expected ${what}` : `expected ${what}, got ${format(input as never)}`
}

/** A mapping with these keys and no others. */
export function mapping<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape)
  const notMapping = expected(`a mapping of ${known.join(', ')}`)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? unknownKey((issue.keys as string[])[0]!, known)
        : notMapping(issue),
  })
}

/** What to say about a key that nobody knows. */
function unknownKey(key: string, known: readonly string[]): string {
  return `unknown key${didYouMean(key, known) || ';'} known here: ${known.join(', ')}`
}

/** A list of at least `min` and at most `max` items. */
export function list<Item extends z.ZodType>(what: string, item: Item, min: number, max: number) {
  const size = min === 0 ? `at most ${max}` : `${min} to ${max}`
  const error = ({ input }: Given) =>
    Array.isArray(input)
      ? `expected ${size} ${what}, got ${input.length}`
      : expected(`a list of ${what}`)({ input })
  return z.array(item, { error }).min(min, { error }).max(max, { error })
}

export function wholeNumber(min: number, max: number) {
  const error = expected(`a whole number from ${min} to ${max}`)
  return z.int({ error }).min(min, { error }).max(max, { error })
}

export function number(min: number, max: number) {
  const error = expected(`a number from ${min} to ${max}`)
  return z.number({ error }).min(min, { error }).max(max, { error })
}

/** A number above `min`. */
export function numberAbove(min: number, max: number) {
  const error = expected(`a number above ${min} and up to ${max}`)
  return z.number({ error }).gt(min, { error }).max(max, { error })
}

/** A number above `min` and below `max`. */
export function numberBetween(min: number, max: number) {
  const error = expected(`a number between ${min} and ${max}`)
  return z.number({ error }).gt(min, { error }).lt(max, { error })
}

export function flag() {
  return z.boolean({ error: expected('true or false') })
}

export function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, { error: choiceMessage(names) })
}

/** A message for a value that is none of `names`, with the nearest one. */
export function choiceMessage(names: readonly string[]): (given: Given) => string {
  const expectation = expected(names.join(', ').replace(/, ([^,]*)$/, ' or $1'))
  return (given) =>
    expectation(given) + (typeof given.input === 'string' ? didYouMean(given.input, names) : '')
}

/** No control characters and no ends of lines; without Unicode classes, which JSON Schema can't rely on. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/

export function oneLine(what: string) {
  const error = expected(`${what} on one line`)
  return z.string({ error }).regex(ONE_LINE, { error })
}

/** Names of guests and of operating systems. */
export const GUEST_LETTERS = 'A-Za-z0-9._-'
export const PHASE_LETTERS = 'A-Za-z0-9_-'

/** A name of one or more of these `letters` (a class of a regular expression), good as a part of file names. */
export function name(letters: string) {
  const error = expected(`a name of up to ${NAME_LENGTH_MAX} of ${letters}, not . or ..`)
  return z.string({ error }).regex(nameText(letters), { error })
}

export function nameText(letters: string): RegExp {
  return new RegExp(`^(?!\\.\\.?$)[${letters}]{1,${NAME_LENGTH_MAX}}$`)
}

/** Numbers of processors, as the system counts them: from 0, each once. */
export function processorNumbers() {
  return list('processor numbers', wholeNumber(0, PROCESSORS_MAX - 1), 1, PROCESSORS_MAX).check(
    ({ value, issues }) => {
      const repeated = value.findIndex((number, index) => value.indexOf(number) < index)
      if (repeated < 0) return
      const message = `processor ${value[repeated]} is there twice; expected each once`
      issues.push({ code: 'custom', input: value[repeated], path: [repeated], message })
    },
  )
}

const notSize = expected('a size such as 8GiB, 64MiB or 4KiB')

function sizeMessage(given: Given): string {
  return notSize(given) + sizeMeant(given)
}

function sizeMeant({ input }: Given): string {
  const meant = typeof input === 'string' ? binarySizeMeant(input) : undefined
  return meant === undefined ? '' : `; units are binary, did you mean ${meant}?`
}

/** Bytes. */
export function size() {
  const error = expected(`a size above 0 and up to ${formatSize(SIZE_BYTES_MAX)}`, formatSize)
  return z.codec(
    z.string({ error: sizeMessage }).regex(SIZE_TEXT, { error: sizeMessage }),
    z.number().gt(0, { error }).max(SIZE_BYTES_MAX, { error }),
    { decode: parseSize, encode: formatSize },
  )
}

/** One of `names`, or a part of a guest's memory: bytes or percent. */
export function nameOrPortion<const Names extends readonly string[]>(names: Names) {
  const what = expected(`${names.join(', ')}, a size such as 64MiB, or a percentage such as 25%`)
  const error = (given: Given) => what(given) + sizeMeant(given)
  const outOfRange = expected('a size above 0, or a percentage above 0% and up to 100%', formatPortion)
  const written = z.string().regex(new RegExp(`${SIZE_TEXT.source}|${PERCENTAGE_TEXT.source}`))
  const portion = z
    .union([z.strictObject({ percent: z.number() }), z.strictObject({ bytes: z.number() })])
    .refine(isPart, { error: outOfRange })
  const portionText = z.codec(written, portion, { decode: parsePortion, encode: formatPortion })
  return z.union([z.enum(names), portionText], { error })
}

function isPart(portion: Portion): boolean {
  return 'bytes' in portion ? portion.bytes > 0 : portion.percent > 0 && portion.percent <= 100
}

const durationMessage = expected('a duration such as 60min, 90s, 500ms or 2h')

function durationText() {
  return z.string({ error: durationMessage }).regex(DURATION_TEXT, { error: durationMessage })
}

/** Seconds, 0 included. */
export function durationOrZero() {
  return z.codec(durationText(), secondsUpTo(DURATION_SECONDS_MAX), {
    decode: parseDuration,
    encode: formatDuration,
  })
}

/** Seconds, more than 0. */
export function duration() {
  const error = expected('a duration above 0s', formatDuration)
  return z.codec(durationText(), secondsUpTo(DURATION_SECONDS_MAX).gt(0, { error }), {
    decode: parseDuration,
    encode: formatDuration,
  })
}

function secondsUpTo(max: number) {
  const error = expected(`a duration up to ${formatDuration(max)}`, formatDuration)
  return z.number().max(max, { error })
}

/** Seconds, from `min` to `max`; a bare number means minutes, as in ESX. */
export function durationOrMinutes(min: number, max: number) {
  const range = `${formatDuration(min)} to ${formatDuration(max)}`
  const error = expected(`a duration such as 60min, or a number of minutes, from ${range}`)
  const outOfRange = expected(`a duration from ${range}`, formatDuration)
  return z.codec(
    z.union([z.string().regex(DURATION_TEXT, { error }), z.number()], { error }),
    z.number().min(min, { error: outOfRange }).max(max, { error: outOfRange }),
    {
      decode: (written) =>
        typeof written === 'number' ? Math.round(written * 60e6) / 1e6 : parseDuration(written),
      encode: formatDuration,
    },
  )
}

/** Operations per second, more than 0. */
export function rate() {
  const error = expected('a rate such as 1000/s')
  const outOfRange = expected(`a rate above 0/s and up to ${RATE_PER_SECOND_MAX}/s`, formatRate)
  return z.codec(
    z.string({ error }).regex(RATE_TEXT, { error }),
    z.number().gt(0, { error: outOfRange }).max(RATE_PER_SECOND_MAX, { error: outOfRange }),
    { decode: parseRate, encode: formatRate },
  )
}

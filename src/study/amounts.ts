/** Which levels are amounts: numbers, or quantities of one kind, which lie on a real axis. */
import {
  DURATION_TEXT,
  PERCENTAGE_TEXT,
  parseDuration,
  parseRate,
  parseSize,
  RATE_TEXT,
  SIZE_TEXT,
} from '../scenario/units.js'

interface Kind {
  text: RegExp
  parse: (text: string) => number
}

const KINDS: readonly Kind[] = [
  { text: /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i, parse: Number },
  { text: DURATION_TEXT, parse: parseDuration },
  { text: SIZE_TEXT, parse: (text) => parseSize(text) / 2 ** 20 },
  { text: PERCENTAGE_TEXT, parse: Number.parseFloat },
  { text: RATE_TEXT, parse: parseRate },
]

/** @returns the amounts in one unit, if all levels are of one kind and no two are the same. */
export function amountsOf(levels: readonly string[]): number[] | undefined {
  const kind = KINDS.find(({ text }) => levels.every((level) => text.test(level)))
  if (kind === undefined) return undefined
  const amounts = levels.map(kind.parse)
  if (new Set(amounts).size < amounts.length || !amounts.every(Number.isFinite)) return undefined
  return amounts
}

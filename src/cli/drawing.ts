/** What a progress is drawn with: figures that flow into lines of a width, a bar, a sparkline, a time, and a few colours. */
import { columnsOf } from '../report/columns.js'
import { timeUnit } from '../report/units.js'

/** Letters for a locale of Unicode, and for one that has none but ASCII. */
export interface Glyphs {
  separator: string
  done: string
  toDo: string
  /** From the lowest to the highest. */
  levels: string
}

const UNICODE: Glyphs = { separator: ' · ', done: '█', toDo: '░', levels: '▁▂▃▄▅▆▇█' }
const ASCII: Glyphs = { separator: ' | ', done: '#', toDo: '-', levels: '_.:-=+*#' }

/** As the locale has it that a C program would go by. */
export function glyphsOf(env: NodeJS.ProcessEnv = process.env): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return /utf-?8/i.test(locale) ? UNICODE : ASCII
}

/** Green is what is done, yellow what the reader should look at. */
export const STYLES = {
  plain: ['', ''],
  bold: ['\x1b[1m', '\x1b[22m'],
  dim: ['\x1b[2m', '\x1b[22m'],
  green: ['\x1b[32m', '\x1b[39m'],
  yellow: ['\x1b[33m', '\x1b[39m'],
} as const

/** A piece of text that is not broken over two lines. */
export interface Item {
  text: string
  style?: keyof typeof STYLES
}

/** As many items to a line as fit, one at least. */
export function flow(items: readonly Item[], columns: number, separator: string): string[] {
  const lines: string[] = []
  let used = 0
  for (const { text, style = 'plain' } of items) {
    const [begin, end] = STYLES[style]
    const width = columnsOf(separator) + columnsOf(text)
    if (lines.length > 0 && used + width <= columns) {
      lines[lines.length - 1] += `${separator}${begin}${text}${end}`
      used += width
    } else {
      lines.push(`${begin}${text}${end}`)
      used = columnsOf(text)
    }
  }
  return lines
}

const BAR_LETTERS_MAX = 24

/** `██████░░░░░░  50 %`, within so many columns. */
export function barItem(part: number, columns: number, { done, toDo }: Glyphs): Item {
  const known = Math.min(1, Math.max(0, part))
  const percentage = `${Math.floor(100 * known)} %`.padStart(6)
  const letters = Math.max(1, Math.min(BAR_LETTERS_MAX, columns - percentage.length))
  const full = Math.floor(known * letters)
  return { text: done.repeat(full) + toDo.repeat(letters - full) + percentage, style: 'green' }
}

/** A letter for each value, as high as its part of the largest. */
export function sparkline(values: readonly number[], { levels }: Glyphs): string {
  const letters = [...levels]
  const largest = Math.max(0, ...values)
  const levelOf = (value: number) =>
    largest === 0 ? 0 : Math.min(letters.length - 1, Math.floor((value / largest) * letters.length))
  return values.map((value) => letters[levelOf(value)]).join('')
}

/** Wall time, rounded up: of what is left nothing is over yet. */
export function duration(seconds: number): string {
  const { size, name } = timeUnit(seconds)
  return `${Math.ceil(seconds / size)} ${name}`
}

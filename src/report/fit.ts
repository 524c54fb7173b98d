/** Text with tables in Markdown, made to fit a terminal, which would break its lines anywhere. */
import { columnsOf, padEndTo, shortenedTo, wrapped } from './columns.js'

/**
 * Columns of words are made narrower, to this if need be, their words on several lines; if that is not enough, the figures
 * come in several tables, one below the other.
 */
const WORDS_MIN = 12
const RULE = /^-+:?$/

/** @param text lines; those of a table begin with `| ` */
export function fitTo(text: string, columns: number): string {
  const lines = text.split('\n')
  const fitted: string[] = []
  for (let index = 0; index < lines.length; index++) {
    const end = lines.findIndex((line, at) => at >= index && !line.startsWith('| '))
    const table = lines.slice(index, end < 0 ? lines.length : end)
    if (table.length > 1) {
      fitted.push(...fitTable(table, columns))
      index += table.length - 1
    } else {
      const line = lines[index]!
      fitted.push(...(columnsOf(line) <= columns ? [line] : wrapped(line, columns, indentOf(line))))
    }
  }
  return fitted.join('\n')
}

/** Of the further lines of a line: below the text of an indented one. */
function indentOf(line: string): number {
  const indent = line.length - line.trimStart().length
  return indent === 0 ? 0 : indent + 2
}

function fitTable(lines: readonly string[], columns: number): string[] {
  if (lines.every((line) => columnsOf(line) <= columns)) return [...lines]
  const [head, rule, ...body] = lines.map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  )
  if (head === undefined || !rule?.every((cell) => RULE.test(cell))) return [...lines]
  const rows = [head, ...body]
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => columnsOf(row[column] ?? ''))))
  const words = rule.flatMap((cell, column) => (cell.endsWith(':') ? [] : [column]))
  const figures = rule.flatMap((cell, column) => (cell.endsWith(':') ? [column] : []))
  const total = (chosen: readonly number[]) => chosen.reduce((sum, column) => sum + widths[column]! + 3, 1)
  narrow(widths, words, () => total([...words, ...figures]) > columns)
  const parts: number[][] = [[]]
  for (const column of figures) {
    const part = parts.at(-1)!
    if (part.length > 0 && total([...words, ...part, column]) > columns) parts.push([column])
    else part.push(column)
  }
  const tables = parts.map((part) => render(rows, widths, words, part))
  return tables.flatMap((table, index) => (index === 0 ? table : ['', ...table]))
}

/** Takes from the widest column of words, one by one. */
function narrow(widths: number[], words: readonly number[], isTooWide: () => boolean): void {
  while (isTooWide()) {
    const widest = words.reduce((one, other) => (widths[other]! > widths[one]! ? other : one), words[0]!)
    if (widths[widest] === undefined || widths[widest] <= WORDS_MIN) return
    widths[widest]--
  }
}

function render(
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  words: readonly number[],
  figures: readonly number[],
): string[] {
  const rule = [
    ...words.map((column) => '-'.repeat(widths[column]!)),
    ...figures.map((column) => `${'-'.repeat(widths[column]! - 1)}:`),
  ]
  const [head = [], ...body] = rows.map((row) => rowLines(row, widths, words, figures))
  return [...head, `| ${rule.join(' | ')} |`, ...body.flat()]
}

/** A row, with words over as many lines as they need. */
function rowLines(
  row: readonly string[],
  widths: readonly number[],
  words: readonly number[],
  figures: readonly number[],
): string[] {
  const broken = words.map((column) => {
    const width = widths[column]!
    return wrapped(row[column] ?? '', width, 0).map((line) => shortenedTo(line, width))
  })
  const height = Math.max(1, ...broken.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) => {
    const cells = [
      ...words.map((column, index) => padEndTo(broken[index]![line] ?? '', widths[column]!)),
      ...figures.map((column) => (line === 0 ? (row[column] ?? '') : '').padStart(widths[column]!)),
    ]
    return `| ${cells.join(' | ')} |`
  })
}

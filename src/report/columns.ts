/** Text measured in the columns of a terminal, of which a letter may take none, one or two. */
import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

/** Codes of colours take none. */
export function columnsOf(text: string): number {
  return stringWidth(text)
}

export function padEndTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** Breaks text at spaces into lines, those after the first indented. A word that is longer stays whole. */
export function wrapped(text: string, columns: number, indent = 2): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line.trim() !== '' && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(' '.repeat(indent) + word)
    } else
      lines[lines.length - 1] = line === '' && lines.length === 1 && word !== '' ? word : `${line} ${word}`
  }
  return lines
}

/** As much of the text as fits, in whole letters. A text that must be cut loses its colours. */
export function cutTo(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  return fitting(lettersOf(stripVTControlCharacters(text)), columns).join('')
}

/** Text of at most so many columns. It keeps both ends: names of guests and phases tend to differ at the end. */
export function shortenedTo(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  const letters = lettersOf(text)
  const tailColumns = Math.floor((columns - 1) / 2)
  const tail = fitting(letters.toReversed(), tailColumns).reverse()
  return `${fitting(letters, columns - 1 - tailColumns).join('')}…${tail.join('')}`
}

/** Letters as a reader sees them: an accent is part of its letter. */
function lettersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
}

/** The first letters, as many as fit. */
function fitting(letters: readonly string[], columns: number): string[] {
  let used = 0
  const end = letters.findIndex((letter) => {
    used += columnsOf(letter)
    return used > columns
  })
  return letters.slice(0, end < 0 ? letters.length : end)
}

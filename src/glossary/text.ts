/** Entries of the glossary as text for a terminal. */
import { type Entry, KINDS, type Kind } from './entry.js'

const KIND_TITLES: Record<Kind, string> = {
  counter: 'Counters',
  reason: 'Reasons why what could be saved is not',
  setting: 'Settings',
  word: 'Words',
}

/** Label and value of all that is known of an entry, in the order in which it is told. */
export function factsOf(entry: Entry): [label: string, value: string][] {
  const { unit, allowed, defaultValue, columns, fields, top, metrics, kernel, vmware, aliases, definedBy } =
    entry
  const facts: [string, string | undefined][] = [
    ['unit', unit],
    ['allowed', allowed],
    ['default', defaultValue],
    ['kernel', kernel?.join(', ')],
    ['VMware', vmware?.join(', ')],
    ['timeseries.csv', columns?.join(', ')],
    ['summary.json', fields?.join(', ')],
    ['top --json', top?.join(', ')],
    ['Prometheus', metrics?.join(', ')],
    ['also called', aliases?.join(', ')],
    ['defined by', definedBy],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '')
}

const LABEL_WIDTH = 16
const INDENT = '  '

/** One block for each entry: name and kind, meaning, facts. */
export function entriesText(entries: readonly Entry[], width: number): string {
  return entries
    .map((entry) =>
      entryLines(entry, width)
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('\n')
}

function entryLines(entry: Entry, width: number): string[] {
  const facts = factsOf(entry).flatMap(([label, value]) => labelled(label, value, width))
  return [
    `${entry.name}  (${entry.kind})`,
    ...wrapped(entry.meaning, width - INDENT.length).map((line) => INDENT + line),
    ...facts,
  ]
}

function labelled(label: string, value: string, width: number): string[] {
  return wrapped(value, Math.max(20, width - INDENT.length - LABEL_WIDTH)).map(
    (line, index) => `${INDENT}${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`,
  )
}

/** Names alone, by kind, in columns that are read downwards. */
export function listText(entries: readonly Entry[], width: number): string {
  return KINDS.map((kind) => {
    const names = entries.filter((entry) => entry.kind === kind).map(({ name }) => name)
    return [KIND_TITLES[kind], ...inColumns(names, width - INDENT.length).map((line) => INDENT + line)]
      .map((line) => `${line}\n`)
      .join('')
  }).join('\n')
}

function inColumns(names: readonly string[], width: number): string[] {
  const columnWidth = Math.max(...names.map(({ length }) => length)) + 2
  const columns = Math.max(1, Math.floor((width + 2) / columnWidth))
  const rows = Math.ceil(names.length / columns)
  return Array.from({ length: rows }, (_, row) =>
    names
      .filter((_, index) => index % rows === row)
      .map((name) => name.padEnd(columnWidth))
      .join('')
      .trimEnd(),
  )
}

/** Breaks text at spaces; a word that is longer than a line has one for itself. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

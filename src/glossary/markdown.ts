/**
 * The glossary as pages of docs/. Run as a program (`npm run docs`) this file writes docs/glossary.md and
 * docs/scenario-keys.md; a test holds them against what it would write.
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Entry } from './entry.js'
import { COUNTER_GROUPS, GLOSSARY } from './glossary.js'
import { KERNEL_SETTINGS, scenarioSettings } from './settings.js'

/** Made pages, by their names in docs/. */
export function madePages(): Record<string, string> {
  return { 'glossary.md': glossaryPage(), 'scenario-keys.md': scenarioKeysPage() }
}

const MADE =
  '<!-- Made by `npm run docs` from src/glossary/ and the schema in src/scenario/; not to be edited. -->'

function glossaryPage(): string {
  return page(
    '# Glossary',
    MADE,
    'Every figure of [results](results.md) and of [twinpage top](top.md), every reason and word, with its names elsewhere. The same on the\nterminal: `twinpage explain WORD`, for any of these names. Settings: [scenario-keys.md](scenario-keys.md). What the figures\nmean in detail: [results.md](results.md).',
    '`phases[].…` are fields of `summary.json`, `<guest>` and the like stand for names, and names without a dot columns of `timeseries.csv`.\n*top* is `twinpage top --json`.',
    ...COUNTER_GROUPS.flatMap(({ title, entries }) => [`## ${title}`, counterTable(entries)]),
    '## Reasons',
    'Why what could be saved is not: together opportunity − saved, to the page (policy `tps`).',
    counterTable(ofKind('reason')),
    '## Words',
    wordTable(ofKind('word')),
  )
}

function scenarioKeysPage(): string {
  const keys = scenarioSettings()
  return page(
    '# Keys of a scenario',
    MADE,
    'Made from the schema that also checks scenarios and is published as `dist/scenario.schema.json`. How they work together, with\nexamples: [scenarios.md](scenarios.md). On the terminal: `twinpage explain KEY`.',
    'A key is written as `--set` takes it, with `[]` for an item of a list (`--set guests.0.memory=64MiB`, `guests.*.memory` for all).\nRates and think times are those at full size; settings of policy `tps` and of `ksm` exclude each other.',
    ...SECTIONS.flatMap(({ title, isIn }) => [`## ${title}`, keyTable(keys.filter(isIn))]),
    '## Activities',
    'Values of `guests[].workload.<phase>[].do`.',
    table(
      ['activity', 'what it does'],
      keys.filter(isActivity).map(({ name, meaning }) => [code(name.slice(ACTIVITY.length)), meaning]),
    ),
    '## Settings of the kernel alone',
    'No keys of a scenario. A run with backend `linux-ksm` puts them back as it found them.',
    keyTable(KERNEL_SETTINGS),
  )
}

const ACTIVITY = 'do: '

function isActivity({ name }: Entry): boolean {
  return name.startsWith(ACTIVITY)
}

const MAPPINGS = ['host', 'guests', 'scanner', 'phases'] as const

const SECTIONS: readonly { title: string; isIn: (key: Entry) => boolean }[] = [
  { title: 'The run', isIn: (key) => !isActivity(key) && !MAPPINGS.some((mapping) => isOf(mapping, key)) },
  ...MAPPINGS.map((mapping) => ({ title: code(mapping), isIn: (key: Entry) => isOf(mapping, key) })),
]

/** The mapping's own key, or one in it. */
function isOf(mapping: string, { name }: Entry): boolean {
  return name.split(/[.[]/)[0] === mapping
}

function keyTable(entries: readonly Entry[]): string {
  return table(
    ['key', 'meaning', 'allowed', 'unit', 'default', 'elsewhere'],
    entries.map(({ name, meaning, allowed = '', unit = '', defaultValue = '', kernel = [], vmware = [] }) => [
      code(name),
      prose(meaning),
      allowed,
      unit,
      defaultValue,
      [...kernel, ...vmware].join(', '),
    ]),
  )
}

function counterTable(entries: readonly Entry[]): string {
  return table(
    ['name', 'meaning', 'unit', 'where results have it', 'kernel', 'VMware', 'defined by'],
    entries.map((entry) => [
      entry.name,
      prose(entry.meaning),
      entry.unit ?? '',
      placesOf(entry),
      (entry.kernel ?? []).join(', '),
      (entry.vmware ?? []).join(', '),
      entry.definedBy ?? '',
    ]),
  )
}

function placesOf({ columns = [], fields = [], top = [], metrics = [] }: Entry): string {
  return [
    ...columns.map(code),
    ...fields.map(code),
    ...top.map((name) => `top ${code(name)}`),
    ...metrics.map(code),
  ].join(', ')
}

function wordTable(entries: readonly Entry[]): string {
  return table(
    ['word', 'meaning', 'also called', 'kernel', 'VMware', 'see'],
    entries.map(({ name, meaning, aliases = [], kernel = [], vmware = [], definedBy = '' }) => [
      name,
      prose(meaning),
      prose(aliases.join(', ')),
      kernel.join(', '),
      vmware.join(', '),
      definedBy,
    ]),
  )
}

function ofKind(kind: Entry['kind']): Entry[] {
  return GLOSSARY.filter((entry) => entry.kind === kind)
}

function page(...blocks: string[]): string {
  return `${blocks.join('\n\n')}\n`
}

/** Columns in which no row has anything are left out. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = headings.map((_, column) => rows.some((row) => row[column] !== ''))
  const line = (cells: readonly string[]) => `| ${cells.filter((_, column) => used[column]).join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}

/** Text as Markdown: no part of it is HTML. */
function prose(text: string): string {
  return text.replaceAll('<', '&lt;')
}

const isProgram = import.meta.url === pathToFileURL(process.argv[1] ?? '').href
if (isProgram) {
  for (const [name, text] of Object.entries(madePages()))
    writeFileSync(new URL(`../../../docs/${name}`, import.meta.url), text)
}

/** The glossary against what it is about: names that code gives to columns, fields, metrics and settings, and nothing else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { REASONS } from '../../src/experiment/reasons.js'
import { namesOf } from '../../src/glossary/entry.js'
import { GLOSSARY, lookUp, suggestions } from '../../src/glossary/glossary.js'
import { madePages } from '../../src/glossary/markdown.js'
import { entriesText, listText } from '../../src/glossary/text.js'
import { KSM_DEFAULTS } from '../../src/ksm/settings.js'
import { runMetrics } from '../../src/live/metrics.js'
import { ksmReport } from '../../src/report/ksm-report.js'
import { prometheusText } from '../../src/report/prometheus.js'
import { timeSeriesHeader } from '../../src/report/timeseries.js'
import { scenarioJsonSchema } from '../../src/scenario/json-schema.js'
import { resolvedScenario } from '../../src/scenario/load.js'
import { scenarioSchema } from '../../src/scenario/schema.js'
import { ksmReading } from '../support/ksm-reading.js'
import { sampleRun } from '../support/sample-run.js'

const GUEST = 'web-1'
const THREAD = 'scanner'

function sorted(names: Iterable<string>): string[] {
  return [...new Set(names)].sort()
}

test('each column of timeseries.csv has an entry, and entries name no others', () => {
  const header = timeSeriesHeader([GUEST], 'ksm', [THREAD]).trimEnd().split(',')
  const named = GLOSSARY.flatMap(({ columns = [] }) => columns)
  const ofRun = named.map((name) => name.replace('<guest>', GUEST).replace('<thread>', THREAD))
  assert.deepEqual(sorted(ofRun), sorted(header))
  assert.equal(new Set(named).size, named.length, 'a column has two entries')
})

test('so has each Prometheus metric, of the kernel and of a run, and each field of `twinpage top --json`', () => {
  const stat = { ksm_rmap_items: 1, ksm_zero_pages: 1, ksm_merging_pages: 1, ksm_process_profit: 1 }
  const reading = ksmReading({
    processes: [{ pid: 1, comm: 'init', ...stat, ksm_merge_any: true, ksm_mergeable: true }],
  })
  const { plan, samples } = sampleRun([GUEST])
  const text = prometheusText(reading) + runMetrics({ plan, sample: samples[0], isPaused: false })
  const metrics = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name!)
  assert.deepEqual(sorted(GLOSSARY.flatMap(({ metrics = [] }) => metrics)), sorted(metrics))
  const { settings: _, ...report } = ksmReport(reading, reading, null)
  assert.deepEqual(sorted(GLOSSARY.flatMap(({ top = [] }) => top)), sorted(pathsOf(report, '')))
})

/** Paths of all values, with `[]` for an item of a list. */
function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [path] : pathsOf(value[0], `${path}[]`)
  if (typeof value !== 'object' || value === null || value instanceof Date) return [path]
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, path === '' ? key : `${path}.${key}`))
}

describe('each key of the published schema', () => {
  const keys = schemaPaths(scenarioJsonSchema() as Schema, '')
  test('is found, and is a setting with a meaning', () => {
    assert(keys.length > 80)
    for (const key of keys) {
      const settings = lookUp(key).filter(({ kind }) => kind === 'setting')
      assert.equal(settings.length, 1, key)
      assert(settings[0]!.meaning.length > 5, `${key} has no meaning`)
      assert(settings[0]!.allowed, `${key} does not say what is allowed`)
    }
  })
  test('with the default that a scenario gets that does not say', () => {
    for (const policy of ['tps', 'ksm'] as const) {
      const scenario = scenarioSchema.parse({
        host: { memory: '64MiB' },
        guests: [{ name: 'g', memory: '16MiB' }],
        scanner: { policy },
        phases: [{ name: 'p', until: 'settled' }],
      })
      const written = resolvedScenario({ scenario } as Parameters<typeof resolvedScenario>[0])
      for (const path of pathsOf(written, '')) {
        const [entry] = lookUp(path).filter(({ kind }) => kind === 'setting')
        if (entry === undefined || GIVEN.has(entry.name)) continue
        assert.equal(entry.defaultValue?.replace('none', ''), textAt(written, path), path)
      }
    }
  })
})

/** Keys that the scenario above gives, and those whose default is this machine's. */
const GIVEN = new Set([
  'host.memory',
  'guests[].name',
  'guests[].memory',
  'scanner.policy',
  'phases[].name',
  'phases[].until',
  'host.processors',
  'host.GHz',
  'guests[].image',
  'guests[].workload',
])

function textAt(value: unknown, path: string): string {
  const found = path
    .replaceAll('[]', '.0')
    .split('.')
    .reduce((inner, key) => (inner as Record<string, unknown>)[key], value)
  return String(found).replace('none', '')
}

interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | false
  anyOf?: Schema[]
  oneOf?: Schema[]
}

function schemaPaths(
  { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] }: Schema,
  path: string,
): string[] {
  return [
    ...Object.entries(properties).flatMap(([key, inner]) => {
      const name = path === '' ? key : `${path}.${key}`
      return [name, ...schemaPaths(inner, name)]
    }),
    ...(items === undefined ? [] : schemaPaths(items, `${path}[]`)),
    ...(additionalProperties ? schemaPaths(additionalProperties, `${path}.<phase>`) : []),
    ...[...anyOf, ...oneOf].flatMap((inner) => schemaPaths(inner, path)),
  ]
}

test("each reason, each of KSM's settings and each word of the page protocol has an entry", () => {
  const words = [
    'PTE',
    'PPN',
    'MPN',
    'CoW fault',
    'stable tree',
    'unstable tree',
    'opportunity',
    'capture ratio',
  ]
  for (const name of [...REASONS, ...Object.keys(KSM_DEFAULTS), ...words, 'merge_across_nodes', 'ω²'])
    assert.equal(lookUp(name).length, 1, name)
})

test('an entry has a name of its own in its kind, a meaning in one line, and a source', () => {
  const names = GLOSSARY.map(({ kind, name }) => `${kind} ${name}`)
  assert.deepEqual(sorted(names), names.toSorted())
  for (const { name, kind, meaning, definedBy } of GLOSSARY) {
    assert.match(meaning, /^[^\n]{10,400}$/, name)
    if (kind !== 'setting') assert(definedBy, name)
  }
})

test('files of this repository that entries name are there', () => {
  const files = GLOSSARY.flatMap(({ definedBy = '' }) => definedBy.split(/[;,] /)).filter((file) =>
    /^(src|docs)\//.test(file),
  )
  assert(files.length > 50)
  for (const file of sorted(files)) readFileSync(new URL(`../../../${file}`, import.meta.url))
})

describe('a word is looked up by any of its names:', () => {
  const found: [word: string, name: string][] = [
    ['COWH', 'hints'],
    ['shrd', 'shared'],
    ['SHRDSVD', 'saved'],
    ['pages_sharing', 'pages_sharing'],
    ['notShared.rateLimited', 'rateLimited'],
    ['second look', 'secondLook'],
    ['ShareScanTime', 'scanner.ShareScanTime'],
    ['Mem.ShareScanTime', 'scanner.ShareScanTime'],
    ['scanner.ShareScanTime', 'scanner.ShareScanTime'],
    ['phases.1.scanner.pages_to_scan', 'scanner.pages_to_scan'],
    ['guests.0.memory', 'guests[].memory'],
    ['guests.*.memory', 'guests[].memory'],
    ['savedMiB', 'saved'],
    ['phases.busy.cow.latencyNs.p99', 'cow.latencyNs'],
    ['p99', 'percentiles'],
    ['sharedPages.web-1', 'shared'],
    ['%RDY', 'waitingSeconds'],
    ['twinpage_ksm_saved_bytes', 'saved'],
    ['boot', 'do: boot'],
  ]
  for (const [word, name] of found)
    test(`${word} is ${name}`, () =>
      assert.deepEqual(
        lookUp(word).map((entry) => entry.name),
        [name],
      ))
  test('what is called so by none is not found, but names near to it are told', () => {
    assert.deepEqual(lookUp('shraed'), [])
    assert.equal(suggestions('shraed')[0], 'shared')
    for (const word of ['', '.', '*', '[]', '<guest>', 'x'.repeat(1000)])
      assert.deepEqual(lookUp(word), [], word)
  })
  test('all names of all entries find them', () => {
    for (const entry of GLOSSARY)
      for (const name of namesOf(entry)) assert(lookUp(name).length > 0, `${name} of ${entry.name}`)
  })
})

test('as text it is no wider than the terminal where words can be broken', () => {
  for (const width of [40, 80]) {
    const lines = `${entriesText(GLOSSARY, width)}${listText(GLOSSARY, width)}`.split('\n')
    for (const line of lines) assert(line.length <= width || line.trim().split(/ +/).length <= 3, line)
  }
})

test('docs/ has the pages that are made from it; `npm run docs` makes them', () => {
  for (const [name, text] of Object.entries(madePages()))
    assert.equal(readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8'), text, name)
})

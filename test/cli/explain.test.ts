/** `twinpage explain`, and that the glossary has each field of a real summary. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { PhaseSummary } from '../../src/experiment/outcome.js'
import { GLOSSARY } from '../../src/glossary/glossary.js'
import { readSummary, runTwinpage, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()
const run = (...args: string[]) => runTwinpage(args, { cwd })

/** Guests that share, store and swap, for half a second. */
const SCENARIO = {
  host: { memory: '4MiB' },
  guests: [
    {
      name: 'g',
      count: 2,
      memory: '3MiB',
      image: [
        { class: 'common', size: '50%' },
        { class: 'private', size: 'rest' },
      ],
      workload: {
        boot: [{ do: 'boot' }],
        busy: [{ do: 'update', where: 'all', rate: '2000/s' }],
      },
    },
  ],
  scanner: { ShareForceSalting: 0, unthrottled: true },
  phases: [
    { name: 'boot', until: 'settled', limit: '20s' },
    { name: 'busy', duration: '300ms' },
  ],
  sampling: { interval: '100ms' },
}

/** What only the kernel's KSM brings: the type has no other fields. */
const LINUX: Required<PhaseSummary>['linux'] = {
  cow_ksm: 1,
  zeroPageFaults: 1,
  ksm_stat: {
    ksm_rmap_items: 1,
    ksm_zero_pages: 1,
    ksm_merging_pages: 1,
    ksm_process_profit: 1,
    ksm_merge_any: true,
    ksm_mergeable: true,
  },
}

test('each field of a real summary has an entry, and entries name no others', async () => {
  writeFileSync(join(cwd, 'tps.yaml'), JSON.stringify(SCENARIO))
  const ksm = {
    ...SCENARIO,
    engine: 'stepped',
    host: { memory: '8MiB' },
    scanner: { policy: 'ksm', pages_to_scan: 4000 },
  }
  writeFileSync(join(cwd, 'ksm.yaml'), JSON.stringify(ksm))
  for (const name of ['tps', 'ksm']) {
    const { code, stderr } = await run('run', `./${name}.yaml`, '--out', name, '--quiet')
    assert.equal(code, 0, stderr)
  }
  const met = sorted([
    ...pathsOf(readSummary(join(cwd, 'tps')), ''),
    ...pathsOf(readSummary(join(cwd, 'ksm')), ''),
    ...pathsOf(LINUX, 'phases[].linux'),
    ...pathsOf({ cow_ksm: 1 } satisfies Partial<PhaseSummary['ksm']>, 'phases[].ksm'),
  ])
  const named = sorted(GLOSSARY.flatMap(({ fields = [] }) => fields))
  assert.deepEqual(
    met.filter((path) => !named.some((field) => isField(path, field))),
    [],
    'without an entry',
  )
  const unmet = named.filter((field) => !met.some((path) => isField(path, field)))
  // Without threads of the system there is no account of them.
  assert.deepEqual(
    process.platform === 'linux' ? unmet : unmet.filter((field) => !/threads|host/.test(field)),
    [],
    'in no summary',
  )
})

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}

/** `phases[].guests.<guest>.cow.faults`: names of guests and threads are the user's. */
function pathsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value))
    return value.length === 0 ? [`${path}[]`] : value.flatMap((item) => pathsOf(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, path === '' ? key : `${path}.${key}`))
}

/** Figures of latencies that were not measured are not there: null stands for all of them. */
function isField(path: string, field: string): boolean {
  const pattern = field
    .replaceAll(/[.[\]]/g, '\\$&')
    .replace(/\\\.<figure>$/, '(\\.(count|p50|p90|p99|p999|max))?')
    .replaceAll(/<[a-z]+>/g, '[^.]+')
  return new RegExp(`^${pattern}$`).test(path)
}

describe('explain', { concurrency: 4 }, () => {
  test('says what a word is, where results have it, and what others call it', async () => {
    const { code, stdout, stderr } = await run('explain', 'SHRDSVD')
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.match(stdout, /^saved {2}\(counter\)\n/)
    for (const part of [
      'savedPages.<guest>',
      'phases[].savedMiB',
      'pages_sharing',
      'twinpage_ksm_saved_bytes',
    ])
      assert(stdout.includes(part), part)
    for (const line of stdout.split('\n')) assert(line.length <= 80, line)
  })
  test('says of a setting what the schema says', async () => {
    const { stdout } = await run('explain', 'guests.0.memory')
    assert.match(stdout, /^guests\[\]\.memory {2}\(setting\)\n/)
    assert.match(stdout, /^ {2}allowed +a size such as 8GiB/m)
    assert.match(stdout, /^ {2}default +required$/m)
  })
  test('without a word lists all names, by kind', async () => {
    const { code, stdout } = await run('explain')
    assert.equal(code, 0)
    assert.match(stdout, /^Counters\n[\s\S]*\n\nReasons [^\n]*\n[\s\S]*\n\nSettings\n[\s\S]*\n\nWords\n/)
    for (const { name } of GLOSSARY) assert(stdout.includes(`  ${name}`), name)
    for (const line of stdout.split('\n')) assert(line.length <= 80, line)
  })
  test('--json has all that is known', async () => {
    assert.deepEqual(JSON.parse((await run('explain', '--json')).stdout), GLOSSARY)
    const [entry, ...others] = JSON.parse((await run('explain', 'starved', '--json')).stdout) as {
      kind: string
    }[]
    assert.deepEqual([entry!.kind, others], ['reason', []])
  })
  test('tells the nearest names of a word that it does not know, in one line, with exit code 2', async () => {
    const { code, stdout, stderr } = await run('explain', 'pages_sharng')
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, /^twinpage: nothing is called "pages_sharng"; did you mean pages_sharing[^\n]*\?\n$/)
    const far = await run('explain', 'xyzzy quux \u001b[31m')
    assert.match(far.stderr, /^twinpage: nothing is called [\x20-\x7e]*; twinpage explain lists all\n$/)
  })
})

/**
 * Broken scenario files, through the real program: each gives one line with file, line and key, exit code 2, and no
 * results. What each line says is the business of test/unit/scenario-errors.test.ts.
 */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'
import { encodeTrace } from '../support/trace-writer.js'

const SOUND = `seed: 1
scale: 2
host:
  memory: 64MiB
  swap: { startFreePercent: 4, stopFreePercent: 6 }
guests:
  - name: one
    memory: 16MiB
    image:
      - { class: common, size: 25% }
      - { class: duplicated, size: 1MiB, copies: 4 }
    workload:
      busy:
        - { do: update, where: 4MiB, rate: 100/s }
  - name: two
    memory: 8MiB
scanner:
  order: random
phases:
  - { name: idle, duration: 15min }
  - { name: busy, start: 15min, duration: 1min }
sampling: { interval: 10s }
`

const TRACED = `scale: { memory: 1, time: 6 }
host: { memory: 2MiB }
trace: TRACE
phases: [{ name: all, duration: 1min }]
`

/** The sound scenario with one of its lines replaced. */
function edited(line: number, text: string): string {
  return SOUND.split('\n')
    .with(line - 1, text)
    .join('\n')
}

/** What is wrong, the file, and where the error must point: its line, and its key if the text has any. */
type Case = [title: string, text: string | Uint8Array, line: number, key: string]

const replaced: [title: string, line: number, text: string, key: string][] = [
  ['a wrong unit', 4, '  memory: 8GB', 'host.memory'],
  ['a size without unit', 8, '    memory: 16', 'guests.0.memory'],
  ['a duration without unit', 22, 'sampling: { interval: 10 }', 'sampling.interval'],
  ['a rate without /s', 14, '        - { do: update, where: all, rate: 5 }', 'guests.0.workload.busy.0.rate'],
  ['an unknown key', 4, '  memry: 64MiB', 'host.memry'],
  ['an unknown activity', 14, '        - { do: updte, where: all }', 'guests.0.workload.busy.0.do'],
  ['an unknown image class', 10, '      - { class: comon, size: 25% }', 'guests.0.image.0.class'],
  ['an unknown policy', 18, '  policy: best', 'scanner.policy'],
  ['a setting out of its range', 18, '  ShareRateMax: 32769', 'scanner.ShareRateMax'],
  ['a salting mode that does not exist', 18, '  ShareForceSalting: 3', 'scanner.ShareForceSalting'],
  ['a seed that is no whole number', 1, 'seed: 1.5', 'seed'],
  ['a scale below 1', 2, 'scale: 0.5', 'scale'],
  ['overlapping phases', 21, '  - { name: busy, start: 14min, duration: 1min }', 'phases.1.start'],
  ['a phase without end', 20, '  - { name: idle }', 'phases.0'],
  ['two phases of one name', 20, '  - { name: busy, duration: 15min }', 'phases.1.name'],
  ['a guest without memory', 16, '    os: linux', 'guests.1.memory'],
  ['an image beyond the guest', 11, '      - { class: private, size: 13MiB }', 'guests.0.image.1.size'],
  [
    'work on more than the guest has',
    14,
    '        - { do: update, where: 17MiB, rate: 1/s }',
    'guests.0.workload.busy.0.where',
  ],
  ['work in a phase that is not there', 13, '      bussy:', 'guests.0.workload.bussy'],
  ['host memory beyond what is possible', 4, '  memory: 200GiB', 'host.memory'],
  [
    'swapping that stops before it starts',
    5,
    '  swap: { startFreePercent: 6, stopFreePercent: 6 }',
    'host.swap.stopFreePercent',
  ],
  ['a key given twice', 5, '  memory: 32MiB', 'host.memory'],
]
/** Errors are found at another line than the one replaced when a name is repeated, or something is missing. */
const otherLines: Record<string, number> = { 'two phases of one name': 21, 'a guest without memory': 15 }

const CASES: Case[] = replaced.map(([title, line, text, key]) => [
  title,
  edited(line, text),
  otherLines[title] ?? line,
  key,
])

const cwd = temporaryDirectory()

/** Traces lie below the scenarios, so that the directory can be compared with what was there before. */
function traced(name: string, bytes: Uint8Array | undefined): string {
  if (bytes !== undefined) writeFileSync(join(cwd, name), bytes)
  return TRACED.replace('TRACE', name)
}

const trace = encodeTrace({
  pagesPerGuest: 16,
  guests: ['a'],
  snapshots: [{ timeSeconds: 1, changes: [[{ page: 3, content: 1 }]] }],
})
CASES.push(
  ['a missing trace', traced('missing.pct.gz', undefined), 3, 'trace'],
  ['a truncated trace', traced('cut.pct.gz', trace.subarray(0, trace.length - 9)), 3, 'trace'],
  ['a trace that is something else', traced('text.pct.gz', Buffer.from('a trace\n')), 3, 'trace'],
  ['YAML that is not well-formed', 'seed: 1\nhost: "64MiB\n', 3, ''],
  ['an empty file', '', 1, ''],
  ['no text at all', Uint8Array.of(0x61, 0x0a, 0x1f, 0x8b, 0x08, 0x00), 2, ''],
)

for (const [index, [, text]] of CASES.entries()) writeFileSync(join(cwd, `${index}.yaml`), text)
writeFileSync(join(cwd, 'sound.yaml'), SOUND)
const before = readdirSync(cwd).sort()

describe('a broken scenario file: one line, exit code 2, no results:', { concurrency: 4 }, () => {
  test('the sound one, for comparison, is accepted', async () => {
    const { code, stderr } = await runTwinpage(['check', 'sound.yaml'], { cwd })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  })

  for (const [index, [title, , line, key]] of CASES.entries()) {
    test(title, async () => {
      const { code, stdout, stderr } = await runTwinpage(['run', `${index}.yaml`], { cwd })
      const start = `twinpage: ${index}.yaml:${line}: ${key === '' ? '' : `${key}: `}`
      assert.equal(stderr.slice(0, start.length), start, stderr)
      assert.match(stderr.slice(start.length), /^[^\n]{10,300}\n$/, 'one line, ended')
      assert.equal(stdout, '')
      assert.equal(code, 2)
      assert.deepEqual(readdirSync(cwd).sort(), before)
    })
  }
})

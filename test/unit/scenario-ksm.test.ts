/** The scanner's settings by policy: the kernel's names and defaults for `ksm`, and nothing of the one in the other. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { loadScenario, resolvedScenario } from '../../src/scenario/load.js'
import type { KsmPlan } from '../../src/scenario/plan.js'
import { toYaml } from '../../src/scenario/yaml-source.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-ksm-'))
after(() => rmSync(directory, { recursive: true }))
let files = 0

function load(scanner: string, phases = '{ name: p, duration: 1s }', more = '', memory = '1MiB') {
  const file = join(directory, `s${files++}.yaml`)
  writeFileSync(
    file,
    `host: { memory: ${memory} }\nguests: [{ name: a, memory: 1MiB }]\nscanner: ${scanner}\nphases: [${phases}]\n${more}`,
  )
  return loadScenario(file)
}

function problemOf(...written: Parameters<typeof load>): string {
  try {
    load(...written)
  } catch (error) {
    assert(error instanceof UserError)
    return `${error.place.line} ${error.place.key}: ${error.message.split(`${error.place.key}: `)[1]}`
  }
  assert.fail('nothing was wrong')
}

test('policy ksm has the kernel’s defaults, but that it runs', () => {
  assert.deepEqual(load('{ policy: ksm }').plan.scanner, {
    policy: 'ksm',
    count: 1,
    onDeath: 'fail',
    CONFIG_HZ: 250,
    fixed: {
      max_page_sharing: 256,
      advisor_mode: 'none',
      advisor_max_cpu: 70,
      advisor_min_pages_to_scan: 500,
      advisor_max_pages_to_scan: 30_000,
      advisor_target_scan_time: 200,
    },
    rates: [{ run: 1, pages_to_scan: 100, sleep_millisecs: 20, use_zero_pages: 0, smart_scan: 1 }],
  } satisfies KsmPlan)
})

test('a phase replaces some settings of ksm, and no scale changes any of them', () => {
  const phases = '{ name: a, duration: 1s, scanner: { run: 2, pages_to_scan: 7 } }, { name: b, duration: 1s }'
  const { plan } = load(
    '{ policy: ksm, sleep_millisecs: 5, advisor_target_scan_time: 9 }',
    phases,
    'scale: { memory: 4, time: 32 }\n',
    '4MiB',
  )
  const { rates, fixed } = plan.scanner as KsmPlan
  const others = { sleep_millisecs: 5, use_zero_pages: 0, smart_scan: 1 }
  assert.deepEqual(rates, [
    { run: 2, pages_to_scan: 7, ...others },
    { run: 1, pages_to_scan: 100, ...others },
  ])
  assert.equal(fixed.advisor_target_scan_time, 9)
})

test('what a ksm scenario resolves to is the same scenario again', () => {
  const loaded = load('{ policy: ksm, max_page_sharing: 3, run: 0 }')
  const resolved = resolvedScenario(loaded)
  assert.equal(resolved.backend, 'lab')
  assert.deepEqual(
    Object.keys(resolved.scanner!).filter((key) => key.startsWith('Share')),
    [],
  )
  const file = join(directory, 'resolved.yaml')
  writeFileSync(file, toYaml(resolved))
  assert.deepEqual(loadScenario(file).plan.scanner, loaded.plan.scanner)
})

test('settings of the one policy are refused beside the other, in phases too', () => {
  assert.match(
    problemOf('{ policy: ksm, ShareRateMax: 7 }'),
    /^3 scanner\.ShareRateMax: is a setting of policy tps; policy ksm has run, pages_to_scan, .*CONFIG_HZ/,
  )
  assert.match(
    problemOf('{ pages_to_scan: 7 }'),
    /^3 scanner\.pages_to_scan: is a setting of policy ksm; policy tps has/,
  )
  assert.match(
    problemOf('{ policy: ksm, count: 2 }'),
    /^3 scanner\.count: is a setting of policy tps; policy ksm has run,/,
  )
  const phase = '{ name: a, duration: 1s, scanner: { unthrottled: true } }'
  assert.match(
    problemOf('{ policy: ksm }', phase),
    /^4 phases\.0\.scanner\.unthrottled: is a setting of policy tps; policy ksm has run/,
  )
})

test('values that the kernel would refuse are refused', () => {
  for (const [scanner, problem] of [
    ['{ policy: ksm, run: 3 }', '3 scanner.run: expected 0, 1 or 2, got 3'],
    [
      '{ policy: ksm, max_page_sharing: 1 }',
      '3 scanner.max_page_sharing: expected a whole number from 2 to 2147483647, got 1',
    ],
    ['{ policy: ksm, smart_scan: true }', '3 scanner.smart_scan: expected 0 or 1, got true'],
    ['{ policy: ksm, advisor_mode: on }', '3 scanner.advisor_mode: expected none or scan-time, got "on"'],
    [
      '{ policy: ksm, onDeath: restart }',
      '3 scanner.onDeath: what KSM knows of pages dies with its thread; expected fail, or policy tps',
    ],
  ] as const) {
    assert.equal(problemOf(scanner), problem)
  }
})

test('the kernel as the backend takes KSM, real time and memory for all', () => {
  assert.equal(load('{ policy: ksm }', undefined, 'backend: linux-ksm\n').plan.backend, 'linux-ksm')
  for (const [scanner, more, memory, problem] of [
    [
      '{ policy: tps }',
      'backend: linux-ksm\n',
      '1MiB',
      /^5 backend: the scanner of linux-ksm is ksmd: expected scanner: \{policy: ksm\}/,
    ],
    [
      '{ policy: ksm }',
      'backend: linux-ksm\nengine: stepped\n',
      '1MiB',
      /^5 backend: the kernel runs in real time: expected engine threads/,
    ],
    ['{ policy: ksm }', 'backend: linux-ksm\nscale: { memory: 1 }\n', '1020KiB', /^1 host\.memory: /],
  ] as const) {
    assert.match(problemOf(scanner, undefined, more, memory), problem)
  }
})

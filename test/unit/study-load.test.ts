/** Study files: what they come to, and one line for each mistake, with where it is. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { shippedFiles } from '../../src/scenario/scenario-file.js'
import { isStudy, loadStudy } from '../../src/study/load.js'
import { loadText, SMALL_STUDY, studyDirectory } from '../support/studies.js'

const directory = studyDirectory()

test('a study is resolved to its factors, responses and cells', () => {
  const { study, cells } = loadText(directory, SMALL_STUDY)
  assert.equal(study.name, 'small')
  assert.deepEqual(
    study.factors.map(({ name, unit, amounts, levels }) => [
      name,
      unit,
      amounts,
      levels.map((level) => level.name),
    ]),
    [
      ['churn', '', undefined, ['low', 'high']],
      ['rate', 'pages/s', [256, 1024], ['256', '1024']],
    ],
  )
  assert.deepEqual(
    study.responses.map(({ name, label, unit }) => [name, label, unit]),
    [
      ['captured', 'captured', ''],
      ['faults', 'CoW faults', 'faults'],
    ],
  )
  assert.deepEqual(
    cells.map(({ name, set }) => [name, set]),
    [
      ['churn=low, rate=256', ['scale=16', 'scanner.ShareRateMax=256']],
      ['churn=low, rate=1024', ['scale=16', 'scanner.ShareRateMax=1024']],
      [
        'churn=high, rate=256',
        ['scale=16', 'guests.*.workload.busy.0.rate="9000/s"', 'scanner.ShareRateMax=256'],
      ],
      [
        'churn=high, rate=1024',
        ['scale=16', 'guests.*.workload.busy.0.rate="9000/s"', 'scanner.ShareRateMax=1024'],
      ],
    ],
  )
  assert.equal(cells[2]!.loaded.scenario.scale.memory, 16)
})

test('a level replaces what is set for all', () => {
  const text = SMALL_STUDY.replace('set: { scale: 16 }', 'set: { scanner.ShareRateMax: 99, scale: 16 }')
  const { cells } = loadText(directory, text)
  const { scanner } = cells[1]!.loaded.scenario
  assert(scanner.policy === 'tps')
  assert.equal(scanner.ShareRateMax, 1024)
})

test('a scenario by path is one beside the study', () => {
  writeFileSync(
    join(directory, 'mine.yaml'),
    'host: { memory: 16MiB }\nguests: [{ name: g, memory: 4MiB }]\nphases: [{ name: busy, duration: 1s }]\n',
  )
  const text = SMALL_STUDY.replace('scenario: quick', 'scenario: mine.yaml').replace(
    "{ 'guests.*.workload.busy.0.rate': 9000/s }",
    '{ guests.*.memory: 8MiB }',
  )
  assert.equal(loadText(directory, text.replace('scale: 16', 'scale: 1')).cells[3]!.loaded.name, 'mine')
})

test('--seed replaces the seed', () => {
  assert.equal(loadText(directory, SMALL_STUDY).study.seed, 3)
  assert.equal(loadText(directory, SMALL_STUDY, 'small.yaml', 8).study.seed, 8)
  assert.throws(
    () => loadText(directory, SMALL_STUDY, 'small.yaml', 4_000_001),
    /--seed: .*from 0 to 4000000/,
  )
})

test('studies are told from scenarios', () => {
  loadText(directory, SMALL_STUDY)
  assert(isStudy(join(directory, 'small.yaml')))
  for (const other of ['quick', 'no-such', './none.yaml']) assert(!isStudy(other), other)
})

describe('the studies that ship', () => {
  for (const file of shippedFiles('study')) {
    test(basename(file), () => {
      const { study } = loadStudy(basename(file, '.yaml'))
      assert(study.description.length > 10)
    })
  }
})

describe('a mistake is told in one line:', () => {
  /** What is replaced in the small study, by what, and the line that it gives. */
  const mistakes: [from: string, to: string, says: RegExp][] = [
    ['scenario: quick', 'scenario: quik', /:2: scenario: no scenario called "quik" .*did you mean quick\?/],
    ['scenario: quick', 'scenaro: quick', /:2: scenaro: unknown key, did you mean scenario\?/],
    ['scenario: quick', 'scenario: ./none.yaml', /:2: scenario: .*none\.yaml: there is no such file/],
    ['replicates: 2', 'replicates: 1', /:5: replicates: expected a whole number from 2 to 999, got 1/],
    ['seed: 3', 'seed: -1', /:4: seed: expected a whole number from 0 to 4000000, got -1/],
    ['set: { scale: 16 }', 'set: [1]', /:3: set: expected a mapping of keys as of --set/],
    ['set: { scale: 16 }', 'set: { seed: 4 }', /:3: set\.seed: each replicate has a seed of its own/],
    [
      'scale: 16',
      'scale: 0',
      /:3: set\.scale: expected a number from 1 to 1000000, .*\(cell churn=low, rate=256\)/,
    ],
    ['scale: 16', 'scal: 16', /:3: set\.scal: unknown key, did you mean scale\?.*\(cell /],
    ['scale: 16', 'a..b: 16', /:3: set\.a\.\.b: expected a key such as host\.memory/],
    ['scale: 16', 'a=b: 16', /:3: set\."a=b": expected a key such as host\.memory/],
    [
      '9000/s',
      '9000',
      /:10: factors\.churn\.levels\.high\.guests\.\*\.workload\.busy\.0\.rate: guests\.0\.workload\.busy\.0\.rate: expected a rate such as 1000\/s, got 9000 \(cell churn=high, rate=256\)/,
    ],
    [
      'guests.*.work',
      'guests.7.work',
      /:10: .*guests: got "7", but the list has items 0 to 0 \(cell churn=high/,
    ],
    [
      '[256, 1024]',
      '[256, 99999]',
      /:14: factors\.rate\.levels\.1: scanner\.ShareRateMax: expected a number from 0 to 32768, got 99999 \(cell churn=low, rate=99999\)/,
    ],
    ['[256, 1024]', '[256]', /:14: factors\.rate\.levels: expected 2 to 50 levels, got 1/],
    ['[256, 1024]', '[256, 256]', /:14: factors\.rate\.levels\.1: the level "256" is there twice/],
    ['[256, 1024]', '[256, [1]]', /:14: factors\.rate\.levels\.1: expected a word or a number.* got a list/],
    ['[256, 1024]', '7', /:14: factors\.rate\.levels: expected a mapping of level names.* got 7/],
    ['key: scanner.ShareRateMax', 'unit2: x', /:13: factors\.rate\.unit2: unknown key/],
    [
      '    key: scanner.ShareRateMax\n',
      '',
      /:11: factors\.rate\.key: is missing; a list of values needs the key/,
    ],
    [
      '    unit: pages/s\n    key: scanner.ShareRateMax',
      '    key: guests.0.workload.busy',
      /:13: factors\.rate\.levels\.0: factor churn sets "guests\.\*\.workload\.busy\.0\.rate" already/,
    ],
    ['low: {}', 'low: 3', /:9: factors\.churn\.levels\.low: expected a mapping of keys as of --set.*got 3/],
    ['      low: {}\n', '', /:8: factors\.churn\.levels: expected 2 to 50 levels, got 1/],
    ['  churn:', '  churn/s:', /:7: factors\."churn\/s": expected a name of up to 100/],
    ['  churn:', '  state:', /:7: factors\.state: a column of runs\.csv is called so already/],
    ['  faults:', '  churn:', /:17: responses\.churn: a column of runs\.csv is called so already/],
    [
      'phases.busy.cap',
      'phases.bsy.cap',
      /:16: responses\.captured\.path: no phase is called "bsy", did you mean busy\?/,
    ],
    [
      'path: phases.busy.captureRatio',
      'label: x',
      /:16: responses\.captured\.path: is missing; expected a path/,
    ],
    ['factors:', 'factors: [', /:\d+: .*not well-formed YAML/],
  ]
  for (const [from, to, says] of mistakes) {
    test(JSON.stringify(to), () => {
      assert(SMALL_STUDY.includes(from), from)
      let error: unknown
      try {
        loadText(directory, SMALL_STUDY.replace(from, to), 'broken.yaml')
      } catch (thrown) {
        error = thrown
      }
      assert(error instanceof UserError, String(error))
      assert.match(error.message, /^[^\n]{10,600}$/)
      assert.match(error.message, says)
      assert.match(error.message, /broken\.yaml:\d+: /)
    })
  }

  test('a file that is none, or no study', () => {
    assert.throws(() => loadStudy('scan-rat'), /no study called "scan-rat" ships .*did you mean scan-rate\?/)
    assert.throws(
      () => loadStudy(`${directory}/none.yaml`),
      /none\.yaml: there is no such file, did you mean [^ ]*mine\.yaml\? a shipped study's/,
    )
    assert.throws(() => loadStudy(`${directory}/`), /is a directory; expected a study file/)
    assert.throws(() => loadText(directory, '', 'empty.yaml'), /empty\.yaml:1: is empty; expected a study/)
    assert.throws(() => loadText(directory, '- 1', 'list.yaml'), /list\.yaml:1: is a list; expected a study/)
  })

  test('more cells than anybody runs', () => {
    const factor = (name: string) =>
      `  ${name}: { key: guests.0.${name}, levels: [${Array.from({ length: 50 }, (_, level) => level)}] }`
    const text = SMALL_STUDY.replace('factors:', `factors:\n${factor('x')}\n${factor('y')}`)
    assert.throws(() => loadText(directory, text), /:6: factors: make 10000 cells; at most 2000 are run/)
  })
})

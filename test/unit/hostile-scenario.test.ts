/** Scenario files from strangers: whatever one holds, it gives a plan or one plain line of a UserError, and soon. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { UserError } from '../../src/errors.js'
import { type LoadOptions, loadScenario, shippedScenarios } from '../../src/scenario/load.js'
import type { Plan } from '../../src/scenario/plan.js'
import { scenarioName } from '../../src/scenario/scenario-file.js'
import { toYaml } from '../../src/scenario/yaml-source.js'
import { encodeTrace } from '../support/trace-writer.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-hostile-'))
after(() => rmSync(directory, { recursive: true }))

/** A text that takes this long hangs the loader. */
const LIMIT_MS = 20_000

// Beside the mutated scenarios lies a small trace under the name of the shipped one, which takes long to read.
writeFileSync(
  join(directory, 'debian-idle-bench.pct.gz'),
  encodeTrace({
    pagesPerGuest: 256,
    guests: ['a', 'b'],
    snapshots: [{ timeSeconds: 20, changes: [[], []] }],
  }),
)

const QUICK = readFileSync(shippedScenarios().find(({ name }) => name === 'quick')!.file, 'utf8')

/** Loads a text; of errors only a UserError of one plain line passes, and nothing else may have happened. */
function planOf(text: string, options: LoadOptions = {}): Plan | undefined {
  const file = join(directory, 'hostile.yaml')
  writeFileSync(file, text)
  const prototype = Object.getOwnPropertyNames(Object.prototype)
  const startMs = performance.now()
  const plan = planOrUserError(file, options)
  assert(performance.now() - startMs < LIMIT_MS, 'it took too long')
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), prototype)
  return plan
}

function planOrUserError(file: string, options: LoadOptions): Plan | undefined {
  try {
    return loadScenario(file, options).plan
  } catch (error) {
    assert(error instanceof UserError, (error as Error).stack)
    assertPlain(error.message)
    assert.doesNotMatch(error.message, /Invalid (input|string)|Too (small|big)|Unrecognized/)
    return undefined
  }
}

/** Nothing that breaks the line or commands a terminal. */
function assertPlain(message: string): void {
  assert.doesNotMatch(message, /[\p{C}\p{Zl}\p{Zp}]/u)
}

interface Mutation {
  at: number
  apply: (text: string, at: number) => string
}

/** Changes a text at a place of its own choice. */
function mutations(text: fc.Arbitrary<string>, list: fc.Arbitrary<Mutation>[]): fc.Arbitrary<string> {
  const some = fc.array(fc.oneof(...list), { minLength: 1, maxLength: 3 })
  return fc
    .tuple(text, some)
    .map(([start, changes]) =>
      changes.reduce((now, { apply, at }) => apply(now, at % (now.length + 1)), start),
    )
}

function replacing(text: fc.Arbitrary<string>, removed: number): fc.Arbitrary<Mutation> {
  return fc.record({ at: fc.nat(), remove: fc.nat(removed), insert: text }).map(({ at, remove, insert }) => ({
    at,
    apply: (now, start) => now.slice(0, start) + insert + now.slice(start + remove),
  }))
}

/** Changes the line at a place. */
function lineWise(
  change: (lines: string[], index: number, many: number) => string[],
): fc.Arbitrary<Mutation> {
  return fc.record({ at: fc.nat(), many: fc.nat(40) }).map(({ at, many }) => ({
    at,
    apply: (text, start) => {
      const index = text.slice(0, start).split('\n').length - 1
      return change(text.split('\n'), index, many).join('\n')
    },
  }))
}

/** Changes the value after the colon nearest to a place. */
function valueWise(change: fc.Arbitrary<(value: string) => string>): fc.Arbitrary<Mutation> {
  return fc.record({ at: fc.nat(), change }).map(({ at, change: changed }) => ({
    at,
    apply: (text, start) =>
      text.slice(0, start) +
      text.slice(start).replace(/: ([^\n,}\]]*)/, (_, value: string) => `: ${changed(value)}`),
  }))
}

const syntax = fc.constantFrom(
  ...[
    '',
    ' ',
    '\n',
    '\t',
    ':',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '#',
    '|',
    '>',
    '? ',
    '---\n',
    '...\n',
  ],
  ...['&a ', '*a', '<<: *vm', '!!', '!', '%', '!!set ', '!!binary ', '!!js/function ', '__proto__: '],
  ...['0', '-1', '1e999', '.nan', 'null', '~', 'GiB', 'rest', 'all', 'toString', 'constructor'],
)
const commands = fc.constantFrom(
  '\u001b[2J',
  '\u009b31m',
  '\u202e',
  '\u2028',
  '\u0000',
  '\ufeff',
  '\ud800',
  '\r',
)
const letters = fc.oneof(commands, fc.string({ unit: 'binary', maxLength: 3 }))

const bigNumbers = fc.constantFrom(
  ...['9'.repeat(400), '1e308', '-1e308', '9007199254740993', '4294967296', '0.1e-400', '0x7fffffffffffffff'],
  ...[
    '999999999999999GiB',
    '999999999999999.999999h',
    '1/s',
    '0000000000000000001MiB',
    '1e9/s',
    '100.000001%',
  ],
)
const deepNests = fc
  .tuple(fc.constantFrom('[', '{a: ', '- ', '? '), fc.nat(400))
  .map(([open, depth]) => open.repeat(depth))

const KINDS: [title: string, mutations: fc.Arbitrary<Mutation>[]][] = [
  ['syntax inserted', [replacing(syntax, 12)]],
  ['letters of every kind inserted', [replacing(letters, 3)]],
  ['lines moved', [lineWise((lines, at, many) => lines.toSpliced(at, 1).toSpliced(many, 0, lines[at]!))]],
  ['lines and keys doubled', [lineWise((lines, at) => lines.toSpliced(at, 0, lines[at]!))]],
  ['indentation changed', [lineWise((lines, at, by) => lines.with(at, reindented(lines[at]!, by % 9)))]],
  ['numbers out of all bounds', [valueWise(bigNumbers.map((number) => () => number))]],
  ['deep nests', [valueWise(deepNests.map((nest) => (value) => nest + value))]],
  [
    'anchors, aliases and tags',
    [
      valueWise(fc.constant((value: string) => `&x ${value}`)),
      valueWise(
        fc.constantFrom<(value: string) => string>(
          () => '*x',
          (value) => `!!str ${value}`,
          (value) => `!mine ${value}`,
        ),
      ),
    ],
  ],
]

function reindented(line: string, by: number): string {
  return ' '.repeat(by) + line.trimStart()
}

const name = fc.stringMatching(/^[a-z]{1,6}$/)
const size = fc.integer({ min: 1, max: 64 }).map((mebibytes) => `${mebibytes}MiB`)
const seconds = fc.integer({ min: 1, max: 600 }).map((count) => `${count}s`)
const activity = fc.oneof(
  fc.record({ do: fc.constant('boot'), over: seconds }),
  fc.record({ do: fc.constantFrom('reload', 'zero'), where: fc.constant('all'), rate: fc.constant('5/s') }),
  fc.record({
    do: fc.constant('update'),
    where: fc.constant('50%'),
    threads: fc.nat(4).map((n) => n + 1),
    think: seconds,
  }),
)
const extent = fc.record({
  class: fc.constantFrom('zero', 'common', 'private'),
  size: fc.constantFrom('1MiB', '10%'),
})

/** Scenarios that are sound, as text. */
const soundTexts = fc
  .uniqueArray(name, { minLength: 1, maxLength: 4 })
  .chain((phaseNames) =>
    fc.record({
      seed: fc.nat(),
      scale: fc.constantFrom(1, 4, { memory: 2, time: 3 }),
      host: fc.record({ memory: size.map((text) => `1${text}`) }),
      guests: fc.uniqueArray(
        fc.record({
          name,
          memory: fc.constantFrom('64MiB', '0.5GiB'),
          image: fc.array(extent, { maxLength: 4 }),
          workload: fc.dictionary(fc.constantFrom(...phaseNames), fc.array(activity, { maxLength: 3 })),
        }),
        { selector: (guest) => guest.name, minLength: 1, maxLength: 3 },
      ),
      phases: fc.tuple(
        ...phaseNames.map((phase) =>
          fc.oneof(
            fc.record({ name: fc.constant(phase), duration: seconds }),
            fc.record({ name: fc.constant(phase), until: fc.constant('settled'), limit: seconds }),
          ),
        ),
      ),
    }),
  )
  .map(toYaml)

test('a sound scenario gives a plan, whatever it asks for', () => {
  fc.assert(fc.property(soundTexts, (text) => assert(planOf(text), text)))
})

for (const { name: shipped, file } of shippedScenarios()) {
  const text = readFileSync(file, 'utf8').replaceAll(/#.*/g, '')
  describe(`${shipped} gives a plan or a UserError with`, () => {
    test('nothing changed', () => assert(planOf(text)))
    for (const [title, list] of KINDS) {
      test(title, () => {
        const mutated = mutations(fc.constant(text), list)
        fc.assert(
          fc.property(mutated, (changed) => void planOf(changed)),
          { numRuns: 60 },
        )
      })
    }
  })
}

test('a generated scenario with changes of all kinds gives a plan or a UserError', () => {
  const all = KINDS.flatMap(([, list]) => list)
  fc.assert(
    fc.property(mutations(soundTexts, all), (text) => void planOf(text)),
    { numRuns: 300 },
  )
})

test('values of every kind at every key of the language give a plan or a UserError', () => {
  const key = fc.constantFrom(
    ...[
      'seed',
      'scale',
      'trace',
      'host',
      'guests',
      'phases',
      'scanner',
      'sampling',
      'host.memory',
      'host.swap',
    ],
    ...['guests.0', 'guests.0.image', 'guests.0.image.0', 'guests.0.workload', 'guests.0.workload.busy'],
    ...['guests.0.workload.busy.0', 'guests.0.workload.busy.0.where', 'phases.0', 'phases.0.until'],
    ...['phases.0.scanner', 'constructor.prototype.polluted', 'host.toString.polluted'],
  )
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), letters)
  fc.assert(
    fc.property(key, value, (path, given) => {
      planOf(QUICK, { set: [{ key: path, value: JSON.stringify(given) }] })
    }),
    { numRuns: 300 },
  )
})

test('what a message repeats of a file or its name never breaks the line or commands the terminal', () => {
  const places: ((text: string) => string)[] = [
    (text) => `${text}: 1`,
    (text) => `host: { ${text}: 1 }`,
    (text) => `host: { memory: ${text} }`,
    (text) => `trace: ${text}\nhost: { memory: 1MiB }\nphases: [{ name: a, duration: 1s }]\nscale: 1`,
    (text) => `host: { memory: 1MiB }\nguests: [{ name: ${text}, memory: 1MiB }]\nphases: []`,
    (text) =>
      `host: { memory: 1MiB }\nguests: [{ name: a, memory: 1MiB, workload: { ${text}: [] } }]\nphases: [{ name: other-than-any-text, duration: 1s }]`,
  ]
  const hostile = fc.tuple(fc.string({ maxLength: 5 }), letters).map((parts) => parts.join(''))
  const written = fc.oneof(
    hostile,
    hostile.map((text) => JSON.stringify(text)),
  )
  fc.assert(
    fc.property(written, fc.constantFrom(...places), (text, place) => {
      assert.equal(planOf(place(text)), undefined)
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(hostile, (fileName) => {
      planOrUserError(join(directory, `${fileName.replaceAll('/', '')}.yaml`), {})
      assertPlain(new UserError(fileName, { file: fileName, key: fileName }).message)
    }),
  )
})

describe('no name leads out of the results', () => {
  const names = fc.oneof(
    fc.string({ maxLength: 6 }),
    letters,
    fc.string({ unit: fc.constantFrom('.', '/', '\\', '-', '_', 'a', 'A', ':', '~', ' '), maxLength: 5 }),
    fc.constantFrom('.', '..', '...', '-rf', 'CON', 'a/../..', '..\\..', 'x'.repeat(101)),
  )
  const isInside = (parent: string, entry: string) => dirname(resolve(parent, entry)) === resolve(parent)

  test('of a guest or phase', () => {
    fc.assert(
      fc.property(names, (text) => {
        const quoted = JSON.stringify(text)
        const plan = planOf(
          `host: { memory: 1MiB }\nguests: [{ name: ${quoted}, memory: 1MiB }]\nphases: [{ name: a, duration: 1s }]\n`,
        )
        for (const guest of plan?.guests ?? []) {
          assert(isInside('latency', guest.name))
          assert.match(guest.name, /^[\w.-]{1,100}$/, 'letters that every file system takes')
        }
      }),
      { numRuns: 500 },
    )
  })

  test('of a scenario', () => {
    fc.assert(
      fc.property(names, fc.constantFrom('.yaml', '.yml', ''), (text, extension) => {
        const file = text.replaceAll(/[/\0]/g, '') + extension
        if (file === '') return
        try {
          assert(isInside('results', scenarioName(`scenarios/${file}`)), file)
        } catch (error) {
          assert(error instanceof UserError, (error as Error).stack)
          assertPlain(error.message)
        }
      }),
      {
        numRuns: 500,
        examples: [
          ['..', '.yaml'],
          ['.', '.yml'],
          ['\u001b[2J', '.yaml'],
        ],
      },
    )
  })
})

describe('guests whose names differ in letter case alone would share a file where case is not told apart:', () => {
  test('two of a scenario are refused', () => {
    const pair = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,8}$/)
    fc.assert(
      fc.property(pair, (text) => {
        const guests = [text.toLowerCase(), text.toUpperCase()].map((name) => ({ name, memory: '1MiB' }))
        const phases = [{ name: 'a', duration: '1s' }]
        assert.equal(planOf(toYaml({ host: { memory: '1MiB' }, guests, phases })), undefined)
      }),
    )
  })

  test('two of a trace are refused', () => {
    const snapshots = [{ timeSeconds: 1, changes: [[], []] }]
    writeFileSync(
      join(directory, 'case.pct.gz'),
      encodeTrace({ pagesPerGuest: 256, guests: ['vm', 'VM'], snapshots }),
    )
    const text = 'trace: case.pct.gz\nhost: { memory: 2MiB }\nphases: [{ name: a, duration: 1s }]\n'
    writeFileSync(join(directory, 'case.yaml'), text)
    assert.throws(() => loadScenario(join(directory, 'case.yaml')), {
      name: 'UserError',
      message: /case\.yaml:1: trace: two of its guests are called "VM"; names are unique, letter case aside$/,
    })
  })
})

test('no pattern takes more than linear time', () => {
  const LETTERS = 100_000
  const keys = [
    ...['description', 'host.memory', 'guests.0.name', 'guests.0.memory', 'guests.0.image.0.size'],
    ...['guests.0.workload.busy.0.where', 'scanner.ShareScanTime', 'phases.1.duration', 'phases.1.name'],
  ]
  for (const unit of ['1', '1.', '.', ' ', 'K', '1GiB', '-', 'a', '\\n ', '\\u200b']) {
    const value = `"${unit.repeat(LETTERS / unit.length)}!"`
    planOf(QUICK, { set: keys.map((key) => ({ key, value })) })
  }
})

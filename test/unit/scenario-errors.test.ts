/** Broken scenarios: each gives exactly one line that names the file, the line, the key and what is allowed. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { type LoadOptions, loadScenario } from '../../src/scenario/load.js'
import { encodeTrace } from '../support/trace-writer.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-scenario-'))
after(() => rmSync(directory, { recursive: true }))

const SOUND = `description: a sound scenario
seed: 1
scale: 2
host:
  memory: 64MiB
  processors: 2
  swap: { startFreePercent: 4, stopFreePercent: 6 }
guests:
  - name: one
    memory: 16MiB
    image:
      - { class: common, size: 25% }
      - { class: duplicated, size: 1MiB, copies: 4 }
      - { class: private, size: 25% }
    workload:
      settle:
        - { do: boot }
      busy:
        - { do: update, where: 4MiB, rate: 100/s }
        - { do: read, where: all, threads: 2, think: 1ms }
        - { do: tick, where: private, rate: 1/s, pages: 8 }
  - name: two
    count: 2
    memory: 8MiB
scanner:
  order: random
phases:
  - { name: settle, until: settled }
  - { name: idle, duration: 15min }
  - { name: busy, start: 15min, duration: 1min }
sampling: { interval: 10s }
`

const TRACED = `scale: { memory: 1, time: 6 }
trace: small.pct.gz
host: { memory: 2MiB }
phases: [{ name: all, duration: 1min }]
`

/** The sound scenario with some of its lines, by number, replaced. */
function edited(lines: Record<number, string>): string {
  return SOUND.split('\n')
    .map((line, index) => lines[index + 1] ?? line)
    .join('\n')
}

let files = 0

function written(text: string | Uint8Array): string {
  const file = join(directory, `broken-${++files}.yaml`)
  writeFileSync(file, text)
  return file
}

function errorOf(file: string, options: LoadOptions = {}): UserError {
  try {
    loadScenario(file, options)
  } catch (error) {
    assert(error instanceof UserError, `no UserError: ${(error as Error).stack}`)
    assert.doesNotMatch(error.message, /[\p{Cc}\u2028]/u, 'one line of plain text')
    assert.doesNotMatch(error.message, /Invalid input/, 'a message of ours')
    return error
  }
  assert.fail(`${file} was accepted`)
}

/** What was done to the sound scenario, where the error must point, and what it must say. */
type Case = [title: string, lines: Record<number, string>, line: number, key: string, says: RegExp]

const CASES: Case[] = [
  // sizes, durations, rates, numbers
  [
    'a decimal unit',
    { 5: '  memory: 8GB' },
    5,
    'host.memory',
    /^expected a size such as 8GiB.*got "8GB".*did you mean 8GiB\?$/,
  ],
  [
    'a size without unit',
    { 5: '  memory: 1024' },
    5,
    'host.memory',
    /^expected a size such as .*, got 1024$/,
  ],
  ['a negative size', { 10: '    memory: -4MiB' }, 10, 'guests.0.memory', /got "-4MiB"$/],
  ['a size of nothing', { 10: '    memory: 0MiB' }, 10, 'guests.0.memory', /^expected a size above 0/],
  [
    'a decimal unit in where',
    { 19: '        - { do: update, where: 4mb, rate: 1/s }' },
    19,
    'guests.0.workload.busy.0.where',
    /did you mean 4MiB\?$/,
  ],
  [
    'a duration without unit',
    { 31: 'sampling: { interval: 10 }' },
    31,
    'sampling.interval',
    /^expected a duration such as 60min, 90s, .*got 10$/,
  ],
  [
    'a duration of nothing',
    { 29: '  - { name: idle, duration: 0s }' },
    29,
    'phases.1.duration',
    /^expected a duration above 0s, got 0s$/,
  ],
  [
    'a rate without /s',
    { 19: '        - { do: update, where: all, rate: 100 }' },
    19,
    'guests.0.workload.busy.0.rate',
    /^expected a rate such as 1000\/s, got 100$/,
  ],
  [
    'a rate of nothing',
    { 19: '        - { do: update, where: all, rate: 0/s }' },
    19,
    'guests.0.workload.busy.0.rate',
    /^expected a rate above 0\/s/,
  ],
  [
    'a seed beyond 32 bits',
    { 2: 'seed: 4294967296' },
    2,
    'seed',
    /^expected a whole number from 0 to 4294967295, got 4294967296$/,
  ],
  [
    'half a processor',
    { 6: '  processors: 0.5' },
    6,
    'host.processors',
    /^expected a whole number from 1 to 1024, or a list of processor numbers such as \[0, 2\], got 0.5$/,
  ],
  ['a scale below 1', { 3: 'scale: 0.5' }, 3, 'scale', /^expected a number from 1 to 1000000, got 0.5$/],
  [
    'a scale apart below 1',
    { 3: 'scale: { memory: 1, time: 0 }' },
    3,
    'scale.time',
    /^expected a number from 1 /,
  ],
  [
    'a scale of another kind',
    { 3: 'scale: half' },
    3,
    'scale',
    /^expected a number from 1 .* or a mapping such as .*got "half"$/,
  ],
  [
    'too short a scan time',
    { 26: '  ShareScanTime: 5' },
    26,
    'scanner.ShareScanTime',
    /^expected a duration from 10min to 600min, got 5min$/,
  ],
  [
    'a scan time of another kind',
    { 26: '  ShareScanTime: soon' },
    26,
    'scanner.ShareScanTime',
    /^expected a duration such as 60min, or a number of minutes/,
  ],
  [
    'too high a scan rate',
    { 26: '  ShareRateMax: 32769' },
    26,
    'scanner.ShareRateMax',
    /^expected a number from 0 to 32768, got 32769$/,
  ],
  [
    'too much for ShareScanGHz, in a phase',
    { 28: '  - { name: settle, until: settled, scanner: { ShareScanGHz: 33 } }' },
    28,
    'phases.0.scanner.ShareScanGHz',
    /^expected a number from 0 to 32/,
  ],
  [
    'a salting mode that ESX has not',
    { 26: '  ShareForceSalting: 3' },
    26,
    'scanner.ShareForceSalting',
    /^expected 0, 1 or 2, got 3$/,
  ],
  [
    'a truth value in words',
    { 26: '  unthrottled: maybe' },
    26,
    'scanner.unthrottled',
    /^expected true or false, got "maybe"$/,
  ],
  [
    'no truth value',
    { 26: '  unthrottled:' },
    26,
    'scanner.unthrottled',
    /^expected true or false, got nothing$/,
  ],
  [
    'a busy fraction above 1',
    { 21: '        - { do: busy, fraction: 1.5 }' },
    21,
    'guests.0.workload.busy.2.fraction',
    /^expected a number above 0 and up to 1, got 1.5$/,
  ],

  // processors and threads
  [
    'a processor that is no number',
    { 6: '  processors: [0, one]' },
    6,
    'host.processors.1',
    /^expected a whole number from 0 to 1023, got "one"$/,
  ],
  [
    'a processor twice',
    { 6: '  processors: [1, 0, 1]' },
    6,
    'host.processors.2',
    /^processor 1 is there twice; expected each once$/,
  ],
  [
    'no processors',
    { 6: '  processors: []' },
    6,
    'host.processors',
    /^expected 1 to 1024 processor numbers, got 0$/,
  ],
  [
    'a list of no processors for a guest',
    { 10: '    memory: 16MiB\n    processors: []' },
    11,
    'guests.0.processors',
    /^expected 1 to 1024 processor numbers, got 0$/,
  ],
  [
    'a count of processors for a guest',
    { 10: '    memory: 16MiB\n    processors: 2' },
    11,
    'guests.0.processors',
    /^expected a list of processor numbers, got 2$/,
  ],
  [
    'a guest on a processor that is not the run’s',
    { 6: '  processors: [0, 2]', 10: '    memory: 16MiB\n    processors: [2, 1]' },
    11,
    'guests.0.processors.1',
    /^processor 1 is none of those of the run: expected some of host.processors, 0, 2$/,
  ],
  [
    'a scanner on a processor that is not the run’s',
    { 6: '  processors: [0, 2]', 26: '  processors: [3]' },
    26,
    'scanner.processors.0',
    /^processor 3 is none of those of the run: expected some of host.processors, 0, 2$/,
  ],
  [
    'a demand for more than a processor',
    { 10: '    memory: 16MiB\n    demand: 1.5' },
    11,
    'guests.0.demand',
    /^expected a number from 0 to 1, got 1.5$/,
  ],
  [
    'a demand for more than a processor in a phase',
    { 10: '    memory: 16MiB\n    demand: { idle: 0.5, busy: -1 }' },
    11,
    'guests.0.demand.busy',
    /^expected a number from 0 to 1, got -1$/,
  ],
  [
    'a demand in a phase that is not there',
    { 10: '    memory: 16MiB\n    demand: { bussy: 0.5 }' },
    11,
    'guests.0.demand.bussy',
    /^no phase has this name, did you mean busy\? phases: settle, idle, busy$/,
  ],
  [
    'a niceness that there is not',
    { 26: '  nice: 20' },
    26,
    'scanner.nice',
    /^expected a whole number from -20 to 19, got 20$/,
  ],
  [
    'a scheduling class that there is not',
    { 26: '  class: SCHED_BACH' },
    26,
    'scanner.class',
    /^expected SCHED_OTHER, SCHED_BATCH or SCHED_IDLE, got "SCHED_BACH", did you mean SCHED_BATCH\?$/,
  ],
  [
    'something else to do after a refusal',
    { 6: '  onRefusal: ignore' },
    6,
    'host.onRefusal',
    /^expected fail or continue, got "ignore"$/,
  ],
  [
    'which processors, in engine stepped',
    { 2: 'engine: stepped', 6: '  processors: [0, 1]' },
    6,
    'host.processors',
    /^engine stepped counts its processors: expected a number, not a list$/,
  ],
  ...['processors: [0]', 'nice: 5', 'class: SCHED_IDLE'].flatMap((setting): Case[] => {
    const key = `scanner.${setting.split(':')[0]}`
    return [
      [
        `${key} in engine stepped`,
        { 2: 'engine: stepped', 26: `  ${setting}` },
        26,
        key,
        /^engine stepped has no threads of the system: leave it out, or expected engine threads$/,
      ],
    ]
  }),
  [
    'a guest’s processors in engine stepped',
    { 2: 'engine: stepped', 10: '    memory: 16MiB\n    processors: [0]' },
    11,
    'guests.0.processors',
    /^engine stepped has no threads of the system: leave it out, or expected engine threads$/,
  ],
  ...['scanner', 'Scanner-2', 'reclaimer'].map(
    (name): Case => [
      `a guest called ${name}`,
      { 9: `  - name: ${name}` },
      9,
      'guests.0.name',
      /^"\w+(-2)?" is what results call a thread that is no guest; expected a name that is not scanner, scanner-N or reclaimer$/,
    ],
  ),

  // keys and names
  [
    'an unknown key',
    { 6: '  procesors: 2' },
    6,
    'host.procesors',
    /^unknown key, did you mean processors\? known here: memory, /,
  ],
  [
    'an unknown key like no other',
    { 6: '  colour: red' },
    6,
    'host.colour',
    /^unknown key; known here: memory, /,
  ],
  ['a misspelt key that is needed', { 5: '  memry: 64MiB' }, 5, 'host.memry', /did you mean memory\?/],
  [
    'an unknown key of an activity',
    { 17: '        - { do: boot, where: all }' },
    17,
    'guests.0.workload.settle.0.where',
    /^unknown key; known here: do, rate, over$/,
  ],
  [
    'copies of pages that have none',
    { 12: '      - { class: common, size: 25%, copies: 2 }' },
    12,
    'guests.0.image.0.copies',
    /^unknown key/,
  ],
  ['no memory in the host', { 5: '  # none' }, 4, 'host.memory', /^is missing; expected a size such as 8GiB/],
  ['no memory in a guest', { 24: '    # none' }, 22, 'guests.1.memory', /^is missing/],
  [
    'no name in a phase',
    { 29: '  - { duration: 15min }' },
    29,
    'phases.1.name',
    /^is missing; expected a name/,
  ],
  [
    'no phases',
    { 27: 'sampling: { interval: 10s }', 28: '', 29: '', 30: '', 31: '' },
    1,
    'phases',
    /^is missing; expected a list of phases$/,
  ],
  [
    'a list of no phases',
    { 27: 'phases: []', 28: '', 29: '', 30: '' },
    27,
    'phases',
    /^expected 1 to 256 phases, got 0$/,
  ],
  [
    'phases that are no list',
    { 27: 'phases: settle', 28: '', 29: '', 30: '' },
    27,
    'phases',
    /^expected a list of phases, got "settle"$/,
  ],
  [
    'a host that is no mapping',
    { 4: 'host: big', 5: '', 6: '', 7: '' },
    4,
    'host',
    /^expected a mapping of memory, .*got "big"$/,
  ],
  [
    'a name that leaves the directory',
    { 9: '  - name: ../one' },
    9,
    'guests.0.name',
    /^expected a name of .*got "..\/one"$/,
  ],
  [
    'a name that is the directory',
    { 9: '  - name: ..' },
    9,
    'guests.0.name',
    /not \. or \.\.; got|not \. or \.\., got/,
  ],
  ['a name that is a number', { 9: '  - name: 12' }, 9, 'guests.0.name', /got 12$/],
  ['two guests of one name', { 22: '  - name: one', 23: '' }, 22, 'guests.1.name', /called one too/],
  ['a name that counting makes again', { 9: '  - name: two-2' }, 22, 'guests.1.name', /called two-2 too/],
  [
    'two phases of one name',
    { 29: '  - { name: settle, duration: 15min }' },
    29,
    'phases.1.name',
    /called settle too/,
  ],
  [
    'a phase name with a dot',
    { 29: '  - { name: idle.1, duration: 15min }' },
    29,
    'phases.1.name',
    /^expected a name of/,
  ],
  [
    'work in a phase that is not there',
    { 18: '      bussy:' },
    18,
    'guests.0.workload.bussy',
    /^no phase has this name, did you mean busy\? phases: settle, idle, busy$/,
  ],
  [
    'an unknown activity',
    { 17: '        - { do: reboot }' },
    17,
    'guests.0.workload.settle.0.do',
    /^expected boot, .*did you mean boot\?$/,
  ],
  [
    'an activity without do',
    { 17: '        - { over: 5min }' },
    17,
    'guests.0.workload.settle.0.do',
    /^is missing; expected boot/,
  ],
  [
    'an activity that is a word',
    { 17: '        - boot' },
    17,
    'guests.0.workload.settle.0',
    /^expected an activity such as/,
  ],
  [
    'an unknown image class',
    { 12: '      - { class: comon, size: 25% }' },
    12,
    'guests.0.image.0.class',
    /did you mean common\?$/,
  ],
  [
    'an unknown order',
    { 26: '  order: reverse' },
    26,
    'scanner.order',
    /^expected random or sequential, got "reverse"$/,
  ],
  [
    'an unknown policy',
    { 26: '  policy: ksm2' },
    26,
    'scanner.policy',
    /^expected tps or ksm, got "ksm2", did you mean ksm\?$/,
  ],

  // pace
  [
    'no pace',
    { 19: '        - { do: update, where: all }' },
    19,
    'guests.0.workload.busy.0',
    /^has no pace; give either rate, or threads and think$/,
  ],
  [
    'two paces',
    { 20: '        - { do: read, where: all, rate: 1/s, threads: 2, think: 1ms }' },
    20,
    'guests.0.workload.busy.1.threads',
    /^is a second pace/,
  ],
  [
    'two paces of finite work',
    { 17: '        - { do: boot, rate: 1/s, over: 5min }' },
    17,
    'guests.0.workload.settle.0.over',
    /^is a second pace; give rate or over$/,
  ],
  [
    'threads that never think',
    { 20: '        - { do: read, where: all, threads: 2 }' },
    20,
    'guests.0.workload.busy.1.threads',
    /^needs think/,
  ],
  [
    'thoughts without threads',
    { 20: '        - { do: read, where: all, think: 1ms }' },
    20,
    'guests.0.workload.busy.1.think',
    /^needs threads/,
  ],
  [
    'a time for endless work',
    { 19: '        - { do: update, where: all, over: 5min }' },
    19,
    'guests.0.workload.busy.0.over',
    /^unknown key/,
  ],

  // memory
  [
    'a host that scaling leaves too little',
    { 5: '  memory: 1MiB' },
    5,
    'host.memory',
    /^expected 1MiB to 64GiB after scaling by 2, got 512KiB$/,
  ],
  [
    'a host beyond 64GiB',
    { 5: '  memory: 129GiB' },
    5,
    'host.memory',
    /^expected 1MiB to 64GiB after scaling by 2, got 64.5GiB$/,
  ],
  [
    'a guest of less than a page',
    { 24: '    memory: 4KiB' },
    24,
    'guests.1.memory',
    /^is less than a page after scaling by 2$/,
  ],
  [
    'more guest pages than can be counted',
    { 24: '    memory: 100GiB' },
    8,
    'guests',
    /^all guests have .* together; at most 64GiB/,
  ],
  ['more guests than can run', { 23: '    count: 256' }, 8, 'guests', /^makes 257 guests; at most 256/],
  [
    'extents beyond the guest',
    { 14: '      - { class: private, size: 75% }' },
    14,
    'guests.0.image.2.size',
    /^extents reach to 8.5MiB; the guest has 8MiB after scaling by 2$/,
  ],
  [
    'an extent of less than a page',
    { 14: '      - { class: private, size: 4KiB }' },
    14,
    'guests.0.image.2.size',
    /^is less than a page of 4KiB after scaling by 2$/,
  ],
  [
    'an extent of 0%',
    { 14: '      - { class: private, size: 0% }' },
    14,
    'guests.0.image.2.size',
    /^expected a size above 0, or a percentage/,
  ],
  [
    'rest twice',
    { 12: '      - { class: common, size: rest }', 14: '      - { class: zero, size: rest }' },
    14,
    'guests.0.image.2.size',
    /^rest is used twice/,
  ],
  [
    'more copies than pages',
    { 13: '      - { class: duplicated, size: 1MiB, copies: 129 }' },
    13,
    'guests.0.image.1.copies',
    /^129 copies need as many pages; the extent has 128$/,
  ],
  [
    'a single copy',
    { 13: '      - { class: duplicated, size: 1MiB, copies: 1 }' },
    13,
    'guests.0.image.1.copies',
    /^expected a whole number from 2 /,
  ],
  [
    'work on more than the guest has',
    { 19: '        - { do: update, where: 17MiB, rate: 1/s }' },
    19,
    'guests.0.workload.busy.0.where',
    /^is 8.5MiB; the guest has 8MiB after scaling by 2$/,
  ],
  [
    'work on a class that the image has not',
    { 19: '        - { do: update, where: zero, rate: 1/s }' },
    19,
    'guests.0.workload.busy.0.where',
    /has no pages of class zero$/,
  ],
  [
    'ticks on more pages than there are',
    { 21: '        - { do: tick, where: private, rate: 1/s, pages: 513 }' },
    21,
    'guests.0.workload.busy.2.pages',
    /^513 pages are more than the 512/,
  ],
  [
    'swapping that stops before it starts',
    { 7: '  swap: { startFreePercent: 6, stopFreePercent: 6 }' },
    7,
    'host.swap.stopFreePercent',
    /^expected more than startFreePercent, which is 6, got 6$/,
  ],

  // phases and time
  [
    'a phase that starts early',
    { 30: '  - { name: busy, start: 14min, duration: 1min }' },
    30,
    'phases.2.start',
    /^overlaps phase idle, which ends at 15min \(counted from the end of phase settle/,
  ],
  [
    'a phase that starts late',
    { 30: '  - { name: busy, start: 1000s, duration: 1min }' },
    30,
    'phases.2.start',
    /^leaves a gap after phase idle, which ends at 15min/,
  ],
  [
    'a start right after an until phase',
    { 29: '  - { name: idle, start: 60min, duration: 15min }' },
    29,
    'phases.1.start',
    /^leaves a gap after phase settle, from whose end time is counted; leave start out or give 0s$/,
  ],
  [
    'a first phase that starts late',
    { 28: '  - { name: settle, until: settled, start: 1s }' },
    28,
    'phases.0.start',
    /^leaves a gap before the first phase/,
  ],
  [
    'a phase without end',
    { 29: '  - { name: idle }' },
    29,
    'phases.1',
    /^has no end; give duration or until$/,
  ],
  [
    'a phase with two ends',
    { 28: '  - { name: settle, until: settled, duration: 1min }' },
    28,
    'phases.0.until',
    /exclude each other/,
  ],
  [
    'a limit of a phase that has its length',
    { 29: '  - { name: idle, duration: 15min, limit: 20min }' },
    29,
    'phases.1.limit',
    /^belongs to until phases only/,
  ],
  [
    'until what?',
    { 28: '  - { name: settle, until: dawn }' },
    28,
    'phases.0.until',
    /^expected settled, or a mapping such as \{passes: 2\}, got "dawn"$/,
  ],
  [
    'until no pass',
    { 28: '  - { name: settle, until: { passes: 0 } }' },
    28,
    'phases.0.until.passes',
    /^expected a whole number from 1/,
  ],
  [
    'samples too close',
    { 31: 'sampling: { interval: 1ms }' },
    31,
    'sampling.interval',
    /^expected at least 1ms after scaling by 2, got 0.5ms$/,
  ],
  [
    'samples too many',
    { 31: 'sampling: { interval: 40ms }' },
    31,
    'sampling.interval',
    /^gives 114000 samples .* at most 100000/,
  ],

  // YAML
  ['a key given twice', { 6: '  memory: 32MiB' }, 6, 'host.memory', /^this key is there twice/],
  [
    'an alias of nothing',
    { 24: '    memory: *size' },
    24,
    'guests.1.memory',
    /^no anchor &size comes before/,
  ],
  [
    'a merge of no mapping',
    { 22: '  - <<: 5', 23: '    name: two' },
    22,
    'guests.1.<<',
    /^expected the alias of a mapping/,
  ],
  ['a key that is a list', { 6: '  ? [a]\n  : 1' }, 6, 'host.""', /^expected a plain word as key$/],
  [
    'a key that would be a prototype',
    { 6: '  __proto__: { memory: 1GiB }' },
    6,
    'host.__proto__',
    /^unknown key$/,
  ],
]

describe('a broken scenario gives one line with file, line and key:', () => {
  test('the sound scenario itself is sound', () => {
    assert.equal(loadScenario(written(SOUND)).plan.guests.length, 3)
  })
  for (const [title, lines, line, key, says] of CASES) {
    test(title, () => {
      const file = written(edited(lines))
      const { message, place } = errorOf(file)
      const start = `${file}:${line}: ${key}: `
      assert.equal(message.slice(0, start.length), start)
      assert.match(message.slice(start.length), says)
      assert.deepEqual(place, { file, line, key })
    })
  }
})

describe('a text that is no YAML mapping gives one line with file and line:', () => {
  const texts: [title: string, text: string | Uint8Array, line: number, says: RegExp][] = [
    ['an empty file', '', 1, /: is empty; expected a scenario/],
    ['comments only', '# nothing\n\n# here\n', 1, /: is empty; /],
    ['a list', '\n- host\n', 2, /: is a list; expected a scenario/],
    ['a word', 'hello\n', 1, /: is "hello"; expected/],
    ['a tab for indentation', 'host:\n\tmemory: 1GiB\n', 2, /: a tab is used as indentation/],
    ['a quote that never ends', 'seed: 1\ndescription: "never\n', 3, /: not well-formed YAML: /],
    ['a list that never ends', edited({ 28: '  - [' }), 29, /: not well-formed YAML: /],
    ['two documents', `${SOUND}---\n${SOUND}`, 32, /: a second document starts here/],
    ['an unknown tag', 'host: !big 16GiB\n', 1, /: not well-formed YAML: Unresolved tag/],
    ['a tag of YAML 1.1', 'host:\n  !!binary 192MiB\n', 2, /: not well-formed YAML: Unresolved tag/],
    ['binary junk', Uint8Array.of(0x61, 0x0a, 0x1f, 0x8b, 0x08, 0x00), 2, /: is not UTF-8 text/],
    ['a control character', 'a: b\n\nc: \u0000\n', 3, /control character U\+0000/],
    ['a page-content trace', encodeTrace({ pagesPerGuest: 1, guests: ['a'], snapshots: [] }), 1, /: is not /],
    ['a deep nest', `a: ${'['.repeat(100_000)}`, 1, /: is nested too deeply/],
    ['a deep nest that is closed', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`, 1, /: is nested too deeply/],
    ['more aliases than anybody needs', `a: &a 1\nb: [${'*a,'.repeat(1001)}]\n`, 2, /too many aliases/],
    ['an alias bomb', bomb((alias) => `[${Array(9).fill(alias)}]`), 1, /too many values/],
    ['a merge bomb', bomb((alias) => `{ <<: [${Array(9).fill(alias)}] }`), 1, /too many values/],
    ['an alias of itself', 'host: &a\n  memory: *a\n', 2, /: host.memory: alias \*a contains itself$/],
  ]
  for (const [title, text, line, says] of texts) {
    test(title, () => {
      const file = written(text)
      const { message, place } = errorOf(file)
      assert.equal(place.line, line, message)
      assert.equal(place.file, file)
      assert.match(message, says)
    })
  }

  /** Ten values, each made of aliases of the one before. */
  function bomb(made: (alias: string) => string): string {
    const lines = Array.from(
      { length: 10 },
      (_, index) => `k${index + 1}: &k${index + 1} ${made(`*k${index}`)}`,
    )
    return ['k0: &k0 { x: 1 }', ...lines].join('\n')
  }
})

describe('a file that can’t be read gives one line with its name:', () => {
  test('a missing file', () => {
    const file = join(directory, 'missing.yaml')
    assert.match(errorOf(file).message, /missing\.yaml: there is no such file/)
  })
  test('a directory', () => {
    const folder = join(directory, 'folder.yaml')
    mkdirSync(folder)
    assert.match(errorOf(folder).message, /folder\.yaml: is a directory; expected a scenario file$/)
  })
  test('a path through a file', () => {
    assert.match(errorOf(join(written(SOUND), 'x.yaml')).message, /x\.yaml: there is no such file/)
  })
  test('a file of 10 MB', () => {
    const file = written(SOUND)
    truncateSync(file, 10_000_000)
    assert.match(errorOf(file).message, /: has 10000000 bytes; at most 262144 are read$/)
  })
  test('a name that does not ship: those that do are listed, with the nearest one', () => {
    const { message, place } = errorOf('quikc')
    assert.match(
      message,
      /^no scenario called "quikc" .*did you mean quick\? .*case-study, debian-trace, ksm-trace, quick, validate-churn, .*;/,
    )
    assert.deepEqual(place, {})
  })
})

describe('which of several problems is shown?', () => {
  test('the topmost', () => {
    const file = written(edited({ 6: '  processors: 0', 24: '    memory: 8MB', 31: 'sampling: 5' }))
    assert.equal(errorOf(file).place.line, 6)
  })
  test('the topmost of what only the plan can tell', () => {
    const file = written(
      edited({
        14: '      - { class: private, size: 99% }',
        30: '  - { name: busy, start: 1s, duration: 1s }',
      }),
    )
    assert.equal(errorOf(file).place.line, 14)
  })
  test('one from the command line comes before all of the file', () => {
    const error = errorOf(written(edited({ 2: 'seed: -1' })), { set: ['host.memory=8GB'] })
    assert.deepEqual(error.place, { file: '--set', key: 'host.memory' })
  })
})

describe('positions are those of the text, even where a value comes from elsewhere:', () => {
  const anchored = (anchor: string, use: string) =>
    `host: { memory: 64MiB }\nphases: [{ name: all, duration: 1s }]\nguests:\n  - &vm\n    name: a\n    ${anchor}\n  - ${use}\n`

  test('through a merge key, the line of what is merged', () => {
    const file = written(anchored('memory: 1MiB\n    os: "?"', '{ <<: *vm, name: b }'))
    const first = errorOf(file)
    assert.deepEqual([first.place.line, first.place.key], [7, 'guests.0.os'])
    const merged = errorOf(file, { set: ['guests.0.os=unix'] })
    assert.deepEqual([merged.place.line, merged.place.key], [7, 'guests.1.os'])
  })
  test('through an alias, the line of the anchor', () => {
    const text = anchored(
      'memory: 1MiB\n    workload: &work\n      none: []',
      '{ name: b, memory: 1MiB, workload: *work }',
    )
    const error = errorOf(written(text), { set: ['guests.0.workload={}'] })
    assert.deepEqual([error.place.line, error.place.key], [8, 'guests.1.workload.none'])
  })
  test('the own key of a merging guest, its own line', () => {
    const text = anchored('memory: 1MiB', '{ <<: *vm, name: b, memory: 1MB }')
    const error = errorOf(written(text))
    assert.deepEqual([error.place.line, error.place.key], [7, 'guests.1.memory'])
  })
})

describe('--set', () => {
  const set = (...overrides: string[]) => errorOf(written(SOUND), { set: overrides })

  const broken: [override: string, key: string | undefined, says: RegExp][] = [
    ['host.memory', undefined, /^--set: expected KEY=VALUE such as host.memory=8GiB, got "host.memory"$/],
    ['=5', undefined, /^--set: expected KEY=VALUE/],
    ['host..memory=5', undefined, /^--set: expected a key such as host.memory, got "host..memory"$/],
    ['a.__proto__.b=5', undefined, /^--set: expected a key/],
    ['host.memory=[', 'host.memory', /^--set: host.memory: not well-formed YAML/],
    ['host.memory=a\nb: c', 'host.memory', /^--set: host.memory: not well-formed YAML/],
    ['host.memory.size=5', 'host.memory', /^--set: host.memory: has no keys below it, since it is "64MiB"$/],
    ['guests.2.memory=1MiB', 'guests', /^--set: guests: got "2", but the list has items 0 to 1$/],
    ['guests.first.memory=1MiB', 'guests', /^--set: guests: got "first", but the list has items 0 to 1$/],
    ['guests.-1.memory=1MiB', 'guests', /^--set: guests: got "-1"/],
    ['guests.*.memory=8GB', 'guests.0.memory', /^--set: guests.0.memory: .*did you mean 8GiB\?$/],
    ['guests.*.memry=8GiB', 'guests.0.memry', /^--set: guests.0.memry: unknown key, did you mean memory\?/],
    ['host.*=8GiB', 'host.*', /^--set: host\.\*: unknown key/],
    ['guests.0.memory=8GB', 'guests.0.memory', /did you mean 8GiB\?$/],
    ['guests.0.image=[]', undefined, /the guest's image has no pages of class private$/],
    ['host.memry=8GiB', 'host.memry', /unknown key, did you mean memory\?/],
    ['hots.memory=8GiB', 'hots', /^--set: hots: unknown key, did you mean host\?/],
    ...['0', '1.5', '99', '-1', 'two'].map((count): [string, string, RegExp] => [
      `scanner.count=${count}`,
      'scanner.count',
      /^--set: scanner.count: expected a whole number from 1 to 16, got /,
    ]),
    [
      'scanner={order: up}',
      'scanner.order',
      /^--set: scanner.order: expected random or sequential, got "up"$/,
    ],
  ]
  for (const [override, key, says] of broken) {
    test(`${JSON.stringify(override)} is refused in one line`, () => {
      const error = set(override)
      assert.match(error.message, says)
      if (key !== undefined) assert.deepEqual(error.place, { file: '--set', key })
    })
  }
  test('a problem of the file that an override brings out is shown in the file', () => {
    const { place } = set('guests.0.image.2.size=12.6MiB')
    assert.deepEqual(place, { file: '--set', key: 'guests.0.image.2.size' })
    assert.equal(set('guests.0.memory=2MiB').place.line, 19)
  })
  test('a number that is below a number, and the number that it leaves, are each refused where they stand', () => {
    const scaled = (scale: string, ...overrides: string[]) =>
      errorOf(written(edited({ 3: `scale: ${scale}` })), { set: overrides })
    assert.match(scaled('128', 'scale.memory=0').message, /^--set: scale.memory: expected a number from 1 /)
    assert.match(scaled('128', 'scale.space=2').message, /^--set: scale.space: unknown key/)
    assert.match(
      scaled('8', 'scale.time.s=2').message,
      /^--set: scale.time: has no keys below it, since it is 8$/,
    )
    assert.match(scaled('1', 'scale=0', 'scale.memory=2').message, /^--set: scale.time: expected .* got 0$/)
    assert.match(
      scaled('half', 'scale.time=2').message,
      /^--set: scale: has no keys below it, since it is "half"$/,
    )
    const { message, place } = scaled('0.5', 'scale.memory=2')
    assert.match(message, /scale.time: expected a number from 1 to 1000000, got 0.5$/)
    assert.equal(place.line, 3)
  })
  test('a seed that is none is refused under its own name', () => {
    assert.match(
      errorOf(written(SOUND), { seed: Number.NaN }).message,
      /^--seed: seed: expected a whole number/,
    )
  })
})

describe('a trace', () => {
  const small = { pagesPerGuest: 256, guests: ['a', 'b'], snapshots: [{ timeSeconds: 1, changes: [[], []] }] }
  const trace = join(directory, 'small.pct.gz')
  writeFileSync(trace, encodeTrace(small))

  const traced = (text: string, line: number, key: string, says: RegExp) => {
    const file = written(text)
    const { message, place } = errorOf(file)
    assert.deepEqual(place, { file, line, key })
    assert.match(message, says)
  }

  test('a sound one is accepted', () => {
    assert.equal(loadScenario(written(TRACED)).plan.trace?.file, trace)
  })
  test('brings its own guests', () => {
    traced(`${TRACED}guests: [{ name: a, memory: 1MiB }]\n`, 5, 'guests', /the trace brings its own guests/)
  })
  test('gives its guests what is demanded, by phase', () => {
    const { guests, phases } = loadScenario(written(`${TRACED}demand: 0.5\n`)).plan
    assert.deepEqual(
      guests.map(({ demand }) => demand),
      guests.map(() => phases.map(() => 0.5)),
    )
    traced(`${TRACED}demand: { never: 1 }\n`, 5, 'demand.never', /never/)
  })
  test('can’t be scaled in memory', () => {
    traced(
      TRACED.replace('memory: 1,', 'memory: 2,'),
      1,
      'scale.memory',
      /a page of a trace is a page: expected 1, got 2/,
    )
    traced(TRACED.replace(/\{ memory: 1, time: 6 \}/, '6'), 1, 'scale.memory', /expected 1, got 6/)
  })
  test('that is missing is reported at its key', () => {
    traced(TRACED.replace('small', 'large'), 2, 'trace', /large\.pct\.gz: /)
  })
  test('that is truncated is found before a run starts', () => {
    const bytes = encodeTrace(small)
    writeFileSync(join(directory, 'cut.pct.gz'), bytes.subarray(0, bytes.length - 9))
    traced(TRACED.replace('small', 'cut'), 2, 'trace', /cut\.pct\.gz: /)
  })
  test('whose guests could not give their names to files is refused', () => {
    writeFileSync(join(directory, 'names.pct.gz'), encodeTrace({ ...small, guests: ['a', '../b'] }))
    traced(TRACED.replace('small', 'names'), 2, 'trace', /its guest "\.\.\/b" can't give its name to a file/)
  })
  test('or guests, one of them must be there', () => {
    traced(
      TRACED.replace('trace:', '# trace:'),
      1,
      'guests',
      /^.*is missing; expected a list of guests, or a trace$/,
    )
  })
  test('is what a demand of the whole scenario needs', () => {
    const file = written(`${SOUND}demand: 1\n`)
    assert.match(errorOf(file).message, /demand: is that of a trace's guests; expected guests\[\]\.demand/)
  })
})

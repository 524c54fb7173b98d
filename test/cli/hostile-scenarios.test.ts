/** Scenario files made to use up time or memory: refused in one line, by a program that ends. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { FILE_BYTES_MAX } from '../../src/scenario/limits.js'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()

const MACHINE = 'host: { memory: 64MiB }\nphases: [{ name: all, duration: 1s }]\n'
const TOO_MANY_VALUES = /^1: has too many values, those that aliases repeat included; at most \d+ are read$/

function times(count: number, made: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => made(index)).join('')
}

/** A mapping of so many keys, which many others take over. */
const LARGE = `a: &large {${times(20_000, (index) => `k${index},`)}}\n`
const GUEST = 'name: a, memory: 1MiB'
/** Names of 100 letters that are all near to each other. */
const nearName = (index: number) => String(index).padStart(100, 'x')

const CASES: [title: string, text: string, says: RegExp][] = [
  ['lists in lists in one line', '- '.repeat(FILE_BYTES_MAX / 2), /^1: is nested too deeply$/],
  [
    'one mapping merged into one, again and again',
    `${LARGE}b: {<<: [${'*large,'.repeat(900)}]}`,
    TOO_MANY_VALUES,
  ],
  ['one mapping merged into many', `${LARGE}b:\n${'- {<<: *large}\n'.repeat(900)}`, TOO_MANY_VALUES],
  [
    'aliases of a guest with thousands of mistakes',
    `${MACHINE}guests:\n- &g {${GUEST}, workload: {${times(100, (index) => `w${index}: [${'{},'.repeat(250)}],`)}}}\n${'- *g\n'.repeat(250)}`,
    TOO_MANY_VALUES,
  ],
  [
    'tens of thousands of mistakes',
    `${MACHINE}guests:\n${`- {${GUEST}, image: [${'{a},'.repeat(90)}]}\n`.repeat(250)}`,
    /^4: guests\.0\.image\.0\.class: is missing; /,
  ],
  [
    'tens of thousands of mistakes, by aliases far down a long text',
    `${MACHINE}description: [${'1,'.repeat(20_000)}]\nguests:\n- &g {${GUEST}, image: [${'1,'.repeat(100)}]}\n${'- *g\n'.repeat(250)}`,
    /^3: description: expected text on one line, got a list$/,
  ],
  [
    'thousands of keys in one mapping',
    `${MACHINE}guests: [{${GUEST}, workload: {${times(20_000, (index) => `k${index}: 1,`)}}}]`,
    /^3: guests\.0\.workload\.k0: expected a list of activities, got 1$/,
  ],
  [
    'thousands of long names that are near to hundreds of others',
    `host: { memory: 64MiB }\nphases:\n${times(256, (index) => `- { name: ${nearName(index)}, duration: 1s }\n`)}` +
      `guests: [{${GUEST}, workload: {${times(1900, (index) => `${nearName(index + 1000)}: [],`)}}}]`,
    /^259: guests\.0\.workload\.x+1000: no phase has this name; phases: /,
  ],
]

describe('a scenario that would take for ever is refused in one line:', { concurrency: 2 }, () => {
  for (const [index, [title, text, says]] of CASES.entries()) {
    test(title, async () => {
      const file = `${index}.yaml`
      writeFileSync(join(cwd, file), text)
      const { code, stdout, stderr } = await runTwinpage(['check', file], { cwd })
      const start = `twinpage: ${file}:`
      assert.equal(stderr.slice(0, start.length), start)
      assert.match(stderr.slice(start.length).trimEnd(), says)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })
  }
})

describe('a path that is no plain file is refused at once, as scenario and as trace:', {
  concurrency: 2,
}, () => {
  const fifo = join(cwd, 'fifo.yaml')
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0)
  const paths = [
    fifo,
    '/dev/zero',
    '/dev/random',
    cwd,
    ...(process.platform === 'linux' ? ['/proc/kmsg'] : []),
  ]
  for (const path of paths) {
    test(path.replace(cwd, '.'), async () => {
      const name = `traced-${paths.indexOf(path)}.yaml`
      writeFileSync(join(cwd, name), `${MACHINE}trace: ${JSON.stringify(path)}\n`)
      for (const file of [path, name]) {
        const args = ['check', file]
        const { code, stdout, stderr } = await runTwinpage(args, { cwd })
        assert.match(stderr, /^twinpage: [^\n]*\n$/)
        assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      }
    })
  }
})

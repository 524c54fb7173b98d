/** The help of every command: it fits 80 columns, and its examples are commands that work as they are written. */
import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CommandModule } from 'yargs'
import { parserOf } from '../../src/cli/cli.js'
import { commandsOf, nameOf } from '../../src/cli/commands.js'
import { KSM_PATHS } from '../../src/linux/ksm-paths.js'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'

const COLUMNS = 80
const commands = commandsOf({}, KSM_PATHS)
const names = [...commands.map(nameOf), 'trace info']

/** What an example has before a pipe or a redirection, after `twinpage`. */
const EXAMPLE = /^ {2}twinpage ([^|>]+?)(?: {2,}\S.*| [|>].*)?$/gm

async function helpOf(command: string): Promise<string> {
  const parser = parserOf([...command.split(' '), '--help'].filter(Boolean), commands)
  return parser.wrap(COLUMNS).getHelp()
}

async function examplesOf(command: string): Promise<string[]> {
  const [, text = ''] = (await helpOf(command)).split('\nExamples:\n')
  return [...text.matchAll(EXAMPLE)].map(([, words]) => words!)
}

test('the help lists every command on a line, and where to read on', async () => {
  const help = await helpOf('')
  for (const command of commands) {
    const { describe } = command
    assert.match(help, new RegExp(`\n  twinpage ${nameOf(command)}[^\n]* {2}[A-Z]`))
    assert(help.includes(`  ${describe}\n`), `on one line: ${describe}`)
  }
  assert.match(help, /\n\nRead on: .*README\.md/)
})

for (const command of ['', ...names]) {
  describe(`twinpage ${command} --help`, () => {
    test('fits 80 columns', async () => {
      for (const line of (await helpOf(command)).split('\n')) assert(line.length <= COLUMNS, line)
    })
    test('has two examples at least, each of which is a command line', async () => {
      const examples = await examplesOf(command)
      assert(examples.length >= 2, `${examples.length} examples`)
      for (const example of examples) {
        assert(example.startsWith(command.split(' ')[0]!), example)
        await parserOf(example.split(' '), withoutHandlers(commands)).parseAsync()
      }
    })
  })
}

/** Such as take no time, and none of the kernel. */
const CHEAP = /^(scenarios|check|trace|compare|completion|run --help|run quick --set)/

test('the examples that take little time do what they say', async () => {
  const cwd = temporaryDirectory()
  symlinkSync(fileURLToPath(new URL('../../../scenarios', import.meta.url)), join(cwd, 'scenarios'))
  const all = await Promise.all(names.map(examplesOf))
  const cheap = [...new Set(all.flat().filter((example) => CHEAP.test(example)))]
  assert(cheap.length >= 10, cheap.join('\n'))
  // A comparison wants runs to compare.
  for (const example of cheap.sort(
    (one, other) => Number(/^compare/.test(one)) - Number(/^compare/.test(other)),
  )) {
    const { code, stdout, stderr } = await runTwinpage(example.split(' '), { cwd })
    assert.equal(code, 0, `${example}: ${stderr}`)
    // That one run alone has nothing to be compared to.
    if (!example.startsWith('compare')) assert.equal(stderr, '')
    if (example.includes('--json')) JSON.parse(stdout)
    else assert(stdout.length > 100, stdout)
  }
})

function withoutHandlers(commands: readonly CommandModule[]): CommandModule[] {
  return commands.map((command) => ({ ...command, handler: () => {} }))
}

/**
 * How fast the lab is, beside what it is compared with, in one run (docs/performance.md):
 *
 *   npm run bench                              a table
 *   npm run -s bench -- --json > bench.json    for programs
 *   npm run bench -- --only store.random       one figure; --only store: a family
 *
 * What is missing here (the kernel's KSM, koffi, a C compiler, memory) is said in one line each on stderr, and the rest is
 * measured. Exit codes: 0; 1 a figure could not be measured although nothing is missing; 2 a mistake in the arguments; 130 interrupted (SIGTERM: 143).
 */
import yargs from 'yargs'
import { Progress, printResult } from '../../src/cli/terminal.js'
import { EXIT, messageOf, ResourceError, UserError } from '../../src/errors.js'
import { Notes } from './bench.js'
import { benchesOf, isMeant } from './benches.js'
import type { Figure } from './measure.js'
import { figuresText } from './report.js'

const EXIT_TERMINATED = 143

function parseArguments(argv: string[]) {
  return yargs(argv)
    .scriptName('npm run bench --')
    .usage('$0 [--json] [--only NAME]\n\nSpeed and size of the lab, each figure beside its reference.')
    .option('json', { type: 'boolean', default: false, describe: 'Print the figures as JSON' })
    .option('only', {
      type: 'string',
      requiresArg: true,
      describe: 'Only this figure, such as store.random, or this family, such as store',
    })
    .version(false)
    .strict()
    .fail((message, error) => {
      throw error instanceof UserError ? error : new UserError(message)
    })
    .parseSync()
}

async function bench(argv: string[]): Promise<void> {
  const { json, only } = parseArguments(argv)
  const benches = benchesOf(only)
  const progress = new Progress(true)
  const notes = new Notes((text) => {
    progress.clear()
    process.stderr.write(`bench: ${text}\n`)
  })
  const figures: Figure[] = []
  for (const [index, { names, run }] of benches.entries()) {
    const line = `${index + 1} of ${benches.length}: ${names.join(', ')}`
    progress.show({ stage: line, line })
    try {
      figures.push(...(await run(notes)).filter(({ name }) => isMeant(name, only)))
    } catch (error) {
      // What the others measured is not lost with it.
      notes.add(`without ${names.join(', ')}: ${messageOf(error)}`)
      if (!(error instanceof ResourceError)) process.exitCode = EXIT.internal
    }
  }
  progress.clear()
  printResult(json ? JSON.stringify(figures, undefined, 2) : figuresText(figures))
}

// So that what was taken over is put back: KSM, when the process exits.
process.on('SIGINT', () => process.exit(EXIT.interrupted))
process.on('SIGTERM', () => process.exit(EXIT_TERMINATED))

try {
  await bench(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UserError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = EXIT.usage
}

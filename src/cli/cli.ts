/** The command line: argv → command → exit code, and what of an error the user gets to see. */
import yargs, { type Argv, type CommandModule, type FallbackCompletionFunction } from 'yargs'
import { EXIT, messageOf, ResourceError, UserError } from '../errors.js'
import type { RunOptions } from '../experiment/run.js'
import { KSM_PATHS, type KsmPaths } from '../linux/ksm-paths.js'
import { restoreAbandonedKsm } from '../linux/take-over.js'
import { commandsOf, nameOf } from './commands.js'
import { completionsOf } from './completion.js'
import { examples } from './options.js'
import { printError } from './terminal.js'
import { TRACE_COMMANDS } from './trace.js'
import { usageError } from './usage-error.js'

/** Columns of the help, on a terminal that is not narrower. */
const HELP_COLUMNS = 80
/** What the script of `twinpage completion` asks. */
const COMPLETIONS_OPTION = '--get-yargs-completions'

/** For tests: they look into a run, or put a made-up KSM in place of the host's. */
export interface CliHooks extends Pick<RunOptions, 'beforeVerify'> {
  ksmPaths?: KsmPaths
}

/**
 * Runs one command. The exit code is left in process.exitCode.
 * @param argv without node and script
 */
export async function runCli(argv: string[], hooks: CliHooks = {}): Promise<void> {
  tidyKsm(hooks.ksmPaths ?? KSM_PATHS)
  try {
    await parserOf(argv.map(withItsOwnValue), commandsOf(hooks, hooks.ksmPaths ?? KSM_PATHS)).parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    printError(error instanceof UserError || error instanceof ResourceError ? error.message : stackOf(error))
  }
}

/** The parser of a command line, which runs the command that it names. */
export function parserOf(argv: string[], commands: readonly CommandModule[]): Argv {
  const names = commands.map(nameOf)
  const parser = yargs(argv)
  return parser
    .scriptName('twinpage')
    .usage(
      '$0 COMMAND\n\nA laboratory for transparent page sharing: real threads, real bytes, real copy-on-write faults.',
    )
    .command([...commands])
    .demandCommand(1, `name a command: ${listed(names)}; --help tells more`)
    .completion(HIDDEN, false, completer(argv))
    .epilogue(
      examples(
        ['run quick', 'four small guests, in a few seconds; leaves its results in results/quick'],
        ['run --help', 'the options of a command, and examples'],
      ),
    )
    .epilogue('\nRead on: twinpage explain; README.md, and the pages in docs/ that it names')
    .strict()
    .showHelpOnFail(false)
    .exitProcess(false)
    .wrap(Math.min(HELP_COLUMNS, process.stdout.columns ?? HELP_COLUMNS))
    .fail((message, error) => {
      // Some of yargs' own complaints come as errors of its own class.
      if (error != null && error.name !== 'YError') throw error
      const { parsed } = parser
      throw usageError(messageOf(message), {
        command: argv.find((word) => names.includes(word)),
        words: parsed === false ? [] : parsed.argv._.map(String),
        commands: { '': names, trace: TRACE_COMMANDS },
        options: Object.keys((parser as unknown as Introspection).getOptions().key),
      })
    }) as Argv
}

/** The parser wants to print the script itself, under a name that is then taken; the command `completion` does it. */
const HIDDEN = '__completion'

function completer(argv: readonly string[]): FallbackCompletionFunction {
  return (current, _argv, byDefault, done) =>
    byDefault((error, theirs = []) => {
      if (error !== null) throw error
      const ours = completionsOf(argv.slice(argv.indexOf(COMPLETIONS_OPTION) + 2))
      // Where no word fits, the shell completes names of files: options are for whoever has typed a dash.
      done([...ours, ...theirs.filter((word) => current.startsWith('-') || !word.startsWith('-'))])
    })
}

/** Of the parser, not among its types. */
interface Introspection {
  getOptions: () => { key: Record<string, unknown> }
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/** An experiment that was killed may have left its settings of KSM. That they can't be put back spoils no command. */
function tidyKsm(paths: KsmPaths): void {
  try {
    const restored = restoreAbandonedKsm(paths)
    if (restored !== undefined) printError(restored)
  } catch (error) {
    printError(messageOf(error))
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UserError) return EXIT.usage
  return error instanceof ResourceError ? EXIT.resources : EXIT.internal
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** A value of `--live` stands behind a `=`, so that what follows a bare one is no value of it. */
function withItsOwnValue(argument: string): string {
  return argument === '--live' ? '--live=' : argument
}

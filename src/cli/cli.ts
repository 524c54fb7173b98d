/** The command line: argv → command → exit code, and what of an error the user gets to see. */
import yargs from 'yargs'
import { EXIT, ResourceError, UserError } from '../errors.js'
import type { RunOptions } from '../experiment/run.js'
import { checkCommand } from './check.js'
import { runCommand } from './run.js'
import { scenariosCommand } from './scenarios.js'
import { printError } from './terminal.js'
import { traceCommand } from './trace.js'

/**
 * Runs one command. The exit code is left in process.exitCode.
 * @param argv without node and script
 */
export async function runCli(argv: string[], hooks: Pick<RunOptions, 'beforeVerify'> = {}): Promise<void> {
  try {
    await yargs(argv)
      .scriptName('twinpage')
      .usage(
        '$0 COMMAND\n\nA laboratory for transparent page sharing: real threads, real bytes, real copy-on-write faults.',
      )
      .command(runCommand(hooks))
      .command(scenariosCommand)
      .command(checkCommand)
      .command(traceCommand)
      .demandCommand(1, 'name a command: run, scenarios, check or trace; --help tells more')
      .strict()
      .showHelpOnFail(false)
      .exitProcess(false)
      .wrap(Math.min(100, process.stdout.columns ?? 80))
      .fail((message, error) => {
        // Some of yargs' own complaints come as errors of its own class.
        if (error != null && error.name !== 'YError') throw error
        throw new UserError(oneLine(message))
      })
      .parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    printError(error instanceof UserError || error instanceof ResourceError ? error.message : stackOf(error))
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UserError) return EXIT.usage
  return error instanceof ResourceError ? EXIT.resources : EXIT.internal
}

function oneLine(message: string): string {
  return message
    .trim()
    .split(/\s*\n\s*/)
    .join('; ')
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** The command line: argv → command → exit code, and what of an error the user gets to see. */
import yargs from 'yargs'
import { EXIT, messageOf, ResourceError, UserError } from '../errors.js'
import type { RunOptions } from '../experiment/run.js'
import { KSM_PATHS, type KsmPaths } from '../linux/ksm-paths.js'
import { restoreAbandonedKsm } from '../linux/take-over.js'
import { checkCommand } from './check.js'
import { compareCommand } from './compare.js'
import { reportCommand } from './report.js'
import { runCommand } from './run.js'
import { scenariosCommand } from './scenarios.js'
import { studyCommand } from './study.js'
import { printError } from './terminal.js'
import { topCommand } from './top.js'
import { traceCommand } from './trace.js'
import { validateCommand } from './validate.js'

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
    await yargs(argv)
      .scriptName('twinpage')
      .usage(
        '$0 COMMAND\n\nA laboratory for transparent page sharing: real threads, real bytes, real copy-on-write faults.',
      )
      .command(runCommand(hooks))
      .command(scenariosCommand)
      .command(checkCommand)
      .command(traceCommand)
      .command(topCommand(hooks.ksmPaths ?? KSM_PATHS))
      .command(validateCommand)
      .command(studyCommand)
      .command(compareCommand)
      .command(reportCommand)
      .demandCommand(
        1,
        'name a command: run, scenarios, check, trace, top, validate, study, compare or report; --help tells more',
      )
      .strict()
      .showHelpOnFail(false)
      .exitProcess(false)
      .wrap(Math.min(100, process.stdout.columns ?? 80))
      .fail((message, error) => {
        // Some of yargs' own complaints come as errors of its own class.
        if (error != null && error.name !== 'YError') throw error
        throw new UserError(messageOf(message))
      })
      .parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    printError(error instanceof UserError || error instanceof ResourceError ? error.message : stackOf(error))
  }
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

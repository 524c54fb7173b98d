/** Every command, in the order of the help. */
import type { CommandModule } from 'yargs'
import type { RunOptions } from '../experiment/run.js'
import type { KsmPaths } from '../linux/ksm-paths.js'
import { checkCommand } from './check.js'
import { compareCommand } from './compare.js'
import { completionCommand } from './completion.js'
import { explainCommand } from './explain.js'
import { reportCommand } from './report.js'
import { runCommand } from './run.js'
import { scenariosCommand } from './scenarios.js'
import { studyCommand } from './study.js'
import { topCommand } from './top.js'
import { traceCommand } from './trace.js'
import { validateCommand } from './validate.js'

/** @param ksm where the host's is; tests have others */
export function commandsOf(hooks: Pick<RunOptions, 'beforeVerify'>, ksm: KsmPaths): CommandModule[] {
  const commands = [
    runCommand(hooks),
    scenariosCommand,
    checkCommand,
    traceCommand,
    topCommand(ksm),
    validateCommand,
    studyCommand,
    compareCommand,
    reportCommand,
    explainCommand,
    completionCommand,
  ]
  // Each has arguments of its own, which only its builder and its handler know of.
  return commands as CommandModule[]
}

/** `run` of `run <scenario>`. */
export function nameOf({ command }: CommandModule): string {
  return String(command).split(' ')[0]!
}

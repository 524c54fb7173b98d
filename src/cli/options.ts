/** The arguments that every command on a scenario takes. */
import type { Argv } from 'yargs'

export interface ScenarioArguments {
  scenario: string
  set: string[]
  /** A number, or what was given instead of one, for the loader to refuse. */
  seed: number | string | undefined
}

export function scenarioArguments<Others>(yargs: Argv<Others>): Argv<Others & ScenarioArguments> {
  return yargs
    .positional('scenario', {
      type: 'string',
      demandOption: true,
      describe: 'Name of a shipped scenario, or path of a YAML file',
    })
    .option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'Replace a value, as in --set guests.0.memory=64MiB; may be repeated',
    })
    .option('seed', {
      type: 'string',
      requiresArg: true,
      coerce: (text: string) => (/^\d+$/.test(text) ? Number(text) : text),
      describe: 'Replace the seed of every random choice',
    }) as Argv<Others & ScenarioArguments>
}

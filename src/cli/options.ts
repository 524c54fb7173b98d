/** The arguments that every command on scenarios takes. */
import type { Argv } from 'yargs'
import { UserError } from '../errors.js'

/**
 * Examples for the end of a help: each on a line of its own, whole, which a column of texts beside it would break.
 * @param examples what is typed after `twinpage`, and what that does
 */
export function examples(...examples: readonly (readonly [command: string, text: string])[]): string {
  return ['Examples:', ...examples.flatMap(([command, text]) => [`  $0 ${command}`, `      ${text}`])].join(
    '\n',
  )
}

/** What changes a scenario. */
export interface ChangeArguments {
  set: string[]
  seed: number | undefined
}

export interface ScenarioArguments extends ChangeArguments {
  scenario: string
}

export function scenarioArguments<Others>(yargs: Argv<Others>): Argv<Others & ScenarioArguments> {
  return changeArguments(
    yargs.positional('scenario', {
      type: 'string',
      demandOption: true,
      describe: 'Name of a shipped scenario, or path of a YAML file',
    }),
  ) as Argv<Others & ScenarioArguments>
}

export function changeArguments<Others>(yargs: Argv<Others>): Argv<Others & ChangeArguments> {
  return seedOption(
    yargs.option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'Replace a value, as in --set guests.0.memory=64MiB, or guests.*.memory; may be repeated',
    }),
  ) as Argv<Others & ChangeArguments>
}

export function seedOption<Others>(yargs: Argv<Others>): Argv<Others & Pick<ChangeArguments, 'seed'>> {
  return yargs.option('seed', {
    type: 'string',
    requiresArg: true,
    coerce: wholeNumber,
    describe: 'Replace the seed of every random choice',
  }) as Argv<Others & Pick<ChangeArguments, 'seed'>>
}

/** The loader says which whole numbers are allowed; this only keeps the text of what is none. */
function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new UserError(`expected a whole number, got ${JSON.stringify(text)}`, { key: '--seed' })
}

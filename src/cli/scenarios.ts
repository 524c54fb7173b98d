/** `twinpage scenarios`: what ships with the lab. */
import type { CommandModule } from 'yargs'
import { wrapped } from '../report/columns.js'
import { shippedScenarios } from '../scenario/load.js'
import { examples } from './options.js'
import { resultColumns } from './terminal.js'

interface ScenariosArguments {
  json: boolean
}

export const scenariosCommand: CommandModule<object, ScenariosArguments> = {
  command: 'scenarios',
  describe: 'List the scenarios that ship with twinpage',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of a table' })
      .epilogue(
        examples(
          ['scenarios', 'a line for each, with what it is about'],
          ['scenarios --json', 'the same for a program'],
        ),
      ),
  handler: ({ json }) => {
    const scenarios = shippedScenarios().map(({ name, description }) => ({ name, description }))
    process.stdout.write(
      json ? `${JSON.stringify(scenarios, null, 2)}\n` : formatScenarios(scenarios, resultColumns()),
    )
  },
}

/** A line for each scenario, the descriptions below each other. */
export function formatScenarios(
  scenarios: readonly { name: string; description: string }[],
  columns: number,
): string {
  const width = Math.max(0, ...scenarios.map(({ name }) => name.length))
  return scenarios
    .flatMap(({ name, description }) => wrapped(`${name.padEnd(width)}  ${description}`, columns, width + 2))
    .map((line) => `${line}\n`)
    .join('')
}

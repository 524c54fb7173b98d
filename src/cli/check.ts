/** `twinpage check`: validates a scenario and prints every option, set or by default, without running anything. */
import type { CommandModule } from 'yargs'
import { loadScenario, resolvedScenario } from '../scenario/load.js'
import { toYaml } from '../scenario/yaml-source.js'

interface CheckArguments {
  scenario: string
  set: string[]
  seed: number | undefined
  json: boolean
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <scenario>',
  describe: 'Validate a scenario and print all its options, defaults included',
  builder: (yargs) =>
    yargs
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
        type: 'number',
        requiresArg: true,
        describe: 'Replace the seed of every random choice',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of YAML' }),
  handler: ({ scenario, set, seed, json }) => {
    const options = resolvedScenario(loadScenario(scenario, { set, seed }))
    process.stdout.write(json ? `${JSON.stringify(options, null, 2)}\n` : toYaml(options))
  },
}

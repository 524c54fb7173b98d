/** `twinpage check`: validates a scenario and prints every option, set or by default, without running anything. */
import type { CommandModule } from 'yargs'
import { loadScenario, resolvedScenario } from '../scenario/load.js'
import { toYaml } from '../scenario/yaml-source.js'
import { type ScenarioArguments, scenarioArguments } from './options.js'

interface CheckArguments extends ScenarioArguments {
  json: boolean
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <scenario>',
  describe: 'Validate a scenario and print all its options, defaults included',
  builder: (yargs) =>
    scenarioArguments(yargs).option('json', {
      type: 'boolean',
      default: false,
      describe: 'Print JSON instead of YAML',
    }),
  handler: ({ scenario, set, seed, json }) => {
    const options = resolvedScenario(loadScenario(scenario, { set, seed }))
    process.stdout.write(json ? `${JSON.stringify(options, null, 2)}\n` : toYaml(options))
  },
}

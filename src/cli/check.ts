/** `twinpage check`: validates a scenario and prints every option, set or by default, without running anything. */
import type { CommandModule } from 'yargs'
import { loadScenario, resolvedScenario } from '../scenario/load.js'
import { rateFactor, type Scale } from '../scenario/scale.js'
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
    const loaded = loadScenario(scenario, { set, seed })
    const options = resolvedScenario(loaded)
    const text = json
      ? `${JSON.stringify(options, null, 2)}\n`
      : toYaml(options) + asRun(loaded.scenario.scale)
    process.stdout.write(text)
  },
}

/** A comment on what the options, which are at full size, come to in a run. */
function asRun({ memory, time }: Scale): string {
  if (memory === 1 && time === 1) return ''
  const factor = Number(rateFactor({ memory, time }).toPrecision(4))
  const rates = factor === 1 ? 'rates as they are' : `rates × ${factor}, think times / ${factor}`
  return `# The run has sizes / ${memory}, durations / ${time}, ${rates}\n`
}

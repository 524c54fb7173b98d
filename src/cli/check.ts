/**
 * `twinpage check`: validates a scenario and prints every option, set or by default, without running anything. Of a study
 * it prints the cells and the order of the runs.
 */
import type { CommandModule } from 'yargs'
import { UserError } from '../errors.js'
import { loadScenario, resolvedScenario } from '../scenario/load.js'
import { rateFactor, type Scale } from '../scenario/scale.js'
import { toYaml } from '../scenario/yaml-source.js'
import { scheduleOf } from '../study/design.js'
import { isStudy, loadStudy } from '../study/load.js'
import { examples, type ScenarioArguments, scenarioArguments } from './options.js'

interface CheckArguments extends ScenarioArguments {
  json: boolean
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <scenario>',
  describe: 'Check a scenario or study, print all of it',
  builder: (yargs) =>
    scenarioArguments(yargs)
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of YAML' })
      .epilogue(
        examples(
          ['check quick --set scale=2', 'every option, set or by default, and what the scale makes of them'],
          ['check scan-rate', 'the cells of a study, and its runs in their order'],
        ),
      ),
  handler: ({ scenario, set, seed, json }) => {
    if (isStudy(scenario)) {
      if (set.length > 0) throw new UserError('a study gives its own settings, in the file', { key: '--set' })
      const runs = runsOf(scenario, seed)
      process.stdout.write(json ? `${JSON.stringify(runs, null, 2)}\n` : toYaml(runs))
      return
    }
    const loaded = loadScenario(scenario, { set, seed })
    const options = resolvedScenario(loaded)
    const text = json
      ? `${JSON.stringify(options, null, 2)}\n`
      : toYaml(options) + asRun(loaded.scenario.scale)
    process.stdout.write(text)
  },
}

/** What a study comes to: its cells, each with its settings, and its runs in their order. */
function runsOf(nameOrPath: string, seed: number | undefined): object {
  const { study, cells } = loadStudy(nameOrPath, seed)
  return {
    study: study.name,
    scenario: study.scenario,
    cells: Object.fromEntries(cells.map(({ name, set }) => [name, set])),
    runs: scheduleOf(study, cells).map(({ number, replicate, seed, cell }) => ({
      run: number,
      replicate,
      seed,
      cell: cells[cell]!.name,
    })),
  }
}

/** A comment on what the options, which are at full size, come to in a run. */
function asRun({ memory, time }: Scale): string {
  if (memory === 1 && time === 1) return ''
  const factor = Number(rateFactor({ memory, time }).toPrecision(4))
  const rates = factor === 1 ? 'rates as they are' : `rates × ${factor}, think times / ${factor}`
  return `# The run has sizes / ${memory}, durations / ${time}, ${rates}\n`
}

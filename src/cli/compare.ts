/** `twinpage compare`: two or more runs side by side, and their ratios. */
import type { CommandModule } from 'yargs'
import { compareRuns } from '../compare/comparison.js'
import { findRuns } from '../compare/runs.js'
import { comparisonTable } from '../compare/table.js'
import { fitTo } from '../report/fit.js'
import { examples } from './options.js'
import { printError, printResult, resultColumns } from './terminal.js'

interface CompareArguments {
  runs: string[]
  json: boolean
}

export const compareCommand: CommandModule<object, CompareArguments> = {
  command: 'compare <runs..>',
  describe: 'Put runs side by side, as ratios to the first',
  builder: (yargs) =>
    yargs
      .positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Results directories of runs, or directories that hold several; the first is the baseline',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of tables' })
      .epilogue(
        examples(
          ['compare results/quick', 'all runs of quick, in groups of the same options'],
          ['compare results/quick --json', 'every figure of every run, for a program'],
        ),
      ),
  handler: ({ runs, json }) => {
    const comparison = compareRuns(findRuns(runs))
    if (json) {
      printResult(JSON.stringify(comparison, null, 2))
      return
    }
    for (const warning of comparison.warnings) printError(`warning: ${warning}`)
    printResult(fitTo(comparisonTable(comparison, process.stdout.columns ?? 80), resultColumns()))
  },
}

/** `twinpage run`: runs a scenario, shows how it goes, and leaves its results. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CommandModule } from 'yargs'
import { EXIT } from '../errors.js'
import type { RunOptions } from '../experiment/run.js'
import { summaryTable } from '../report/table.js'
import type { ExperimentResult } from '../run-experiment.js'
import { loadScenario } from '../scenario/load.js'
import { examples, type ScenarioArguments, scenarioArguments } from './options.js'
import { RunProgress } from './run-progress.js'
import { abortOnSignals } from './signals.js'
import { Progress, printError, printResult } from './terminal.js'

interface RunArguments extends ScenarioArguments {
  out: string | undefined
  json: boolean
  quiet: boolean
}

/** @param hooks for tests that look into a run */
export function runCommand(hooks: Pick<RunOptions, 'beforeVerify'>): CommandModule<object, RunArguments> {
  return {
    command: 'run <scenario>',
    describe: 'Run a scenario and write its results',
    builder: (yargs) =>
      scenarioArguments(yargs)
        .option('out', {
          type: 'string',
          requiresArg: true,
          describe: 'Results directory [results/SCENARIO/TIME-SEED]',
        })
        .option('json', {
          type: 'boolean',
          default: false,
          describe: 'Print summary.json instead of the table',
        })
        .option('quiet', { type: 'boolean', default: false, describe: 'Print neither progress nor table' })
        .epilogue(
          examples(
            ['run case-study', 'the case study, in about a minute'],
            [
              'run quick --set guests.0.count=16 --json',
              'sixteen guests; its summary, for a program to read',
            ],
          ),
        ),
    handler: async ({ scenario, out, seed, set, json, quiet }) => {
      const loaded = loadScenario(scenario, { set, seed })
      const interrupted = abortOnSignals()
      const progress = new Progress(!quiet)
      const run = new RunProgress(loaded.plan)
      try {
        // Loaded only now: what a run needs takes longer to load than it takes to find a mistake in a scenario.
        const { recordRun } = await import('../run-experiment.js')
        const result = await recordRun(loaded, {
          ...hooks,
          out,
          signal: interrupted.signal,
          onSample: (sample) => run.take(sample),
          onProgress: (phase, timeSeconds) => progress.show(run.view(phase, timeSeconds)),
        })
        progress.clear()
        report(result, json, quiet)
        process.exitCode = result.exitCode === EXIT.interrupted ? interrupted.exitCode() : result.exitCode
      } finally {
        progress.clear()
        interrupted.release()
      }
    },
  }
}

function report({ summary, directory, failure }: ExperimentResult, json: boolean, quiet: boolean): void {
  const isThere = existsSync(join(directory, 'manifest.json'))
  const place = isThere ? relative(process.cwd(), directory) || '.' : undefined
  if (json) printResult(JSON.stringify(summary, null, 2))
  else if (!quiet)
    printResult(`${summaryTable(summary)}${place === undefined ? '' : `\nResults in ${place}`}`)
  if (failure !== undefined) {
    const soFar =
      place === undefined ? 'nothing is left of its results' : `its results so far are in ${place}`
    printError(`the run failed: ${failure.message}; ${soFar}`)
  }
  for (const finding of summary.integrity.findings) printError(`integrity: ${finding}`)
  for (const message of summary.messages) if (message !== failure?.message) printError(message)
}

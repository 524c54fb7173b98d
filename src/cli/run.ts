/** `twinpage run`: runs a scenario, shows how it goes, and leaves its results. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CommandModule } from 'yargs'
import { EXIT } from '../errors.js'
import type { RunOptions } from '../experiment/run.js'
import { isLoopback, parseAddress } from '../live/address.js'
import type { LiveRun } from '../live/live-run.js'
import type { Address } from '../live/server.js'
import { summaryTable } from '../report/table.js'
import type { ExperimentResult } from '../run-experiment.js'
import { loadScenario } from '../scenario/load.js'
import type { Plan } from '../scenario/plan.js'
import { examples, type ScenarioArguments, scenarioArguments } from './options.js'
import { RunProgress } from './run-progress.js'
import { abortOnSignals } from './signals.js'
import { Progress, printError, printResult } from './terminal.js'

interface RunArguments extends ScenarioArguments {
  out: string | undefined
  live: Address | undefined
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
        .option('live', {
          type: 'string',
          coerce: parseAddress,
          describe:
            'Serve a page to watch and steer the run, on 127.0.0.1: --live, --live=PORT or --live=HOST:PORT',
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
    handler: async ({ scenario, out, live: address, seed, set, json, quiet }) => {
      const loaded = loadScenario(scenario, { set, seed })
      const interrupted = abortOnSignals()
      const progress = new Progress(!quiet)
      const run = new RunProgress(loaded.plan)
      let live: LiveRun | undefined
      try {
        // Loaded only now: what a run needs takes longer to load than it takes to find a mistake in a scenario.
        const { recordRun } = await import('../run-experiment.js')
        live = address && (await watched(loaded.plan, address))
        const result = await recordRun(loaded, {
          ...hooks,
          out,
          steering: live?.steering,
          signal: interrupted.signal,
          onSample: (sample) => {
            run.take(sample)
            live?.take(sample)
          },
          onProgress: (phase, timeSeconds) => {
            progress.show(run.view(phase, timeSeconds))
            live?.progress(phase, timeSeconds)
          },
        })
        live?.end(result)
        progress.clear()
        report(result, json, quiet)
        process.exitCode = result.exitCode === EXIT.interrupted ? interrupted.exitCode() : result.exitCode
      } finally {
        progress.clear()
        await live?.close()
        interrupted.release()
      }
    },
  }
}

/** @throws ResourceError when the address can't be had */
async function watched(plan: Plan, address: Address): Promise<LiveRun> {
  const { LiveRun } = await import('../live/live-run.js')
  const live = await LiveRun.start(plan, address)
  printError(`watch and steer the run at ${live.url}`)
  if (!isLoopback(address.host))
    printError(`${address.host}: whoever has that URL can, from any machine that reaches it`)
  return live
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

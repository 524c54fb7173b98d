/** `twinpage validate`: runs scenarios in the lab and on this host's kernel, and says how far the lab is off. */
import { relative } from 'node:path'
import type { Argv, CommandModule } from 'yargs'
import { EXIT, UserError } from '../errors.js'
import { configHz } from '../linux/ksm-facts.js'
import { fitTo } from '../report/fit.js'
import { validationMarkdown } from '../report/validation-report.js'
import { loadPairs } from '../validate/load-pairs.js'
import { metricNames } from '../validate/metrics.js'
import { schedule } from '../validate/schedule.js'
import { exceeded, parseTolerance } from '../validate/tolerance.js'
import { type ChangeArguments, changeArguments, examples } from './options.js'
import { abortOnSignals } from './signals.js'
import { Progress, printError, printResult, resultColumns } from './terminal.js'
import { ValidateProgress } from './validate-progress.js'

const REPLICATES_MAX = 100

interface ValidateArguments extends ChangeArguments {
  scenarios: string[]
  replicates: number
  tolerance: string[]
  out: string | undefined
  json: boolean
  quiet: boolean
}

export const validateCommand: CommandModule<object, ValidateArguments> = {
  command: 'validate [scenarios..]',
  describe: "Compare the lab with this machine's own KSM",
  builder: (yargs) =>
    changeArguments(yargs)
      .positional('scenarios', {
        type: 'string',
        array: true,
        default: [],
        describe: 'Names of shipped scenarios, or paths of YAML files [those called validate-…]',
      })
      .option('replicates', {
        type: 'string',
        requiresArg: true,
        default: '3',
        coerce: replicatesOf,
        describe: 'Runs of each scenario on each of the two, with consecutive seeds',
      })
      .option('tolerance', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [],
        describe: `Exit with ${EXIT.tolerance} if METRIC is off by more than PERCENT, as in --tolerance pages_sharing=5; may be repeated`,
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Results directory [results/validate/TIME]',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of tables' })
      .option('quiet', { type: 'boolean', default: false, describe: 'Print neither progress nor tables' })
      .epilogue(
        examples(
          ['validate', 'the scenarios that ship for this, three times each, in about four minutes'],
          [
            'validate validate-churn --tolerance pages_sharing.mean=10',
            'fails when it is off by more than 10 %',
          ],
        ),
      ) as Argv<ValidateArguments>,
  handler: async ({ scenarios, replicates, tolerance, set, seed, out, json, quiet }) => {
    const pairs = loadPairs(scenarios, { set, seed, replicates, CONFIG_HZ: configHz() })
    const known = new Set(pairs.flatMap(({ lab }) => metricNames(lab.plan.phases.map(({ name }) => name))))
    const tolerances = tolerance.map((text) => parseTolerance(text, [...known]))
    const interrupted = abortOnSignals()
    const progress = new Progress(!quiet)
    const runs = new ValidateProgress(schedule(pairs, replicates), replicates)
    try {
      const { recordValidation } = await import('../run-validation.js')
      const { report, directory, exitCode } = await recordValidation(pairs, {
        replicates,
        out,
        signal: interrupted.signal,
        onRun: () => runs.begin(),
        onProgress: (phase) => progress.show(runs.view(phase)),
      })
      progress.clear()
      if (json) printResult(JSON.stringify(report, null, 2))
      else if (!quiet) {
        const place = relative(process.cwd(), directory) || '.'
        printResult(fitTo(`${validationMarkdown(report)}\nResults in ${place}`, resultColumns()))
      }
      for (const message of report.messages) printError(message)
      const isOff = exitCode === EXIT.ok ? exceeded(tolerances, report.scenarios) : []
      if (isOff.length > 0) printError(`beyond the tolerance: ${isOff.join('; ')}`)
      if (exitCode === EXIT.interrupted) process.exitCode = interrupted.exitCode()
      else process.exitCode = isOff.length > 0 ? EXIT.tolerance : exitCode
    } finally {
      progress.clear()
      interrupted.release()
    }
  },
}

function replicatesOf(text: string): number {
  const replicates = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (replicates >= 1 && replicates <= REPLICATES_MAX) return replicates
  throw new UserError(`expected a whole number from 1 to ${REPLICATES_MAX}, got ${JSON.stringify(text)}`, {
    key: '--replicates',
  })
}

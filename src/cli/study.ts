/** `twinpage study`: runs what is missing of a study's runs, and says what they show. */
import { relative } from 'node:path'
import type { CommandModule } from 'yargs'
import { EXIT } from '../errors.js'
import { fitTo } from '../report/fit.js'
import { loadStudy } from '../study/load.js'
import { examples, seedOption } from './options.js'
import { abortOnSignals } from './signals.js'
import { StudyProgress } from './study-progress.js'
import { Progress, printError, printResult, resultColumns } from './terminal.js'

/** Between two looks at the clock. */
const PROGRESS_MS = 500

interface StudyArguments {
  study: string
  seed: number | undefined
  out: string | undefined
  json: boolean
  quiet: boolean
}

export const studyCommand: CommandModule<object, StudyArguments> = {
  command: 'study <study>',
  describe: 'Run a scenario over all levels of factors',
  builder: (yargs) =>
    seedOption(
      yargs.positional('study', {
        type: 'string',
        demandOption: true,
        describe: 'Name of a shipped study, or path of a YAML file',
      }),
    )
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: "The study's directory; if it is there, the study goes on in it [results/studies/STUDY]",
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print analysis.json instead of tables' })
      .option('quiet', { type: 'boolean', default: false, describe: 'Print neither progress nor tables' })
      .epilogue(
        examples(
          ['study scan-rate', 'what scan rate buys; the same again goes on where it was stopped'],
          [
            'study scan-rate --seed 2 --out results/again',
            'the same with other random choices, in a directory of its own',
          ],
        ),
      ),
  handler: async ({ study: nameOrPath, seed, out, json, quiet }) => {
    const loaded = loadStudy(nameOrPath, seed)
    const interrupted = abortOnSignals()
    const progress = new Progress(!quiet)
    const runs = new StudyProgress(
      loaded.study.name,
      loaded.cells.map(({ name }) => name),
    )
    const timer = setInterval(() => {
      const view = runs.view()
      if (view !== undefined) progress.show(view)
    }, PROGRESS_MS)
    try {
      const { recordStudy } = await import('../run-study.js')
      const { analysis, markdown, directory, exitCode } = await recordStudy(loaded, {
        out,
        signal: interrupted.signal,
        onRun: (run, all) => runs.begin(run, all),
      })
      progress.clear()
      if (json) printResult(JSON.stringify(analysis, null, 2))
      else if (!quiet) {
        const place = relative(process.cwd(), directory) || '.'
        printResult(fitTo(`${markdown}\nResults in ${place}`, resultColumns()))
      }
      for (const message of analysis.messages) printError(message)
      process.exitCode = exitCode === EXIT.interrupted ? interrupted.exitCode() : exitCode
    } finally {
      clearInterval(timer)
      progress.clear()
      interrupted.release()
    }
  },
}

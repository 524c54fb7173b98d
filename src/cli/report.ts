/** `twinpage report`: makes the page of a run, a study or a validation again, or one of several runs together. */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CommandModule } from 'yargs'
import { messageOf, ResourceError, UserError } from '../errors.js'
import { examples } from './options.js'
import { printResult } from './terminal.js'

interface ReportArguments {
  directories: string[]
  out: string | undefined
}

export const reportCommand: CommandModule<object, ReportArguments> = {
  command: 'report <directories..>',
  describe: 'Make the page of results, report.html, again',
  builder: (yargs) =>
    yargs
      .positional('directories', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Results directory of a run, a study or a validation; or of several runs',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'The file to write [report.html in the directory, if it is one]',
      })
      .epilogue(
        examples(
          ['report results/studies/scan-rate', 'the page of that study, again'],
          ['report 60min 10min --out both.html', 'two runs on one page'],
        ),
      ),
  handler: async ({ directories, out }) => {
    const [first] = directories
    if (directories.length > 1 && out === undefined)
      throw new UserError('is needed for a page of several runs; expected the path of a file', {
        key: '--out',
      })
    // Loaded only now: charts take longer to load than it takes to find a mistake.
    const { articleReport, holdsArticle } = await import('../report/article.js')
    const { readReportedRun, runReport } = await import('../report/run-report.js')
    const file = out ?? join(first!, 'report.html')
    const isArticle = directories.length === 1 && holdsArticle(first!)
    const html = isArticle ? articleReport(first!) : runReport(directories.map(readReportedRun))
    try {
      writeFileSync(file, html)
    } catch (error) {
      if (out !== undefined) throw new UserError(`can't be written: ${messageOf(error)}`, { key: '--out' })
      throw new ResourceError(`can't write ${file}: ${messageOf(error)}`)
    }
    printResult(relative(process.cwd(), file))
  },
}

/** `twinpage trace info`: what a trace holds, and what sharing could save at each of its snapshots. */
import type { CommandModule } from 'yargs'
import { readTrace } from '../guest/trace.js'
import { type SnapshotInfo, type TraceInfo, traceInfo } from '../guest/trace-info.js'
import { examples } from './options.js'

const PAGES_PER_MIB = 256

interface InfoArguments {
  file: string
  json: boolean
}

const EXAMPLES = examples(
  ['trace info scenarios/debian-idle-bench.pct.gz', 'the trace that ships, of four guests'],
  ['trace info scenarios/debian-idle-bench.pct.gz --json', 'the same for a program'],
)

const infoCommand: CommandModule<object, InfoArguments> = {
  command: 'info <file>',
  describe: 'Count what its pages hold at each snapshot',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'The trace, a .pct.gz file' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON instead of a table' })
      .epilogue(EXAMPLES),
  handler: ({ file, json }) => {
    const info = traceInfo(readTrace(file))
    process.stdout.write(json ? `${JSON.stringify(info, null, 2)}\n` : formatTraceInfo(info))
  },
}

/** Of `trace`. */
export const TRACE_COMMANDS = ['info']

export const traceCommand: CommandModule = {
  command: 'trace',
  describe: 'Look into a trace of real guests',
  builder: (yargs) =>
    yargs.command(infoCommand).demandCommand(1, 'trace: say what to do, such as info').epilogue(EXAMPLES),
  handler: () => {},
}

const COLUMNS: [title: string, cell: (snapshot: SnapshotInfo, index: number) => string][] = [
  ['snapshot', (_, index) => String(index)],
  ['time (s)', ({ timeSeconds }) => timeSeconds.toFixed(2)],
  ['zero', ({ zeroPages }) => grouped(zeroPages)],
  ['distinct', ({ distinctContents }) => grouped(distinctContents)],
  ['saveable', ({ saveablePages }) => grouped(saveablePages)],
  ['changed', ({ changedPages }) => grouped(changedPages)],
  ['backed', ({ backedPages }) => grouped(backedPages)],
]

/** The guests, and a table of pages with a line for each snapshot, within 80 columns for any trace. */
export function formatTraceInfo({ guests, pagesPerGuest, snapshots }: TraceInfo): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...snapshots.map((snapshot, index) => COLUMNS.map(([, cell]) => cell(snapshot, index))),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => row.map((text, column) => text.padStart(widths[column]!)).join('  '))
  const mebibytes = grouped(pagesPerGuest / PAGES_PER_MIB)
  return [
    ...guests.map((guest) => `${guest}: ${grouped(pagesPerGuest)} pages (${mebibytes} MiB)`),
    '',
    'Pages, all guests together:',
    ...lines,
    '',
  ].join('\n')
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

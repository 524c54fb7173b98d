/** A terminal in which the case study is run: in the middle of the benchmark, and at the end. */
import { draws, runInTerminal } from '../support/pseudo-terminal.js'
import type { Studio } from './capture.js'
import { terminalSvg } from './terminal-svg.js'

const SIZE = { columns: 80, rows: 40 }
const COMMAND = 'npx twinpage run case-study'
const RESULTS = 'results/case-study/TIME-1'

export async function captureTerminal({ directory }: Studio): Promise<string> {
  const { code, output } = await runInTerminal(['run', 'case-study', '--out', RESULTS], {
    cwd: directory,
    ...SIZE,
  })
  if (code !== 0) throw new Error(`the run ended with ${code}:\n${output}`)
  const blocks = draws(output).filter((drawn) =>
    drawn.slice(drawn.lastIndexOf('case-study')).includes('benchmark'),
  )
  const captures = [blocks[Math.floor(blocks.length / 3)]!, output].map((output) => ({
    command: COMMAND,
    output,
  }))
  return await terminalSvg(captures, SIZE, {
    title: 'twinpage run case-study in a terminal',
    description:
      'Above, while it runs: phase, time left, memory shared, footprint, opportunity, scan rate and CoW rate in a few ' +
      'lines. Below, at its end: a table of memory and one of activity, with a line for each phase.',
  })
}

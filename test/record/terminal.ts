/** `node dist/test/record/terminal.js`: makes docs/figures/terminal.svg anew, of the case study as it runs here. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { draws, runInTerminal } from '../support/pseudo-terminal.js'
import { terminalSvg } from './terminal-svg.js'

const SIZE = { columns: 80, rows: 40 }
const COMMAND = 'npx twinpage run case-study'
const RESULTS = 'results/case-study/TIME-1'

/** Runs it, in a minute, and draws what its terminal showed in the middle of the benchmark and at the end. */
export async function captureTerminal(): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'twinpage-capture-'))
  try {
    const { code, output } = await runInTerminal(['run', 'case-study', '--out', RESULTS], { cwd, ...SIZE })
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
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = fileURLToPath(new URL('../../../docs/figures/terminal.svg', import.meta.url))
  writeFileSync(file, await captureTerminal())
}

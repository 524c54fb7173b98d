/** The report of the case study's run that is kept in results/: its top, in light and in dark colours. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runCli } from '../../src/cli/cli.js'
import type { Capture } from './capture.js'

const RUNS = fileURLToPath(new URL('../../../results/case-study/', import.meta.url))
/** The answer and the first chart fit. */
const SIZE_PX = { width: 1080, height: 1180 }

function capture(colorScheme: 'light' | 'dark'): Capture {
  return async ({ browser, directory }) => {
    const [run] = readdirSync(RUNS)
    const file = join(directory, 'report.html')
    await runCli(['report', join(RUNS, run!), '--out', file])
    const page = await browser.newPage({ viewport: SIZE_PX, colorScheme })
    await page.goto(pathToFileURL(file).href)
    return page.screenshot()
  }
}

export const REPORT_CAPTURES = {
  'report-light.png': capture('light'),
  'report-dark.png': capture('dark'),
}

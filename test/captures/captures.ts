/**
 * Takes the pictures of twinpage's screens in docs/figures: `npm run captures -- [NAME…]`, by default all. Needs a chromium.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXIT, ResourceError, UserError } from '../../src/errors.js'
import { openBrowser } from '../support/chromium.js'
import type { Capture } from './capture.js'
import { captureLive } from './live.js'
import { REPORT_CAPTURES } from './report.js'
import { captureTerminal } from './terminal.js'

const FIGURES = fileURLToPath(new URL('../../../docs/figures/', import.meta.url))
/** By the name of its file; a module for each kind of screen. */
const CAPTURES: Record<string, Capture> = {
  ...REPORT_CAPTURES,
  'live.png': captureLive,
  'terminal.svg': captureTerminal,
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !Object.hasOwn(CAPTURES, name))
  if (unknown !== undefined) {
    throw new UserError(
      `expected some of ${Object.keys(CAPTURES).join(', ')}, got ${JSON.stringify(unknown)}`,
    )
  }
  const directory = mkdtempSync(join(tmpdir(), 'twinpage-captures-'))
  const browser = await openBrowser()
  try {
    for (const name of names.length === 0 ? Object.keys(CAPTURES) : names) {
      const file = join(FIGURES, name)
      writeFileSync(file, await CAPTURES[name]!({ browser, directory }))
      console.log(file)
    }
  } finally {
    await browser.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const isUsers = error instanceof UserError
  if (!isUsers && !(error instanceof ResourceError)) throw error
  console.error(`captures: ${error.message}`)
  process.exitCode = isUsers ? EXIT.usage : EXIT.resources
}

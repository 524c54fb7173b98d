/** Debian's chromium, driven by playwright-core, which brings none of its own. TWINPAGE_CHROMIUM names another one. */
import { accessSync, constants } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { ResourceError } from '../../src/errors.js'

/** A browser, or a page, that takes this long hangs. */
export const BROWSER_LIMIT_MS = 30_000

const { TWINPAGE_CHROMIUM } = process.env
const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executable = (TWINPAGE_CHROMIUM === undefined ? EXECUTABLES : [TWINPAGE_CHROMIUM]).find(isExecutable)

/** Why there is none; undefined: there is one. */
export const missingBrowser: string | undefined =
  executable === undefined
    ? 'no chromium here (apt-get install chromium, or TWINPAGE_CHROMIUM=PATH)'
    : undefined

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Closed by whoever opened it. */
export function openBrowser(): Promise<Browser> {
  if (executable === undefined) throw new ResourceError(missingBrowser)
  // Chromium's own sandbox wants a user who is not root; what is opened here is made by us.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: executable, args, timeout: BROWSER_LIMIT_MS })
}

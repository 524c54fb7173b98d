/**
 * Pages in a real browser: Debian's chromium, driven by playwright-core. Where there is none, tests that need it are skipped and
 * say so; TWINPAGE_BROWSER=required fails them instead. TWINPAGE_CHROMIUM names another one.
 */
import assert from 'node:assert/strict'
import { accessSync, constants, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** A page, or a browser, that takes this long hangs. */
const LIMIT_MS = 30_000
const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const executable = findExecutable()

/** For node:test's `skip`: why there is no browser; false: there is one, or there has to be. */
export const skipWithoutBrowser: string | false =
  executable !== undefined || process.env.TWINPAGE_BROWSER === 'required'
    ? false
    : 'no chromium here (apt-get install chromium, or TWINPAGE_CHROMIUM=PATH)'

function findExecutable(): string | undefined {
  const named = process.env.TWINPAGE_CHROMIUM
  return (named === undefined ? EXECUTABLES : [named]).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function openBrowser(): Promise<Browser> {
  assert(executable !== undefined, `a chromium is there: one of ${EXECUTABLES.join(', ')}`)
  // Chromium's own sandbox wants a user who is not root; what it shows here is made by the tests.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: executable, args, timeout: LIMIT_MS })
}

/** One for the test file, closed at its end. */
let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

export interface OpenedPage {
  page: Page
  /** Errors and warnings of its console, and errors that nothing caught. */
  complaints: string[]
  /** URLs of all that it asked for, itself excepted. */
  requests: string[]
}

/** Opens a page that no other has left anything to, and waits until its scripts have run. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  browser ??= openBrowser()
  const context = await (await browser).newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(LIMIT_MS)
  const complaints: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url())
  })
  await page.goto(url, { waitUntil: 'load' })
  return { page, complaints, requests }
}

export function openFile(path: string, options?: BrowserContextOptions): Promise<OpenedPage> {
  return openPage(pathToFileURL(path).href, options)
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core has against the page as it is now: a line for each rule and element. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  // Evaluated by the debugger: what the page's own policy forbids its scripts does not stop it.
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target }) => `${id}: ${help}: ${target.join(' ')}`),
    )
  })
}

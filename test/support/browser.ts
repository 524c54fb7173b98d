/** Pages in a real browser. Where there is none, tests that need it are skipped and say so; TWINPAGE_BROWSER=required fails them. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { BROWSER_LIMIT_MS, missingBrowser, openBrowser } from './chromium.js'

/** For node:test's `skip`; false: there is a browser, or there has to be. */
export const skipWithoutBrowser: string | false =
  process.env.TWINPAGE_BROWSER === 'required' ? false : (missingBrowser ?? false)

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
  page.setDefaultTimeout(BROWSER_LIMIT_MS)
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

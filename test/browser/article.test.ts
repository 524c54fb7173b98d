/** The page of a study and of a validation, opened from disk in a real browser. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { DARK, LIGHT } from '../../src/charts/theme.js'
import { articleReport } from '../../src/report/article.js'
import { recordValidation } from '../../src/run-validation.js'
import { loadPairs } from '../../src/validate/load-pairs.js'
import { accessibilityViolations, openFile, skipWithoutBrowser } from '../support/browser.js'
import { temporaryDirectory } from '../support/cli.js'
import { madeUpBackends } from '../support/validation-runs.js'

/** A study that was made, with all its files. */
const STUDY = fileURLToPath(new URL('../../../results/findings/starvation', import.meta.url))
const NAMES = ['study', 'validation']

const directory = temporaryDirectory()
const report = (name: string) => join(directory, name, 'report.html')

interface Picture {
  description: string
  svg: string
  widthPx: number
}

/** Those that are seen, when they are loaded. */
async function pictures(page: Page): Promise<Picture[]> {
  await page.waitForFunction('[...document.images].every((image) => image.complete)')
  const seen = await page.locator('img').filter({ visible: true }).all()
  return Promise.all(
    seen.map((image) =>
      image.evaluate(({ alt, src, naturalWidth }: { alt: string; src: string; naturalWidth: number }) => ({
        description: alt,
        svg: atob(src.slice(src.indexOf(',') + 1)),
        widthPx: naturalWidth,
      })),
    ),
  )
}

function backgroundOf({ svg }: Picture): string | undefined {
  return /<rect [^>]*fill="([^"]*)"/.exec(svg)?.[1]
}

describe('the page of a study, and of a validation', { skip: skipWithoutBrowser, timeout: 120_000 }, () => {
  before(async () => {
    const pairs = loadPairs(['validate-static'], { replicates: 2, CONFIG_HZ: null, set: [] })
    const backends = madeUpBackends(({ plan }) => (plan.backend === 'lab' ? 110 : 100))
    await recordValidation(pairs, { replicates: 2, out: join(directory, 'validation'), backends })
    mkdirSync(join(directory, 'study'))
    writeFileSync(report('study'), articleReport(STUDY))
  })

  for (const name of NAMES) {
    test(`opens from disk without a complaint, and asks for nothing (${name})`, async () => {
      const { page, complaints, requests } = await openFile(report(name))
      assert((await page.locator('h1').innerText()).length > 0)
      assert((await page.locator('table').count()) > 0)
      assert.deepEqual({ complaints, requests }, { complaints: [], requests: [] })
    })

    test(`has charts with marks, on a light, a dark and a printed page (${name})`, async () => {
      const { page } = await openFile(report(name))
      const light = await pictures(page)
      assert(light.length > 0)
      for (const picture of light) {
        assert(picture.widthPx > 0, `${picture.description} is drawn`)
        assert.equal(backgroundOf(picture), LIGHT.background, picture.description)
        assert(
          LIGHT.series.some((colour) => picture.svg.includes(colour)),
          `${picture.description} has marks`,
        )
      }
      await page.getByRole('button', { name: 'Dark colours' }).click()
      const dark = await pictures(page)
      assert.deepEqual(
        dark.map(({ description }) => description),
        light.map(({ description }) => description),
      )
      for (const picture of dark) {
        assert(picture.widthPx > 0, `${picture.description} is drawn`)
        assert.equal(backgroundOf(picture), DARK.background, picture.description)
      }
      await page.evaluate('dispatchEvent(new Event("beforeprint"))')
      assert.deepEqual(await pictures(page), light)
      await page.evaluate('dispatchEvent(new Event("afterprint"))')
      assert.deepEqual(await pictures(page), dark)
    })

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`can be read by everybody (${name}, ${colorScheme})`, async () => {
        const { page } = await openFile(report(name), { colorScheme })
        assert.deepEqual(await accessibilityViolations(page), [])
      })
    }

    test(`in a narrow window scrolls its charts, and not the page (${name})`, async () => {
      const { page } = await openFile(report(name), { viewport: { width: 400, height: 800 } })
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 400)
    })
  }

  test('leads to each of its sections', async () => {
    const { page } = await openFile(report('study'))
    const links = await page.locator('nav[aria-label="Contents"] a').all()
    assert.equal(links.length, await page.locator('h2').count())
    for (const link of links) {
      const id = (await link.getAttribute('href'))!.slice(1)
      assert.equal(await page.locator(`h2[id="${id}"]`).innerText(), await link.innerText())
    }
  })
})

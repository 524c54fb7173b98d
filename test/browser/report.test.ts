/** The report of real runs, opened from disk in a real browser: does it draw, answer to the reader, and let everybody read it? */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { LEGEND_LEFT_PX } from '../../src/charts/over-time.js'
import { accessibilityViolations, openFile, skipWithoutBrowser } from '../support/browser.js'
import { readSummary, runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'

/** Of the page. */
declare function getComputedStyle(element: unknown): Record<string, string>

/** Against hanging. */
const OPTIONS = { skip: skipWithoutBrowser, timeout: 120_000 }
const SIZE_MAX_BYTES = 5e6
const OVER_TIME = ['shared', 'reasons', 'scan', 'threads', 'cow', 'latency-over-time']
const ALL = [...OVER_TIME.slice(0, -1), 'latency', 'latency-over-time']
const WHITE = 'rgb(255, 255, 255)'
const WIDE = { viewport: { width: 1280, height: 900 } }
/** Within the plot of `shared`. */
const IN_PLOT = { x: 500, y: 250 }

/** How far apart red, green and blue of a grey are. */
const GREY_MAX = 20

const cwd = temporaryDirectory()
const report = (name: string) => join(cwd, name, 'report.html')

async function run(name: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runTwinpage(['run', ...args, '--out', name, '--quiet'], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
}

const SOME_SECONDS = {
  'guests.0.memory': '8MiB',
  'phases.1.duration': '1s',
  'phases.2.duration': '2s',
  'sampling.interval': '100ms',
}

function chart(page: Page, name: string): Locator {
  return page.locator(`[data-chart="${name}"]`)
}

/** Of all charts, in the order of the page. */
function chartNames(page: Page): Promise<string[]> {
  return page.locator('[data-chart]').evaluateAll((charts) => charts.map((one) => one.dataset.chart!))
}

/** How many shapes in the colours of series a chart has, the samples in its legend not counted. */
function marks(page: Page, name: string): Promise<number> {
  return chart(page, name).evaluate(
    (place, [legendLeftPx, greyest]) => {
      const { left } = place.getBoundingClientRect()
      const isColour = (paint: string) => {
        const channels = (paint.match(/\d+/g) ?? []).slice(0, 3).map(Number)
        return Math.max(...channels) - Math.min(...channels) > greyest!
      }
      return [...place.querySelectorAll('svg path')].filter((path) => {
        const { fill, stroke } = getComputedStyle(path)
        const isInPlot = path.getBoundingClientRect().left - left < legendLeftPx!
        return isInPlot && path.getTotalLength() > 0 && (isColour(fill!) || isColour(stroke!))
      }).length
    },
    [LEGEND_LEFT_PX, GREY_MAX],
  )
}

/** What stands at the ticks of the time axis; the axis ends where it is zoomed to. */
async function ticks(page: Page, name: string): Promise<string> {
  const texts = await chart(page, name).locator('svg text[text-anchor="middle"]').allTextContents()
  return texts.filter((text) => /^[\d.]+$/.test(text)).join(' ')
}

function allTicks(page: Page): Promise<string[]> {
  return Promise.all(OVER_TIME.map((name) => ticks(page, name)))
}

/** The text of each tooltip that is shown; an empty one is not yet. */
async function tooltips(page: Page): Promise<string[]> {
  const texts = await page
    .locator('[data-chart] > div:nth-child(2)')
    .filter({ visible: true })
    .allInnerTexts()
  return texts.filter((text) => text !== '')
}

function background(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.body).backgroundColor')
}

describe('the report of a run', OPTIONS, () => {
  before(async () => {
    if (skipWithoutBrowser !== false) return
    await run('threads', 'quick', ...smallQuick(SOME_SECONDS))
    await run('stepped', 'quick', ...smallQuick({ ...SOME_SECONDS, engine: 'stepped' }))
  })

  for (const engine of ['threads', 'stepped']) {
    test(`opens from disk without a complaint, and asks for nothing (engine ${engine})`, async () => {
      const { complaints, requests, page } = await openFile(report(engine))
      assert.equal(await page.locator('h1').innerText(), 'quick')
      assert.match(await page.locator('main').innerText(), /saved at the end of/)
      assert.deepEqual({ complaints, requests }, { complaints: [], requests: [] })
    })
  }

  test('has every chart, each with marks, and with words and figures', async () => {
    const { page } = await openFile(report('threads'))
    assert.deepEqual(await chartNames(page), ALL)
    for (const name of ALL) {
      assert((await marks(page, name)) > 0, `${name} has marks`)
      const id = await chart(page, name).getAttribute('aria-labelledby')
      assert.match((await page.locator(`#${id}`).textContent())!, /\d/, `${name} is told in words`)
    }
  })

  test('of engine stepped shows nothing that it does not measure', async () => {
    const { page } = await openFile(report('stepped'))
    const names = await chartNames(page)
    assert.deepEqual(names, ['shared', 'reasons', 'scan', 'cow', 'latency'])
    assert((await marks(page, 'shared')) > 0)
  })

  test('points at the same time in all charts over time', async () => {
    const { page } = await openFile(report('threads'), WIDE)
    assert.deepEqual(await tooltips(page), [])
    await chart(page, 'shared').hover({ position: IN_PLOT })
    // All but the heat map, which tells of the cell under the pointer alone.
    await page.waitForFunction(`
      [...document.querySelectorAll('[data-chart] > div:nth-child(2)')].filter((one) => one.innerText !== '').length >= 5
    `)
    const [own, ...others] = await tooltips(page)
    const [time] = /^time \(s\) [\d.]+$/m.exec(own!) ?? []
    assert(time !== undefined, own)
    assert.equal(others.length, 4)
    for (const other of others) assert(other.startsWith(`${time}\n`), `${other} is of ${time}`)
  })

  test('tells of the cell of the heat map under the pointer: when, how long, how many', async () => {
    const { page } = await openFile(report('threads'), WIDE)
    const place = await chart(page, 'latency-over-time').evaluate(
      (heatMap, [legendLeftPx, greyest]) => {
        const { left, top } = heatMap.getBoundingClientRect()
        for (const path of heatMap.querySelectorAll('svg path')) {
          const box = path.getBoundingClientRect()
          const channels = (getComputedStyle(path).fill!.match(/\d+/g) ?? []).slice(0, 3).map(Number)
          const isColour = Math.max(...channels) - Math.min(...channels) > greyest!
          if (!isColour || box.width < 2 || box.left - left > legendLeftPx!) continue
          return { x: box.left - left + box.width / 2, y: box.top - top + box.height / 2 }
        }
        return undefined
      },
      [LEGEND_LEFT_PX, GREY_MAX],
    )
    assert(place !== undefined)
    await chart(page, 'latency-over-time').hover({ position: place })
    const tooltip = chart(page, 'latency-over-time').locator('> div:nth-child(2)')
    await tooltip.filter({ hasText: 'fault' }).waitFor()
    assert.match(
      await tooltip.innerText(),
      /^time [\d.]+ to [\d.]+ s\n[\d.,]+ [nµm]?s to [\d.,]+ [nµm]?s\n[\d,]+ faults?$/,
    )
  })

  test('zooms all charts over time to a phase, and back, by keyboard', async () => {
    const { page } = await openFile(report('threads'))
    const whole = await allTicks(page)
    assert.equal(new Set(whole).size, 1, whole.join(' | '))
    await page.getByRole('button', { name: 'busy' }).press('Enter')
    const zoomed = await allTicks(page)
    assert.equal(new Set(zoomed).size, 1, zoomed.join(' | '))
    assert.notEqual(zoomed[0], whole[0])
    await page.getByRole('button', { name: 'whole run' }).press('Enter')
    assert.deepEqual(await allTicks(page), whole)
  })

  test('zooms all charts over time with the one that the reader zooms', async () => {
    const { page } = await openFile(report('threads'), WIDE)
    const whole = await ticks(page, 'shared')
    await chart(page, 'shared').hover({ position: IN_PLOT })
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -400)
    await page.keyboard.up('Control')
    await page.waitForTimeout(300)
    const zoomed = await allTicks(page)
    assert.notEqual(zoomed[0], whole)
    assert.equal(new Set(zoomed).size, 1, zoomed.join(' | '))
  })

  test('is dark where the system is, light on paper, and as the reader chooses', async () => {
    const { page } = await openFile(report('threads'), { colorScheme: 'dark' })
    const dark = await background(page)
    assert.notEqual(dark, WHITE)
    const darkChart = await chart(page, 'shared').innerHTML()
    await page.evaluate(`addEventListener('beforeprint', () => {
      const chart = document.querySelector('[data-chart="shared"]').innerHTML
      globalThis.printed = { background: getComputedStyle(document.body).backgroundColor, chart }
    })`)
    await page.pdf()
    const printed = await page.evaluate<{ background: string; chart: string }>('printed')
    assert.equal(printed.background, WHITE)
    assert.notEqual(printed.chart, darkChart)
    assert.equal(await background(page), dark)
    await page.getByRole('button', { name: 'Light colours' }).click()
    assert.equal(await background(page), WHITE)
    assert.equal(await chart(page, 'shared').innerHTML(), printed.chart)
  })

  test('on paper has no control', async () => {
    const { page } = await openFile(report('threads'))
    const buttons = page.getByRole('button').filter({ visible: true })
    assert.notEqual(await buttons.count(), 0)
    await page.emulateMedia({ media: 'print' })
    assert.equal(await buttons.count(), 0)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`can be read by everybody (${colorScheme})`, async () => {
      const { page } = await openFile(report('threads'), { colorScheme })
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
      assert.deepEqual(await accessibilityViolations(page), [])
    })
  }

  test('in a narrow window scrolls its charts, and not the page', async () => {
    const { page } = await openFile(report('threads'), { viewport: { width: 400, height: 800 } })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 400)
  })
})

/** Little happens in its minutes. */
const MANY_GUESTS = `
engine: stepped
scale: { memory: 1, time: 1000 }
host: { memory: 64MiB }
guests:
  - name: guest
    count: 64
    memory: 256KiB
    image: [{ class: common, size: 60% }, { class: private, size: rest }]
    workload:
      settle: [{ do: boot, over: 0s }]
      busy: [{ do: update, where: 50%, rate: 0.1/s }]
scanner: { ShareForceSalting: 0 }
phases:
  - { name: settle, until: settled, limit: 60min, scanner: { unthrottled: true } }
  - { name: busy, duration: 10min }
sampling: { interval: 4s }
`
const LONG_SECONDS = 2 * 60 * 60
const LONG_SAMPLES = 4 * LONG_SECONDS

/** A run's results as if it had gone so slowly that it took this long, and was sampled so often: to make one takes minutes. */
function stretch(directory: string, seconds: number, samples: number): void {
  const file = join(directory, 'timeseries.csv')
  const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const stretched = Array.from({ length: samples + 1 }, (_, sample) => {
    const line = lines[Math.floor((sample / samples) * (lines.length - 1))]!
    return line.replace(/^[^,]*/, String((sample * seconds) / samples))
  })
  writeFileSync(file, `${[header, ...stretched].join('\n')}\n`)
  const summary = readSummary(directory)
  const factor = seconds / summary.phases.at(-1)!.endSeconds
  for (const phase of summary.phases) {
    phase.startSeconds *= factor
    phase.endSeconds *= factor
  }
  writeFileSync(join(directory, 'summary.json'), JSON.stringify(summary))
}

test('the report of two hours with 64 guests is below 5 MB, and opens', OPTIONS, async (t) => {
  writeFileSync(join(cwd, 'long.yaml'), MANY_GUESTS)
  await run('long', 'long.yaml')
  stretch(join(cwd, 'long'), LONG_SECONDS, LONG_SAMPLES)
  const { code, stderr } = await runTwinpage(['report', 'long'], { cwd })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const { size } = statSync(report('long'))
  assert(size < SIZE_MAX_BYTES, `${size} bytes`)
  const start = performance.now()
  const { page, complaints } = await openFile(report('long'))
  const tookMs = performance.now() - start
  t.diagnostic(`${(size / 1e6).toFixed(2)} MB, opened in ${Math.round(tookMs)} ms, browser and all`)
  assert.match(await ticks(page, 'shared'), / 120$/)
  assert((await marks(page, 'shared')) > 0)
  assert.deepEqual(complaints, [])
})

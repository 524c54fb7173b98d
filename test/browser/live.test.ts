/** The live page of a real run, in a real browser. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { accessibilityViolations, openPage, skipWithoutBrowser } from '../support/browser.js'
import { readManifest, readSummary, setting, temporaryDirectory, until } from '../support/cli.js'
import { WatchedRun } from '../support/live-run.js'

const cwd = temporaryDirectory()
const ARGS = [
  'quick',
  ...setting({
    'guests.0.count': 2,
    'guests.0.memory': '16MiB',
    'phases.1.duration': '200ms',
    'sampling.interval': '100ms',
  }),
]

describe('the live page', { skip: skipWithoutBrowser }, () => {
  const failures: string[][] = []

  async function open(run: WatchedRun): Promise<Page> {
    const { page, complaints } = await openPage(run.url)
    failures.push(complaints)
    page.on('dialog', (dialog) => dialog.accept())
    await page.waitForSelector('[data-chart="shared"] svg path', { state: 'attached' })
    return page
  }

  test('each control works, a reload loses nothing, and axe finds no violation', async () => {
    const args = [...ARGS, ...setting({ 'phases.2.duration': '80s' }), '--out', 'steered']
    const run = await WatchedRun.start(args, { cwd })
    await run.untilPhase('busy')
    const page = await open(run)
    const done = async (id: string, words: string) => {
      await page.click(id)
      await page.locator('#answer', { hasText: `Done: ${words}.` }).waitFor()
    }
    await done('#scan-none', 'scan rate 0 pages/s')
    await run.moreSamples(1)
    const merges = run.last('merges')
    await run.moreSamples(5)
    assert.equal(run.last('merges'), merges, 'merges have stopped')
    await done('#scan-unthrottled', 'scan rate unthrottled')
    await until('merges go on', () => run.last('merges') > merges)
    await page.fill('#scan-value', '2000')
    await done('#scan-set', 'scan rate 2,000 pages/s')
    await done('#load button[value="0.5"]', 'guests’ load × 0.5')
    await page.fill('#nice-value', '5')
    await done('#nice-set', 'scanner’s niceness 5')
    await done('#pause', 'paused')
    assert.equal(await page.textContent('#pause'), 'Go on')

    await page.reload()
    await page.waitForSelector('#changes li:nth-child(6)')
    assert.equal(await page.textContent('#pause'), 'Go on')
    assert.equal(await page.getAttribute('#load button[value="0.5"]', 'aria-pressed'), 'true')
    assert.equal(await page.inputValue('#nice-value'), '5')
    await page.waitForSelector('[data-chart="shared"] svg path', { state: 'attached' })

    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      assert.deepEqual(await accessibilityViolations(page), [], colorScheme)
    }

    await done('#pause', 'went on')
    await page.click('#stop')
    await page.waitForSelector('#end:not([hidden])')
    assert.match((await page.textContent('#end-state'))!, /^It is partial\. the run was steered/)
    assert.equal((await run.ended).code, 130)
    assert.deepEqual(
      readManifest(join(cwd, 'steered')).controls.map(({ control }) => control),
      ['scanRate', 'scanRate', 'scanRate', 'load', 'nice', 'pause', 'pause', 'stop'],
    )
  })

  test('at the end it shows what the summary says', async () => {
    const args = [...ARGS, ...setting({ 'phases.2.duration': '8s' }), '--out', 'whole']
    const run = await WatchedRun.start(args, { cwd })
    const page = await open(run)
    await page.waitForSelector('#end:not([hidden])')
    await page.waitForTimeout(1000)
    assert.equal((await run.ended).code, 0)
    const { fullSize, captureRatio, guests } = readSummary(join(cwd, 'whole')).phases.at(-1)!
    const tile = async (name: string) =>
      page
        .locator('#tiles div', { has: page.locator(`dt:text-is("${name}")`) })
        .locator('dd')
        .textContent()
    const mib = (amount: number) => `${amount.toFixed(amount < 100 ? 2 : 0)} MiB`
    assert.equal(await tile('shared'), mib(fullSize.sharedMiB))
    assert.equal(await tile('saved'), mib(fullSize.savedMiB))
    assert.equal(await tile('opportunity'), mib(fullSize.opportunityMiB))
    assert.equal(await tile('footprint'), mib(fullSize.footprintMiB))
    assert.equal(await tile('captured'), `${(100 * captureRatio!).toFixed(1)} %`)
    const rows = await page.locator('#guests tbody tr').all()
    const names = Object.keys(guests)
    assert.equal(rows.length, names.length)
    for (const [index, row] of rows.entries()) {
      const [memory, shared, saved, zero] = await row.locator('td').allTextContents()
      const { sharedMiB, savedMiB, zeroMiB } = guests[names[index]!]!
      assert.deepEqual(
        [memory, shared, saved, zero],
        ['16.0', ...[sharedMiB, savedMiB, zeroMiB].map((amount) => amount!.toFixed(1))],
      )
    }
    assert.match((await page.textContent('#end-table'))!, /Integrity|integrity|verified/)
    assert.equal(await page.textContent('#connection'), 'ended')
  })

  test('nothing went wrong in the pages', () => {
    assert.deepEqual(failures, [[], []])
  })
})

/** docs/findings.md beside the studies that it tells of: what it concludes and quotes must follow from their analyses. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Analysis } from '../../src/study/analysis.js'

const page = readFileSync('docs/findings.md', 'utf8')

function analysisOf(study: string): Analysis {
  return JSON.parse(readFileSync(`results/findings/${study}/analysis.json`, 'utf8')) as Analysis
}

function responseOf(analysis: Analysis, name: string) {
  const response = analysis.responses.find((response) => response.name === name)
  assert(response, name)
  return response
}

function cellOf(analysis: Analysis, response: string, levels: Record<string, string>) {
  const cell = responseOf(analysis, response).cells.find((cell) =>
    Object.entries(levels).every(([factor, level]) => cell.levels[factor] === level),
  )
  assert(cell?.interval, `${response} at ${JSON.stringify(levels)}`)
  return { mean: cell.mean!, least: cell.interval[0], most: cell.interval[1] }
}

/** The rows of the page's table with these headings first. */
function tableOf(headings: string): string[][] {
  const lines = page.split('\n')
  const head = lines.findIndex((line) => line.startsWith(`| ${headings} |`))
  assert(head >= 0, headings)
  const length = lines.slice(head).findIndex((line) => !line.startsWith('|'))
  return lines.slice(head + 2, head + length).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((text) => text.trim()),
  )
}

for (const study of ['why-sharing-collapses', 'why-sharing-collapses-seed-2']) {
  describe(study, () => {
    const analysis = analysisOf(study)

    test('is complete', () => {
      assert.equal(analysis.state, 'complete')
      assert.deepEqual(analysis.messages, [])
    })
    test('churn explains what is saved; contention and niceness take less than a hundredth of what it takes', () => {
      const { variance, differences } = responseOf(analysis, 'saved')
      const shares = new Map(variance!.terms.map(({ name, omegaSquared }) => [name, omegaSquared!]))
      assert(shares.get('churn')! > 0.99)
      for (const [name, share] of shares) if (name !== 'churn') assert(share < 0.003, `${name}: ${share}`)
      const ofChurn = differences.find(({ factor, to }) => factor === 'churn' && to === 'benchmark')!
      for (const { factor, interval } of differences) {
        if (factor !== 'contention' && factor !== 'nice') continue
        for (const end of interval!)
          assert(Math.abs(end) < 0.01 * Math.abs(ofChurn.mean!), `${factor}: ${end}`)
      }
    })
    test('what the benchmark takes away is opportunity', () => {
      const at = (name: string, churn: string) =>
        cellOf(analysis, name, { churn, contention: 'none', scan: 'slow', nice: '0' }).mean
      const possible = at('opportunity', 'idle')
      assert(possible - at('opportunity', 'benchmark') > 0.95 * (possible - at('saved', 'benchmark')))
    })
  })
}

test('the table of what is lost quotes its study', () => {
  const analysis = analysisOf('why-sharing-collapses')
  const rows = tableOf('churn | contention | scan | nice')
  assert(rows.length > 5)
  const idle = { churn: 'idle', contention: 'none', scan: 'slow', nice: '0' }
  const possible = cellOf(analysis, 'opportunity', idle).mean
  const gib = (mib: number) => (mib / 1024).toFixed(2)
  for (const [churn, contention, scan, nice, savedGiB, lostGiB, opportunityGiB, captureGiB] of rows) {
    const levels = { churn: churn!, contention: contention!, scan: scan!, nice: nice! }
    const saved = cellOf(analysis, 'saved', levels).mean
    const opportunity = cellOf(analysis, 'opportunity', levels).mean
    assert.deepEqual(
      [savedGiB, lostGiB, opportunityGiB, captureGiB],
      [saved, possible - saved, possible - opportunity, opportunity - saved].map(gib),
    )
  }
})

describe('starvation', () => {
  const analysis = analysisOf('starvation')
  const at = (response: string, demand: string, nice: string) => cellOf(analysis, response, { demand, nice })

  test('beside guests that never sleep, at niceness 19, it scans less, waits more, and misses pages for it', () => {
    assert(at('scanned', '400%', '19').most < 0.8 * at('scanned', '400%', '0').least)
    assert(at('scanned', '400%', '19').most < 0.8 * at('scanned', '0%', '19').least)
    assert(at('scanWaits', '400%', '19').least > at('scanWaits', '400%', '0').most)
    // Where they leave no idle time.
    assert(at('captured', '100%', '19').most < at('captured', '100%', '0').least)
    assert(at('starved', '100%', '19').least > 0)
    // Over all demands: the effect of niceness.
    const ofNice = responseOf(analysis, 'starved').differences.find(({ factor }) => factor === 'nice')!
    assert(ofNice.count >= 5 && ofNice.interval![0] > 0, JSON.stringify(ofNice))
  })
  test('on an idle processor it does not', () => {
    for (const nice of ['0', '19']) assert.equal(at('starved', '0%', nice).most, 0)
  })
  test('its table quotes it', () => {
    const rows = tableOf('demand | nice')
    assert.equal(rows.length, 12)
    for (const [demand, nice, utilisation, scanned, waits, captured, starved] of rows) {
      const mean = (response: string) => at(response, demand!.replace(' ', ''), nice!).mean
      assert.equal(utilisation, `${(100 * mean('utilisation')).toFixed(0)} %`)
      assert.equal(scanned, Math.round(mean('scanned')).toLocaleString('en-US'))
      assert.equal(waits, mean('scanWaits').toFixed(2))
      assert.equal(captured, `${(100 * mean('captured')).toFixed(1)} %`)
      assert.equal(starved, `${Math.round(768 * mean('starved')).toLocaleString('en-US')}`)
    }
  })
})

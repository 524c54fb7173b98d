/** What was recorded of the real kernel is what is known of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generalProfit, pagesVolatile, processProfit } from '../../src/ksm/counters.js'
import { skips } from '../../src/ksm/smart-scan.js'
import { readRecording, recordedCases } from '../support/ksm-recordings.js'

test('every case came out the same twice, and its counters add up', () => {
  for (const { case: ksmCase, observations, differences } of recordedCases()) {
    assert.deepEqual(differences, [], ksmCase.name)
    assert.equal(observations.length, ksmCase.steps.length)
    for (const { counters, stat } of observations) {
      const { pages_sharing, ksm_zero_pages, general_profit, pages_volatile } = counters
      const { ksm_rmap_items, ksm_process_profit } = stat
      assert.equal(general_profit, generalProfit(pages_sharing, ksm_zero_pages, ksm_rmap_items))
      assert.equal(ksm_process_profit, processProfit(stat))
      assert.equal(pages_volatile, pagesVolatile(ksm_rmap_items, counters))
    }
  }
})

test('identical pages fill frames of max_page_sharing mappings; a last one alone is not merged', () => {
  for (const { pages: n, max_page_sharing: m, observation } of readRecording('identical-pages').items) {
    const { pages_shared, pages_sharing, pages_unshared } = observation.counters
    const full = Math.floor(n / m)
    const hasOther = n % m > 1
    assert.equal(pages_shared, hasOther ? full + 1 : full, `${n} / ${m}`)
    assert.equal(pages_sharing, hasOther ? n - pages_shared : full * (m - 1), `${n} / ${m}`)
    assert.equal(pages_unshared, n % m === 1 ? 1 : 0, `${n} / ${m}`)
  }
})

test('smart_scan passes over unmerged pages when the kernel does, which leave the unstable tree', () => {
  const { observations } = readRecording('smart-scan').items[0]!
  const unique = 64
  const [age, remaining] = [new Uint8Array(unique), new Uint8Array(unique)]
  let skipped = 0
  observations.forEach(({ counters }, scan) => {
    let skippedNow = 0
    for (let page = 0; page < unique; page++) if (skips(age, remaining, page)) skippedNow++
    skipped += skippedNow
    assert.equal(counters.pages_skipped, skipped, `scan ${scan}`)
    assert.equal(counters.pages_scanned, 2 * unique * (scan + 1) - skipped, `scan ${scan}`)
    const found = scan === 0 ? 0 : unique - skippedNow
    assert.equal(counters.pages_unshared, found, `scan ${scan}`)
  })
  assert.ok(skipped > 0)
})

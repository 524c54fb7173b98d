import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generalProfit, pagesVolatile, processProfit } from '../../src/ksm/counters.js'

test('a process profits as the kernel says of a real qemu process', () => {
  const stat = { ksm_rmap_items: 70_692, ksm_merging_pages: 4211, ksm_zero_pages: 0 }
  assert.equal(processProfit(stat), 12_723_968)
})

test('general profit counts pages saved and zero pages, less 64 bytes for each page that was met', () => {
  assert.equal(generalProfit(3, 2, 10), 5 * 4096 - 640)
  assert.equal(generalProfit(0, 0, 10), -640)
})

test('pages that are neither merged nor in the unstable tree are volatile, and never fewer than none', () => {
  assert.equal(pagesVolatile(100, { pages_shared: 10, pages_sharing: 40, pages_unshared: 20 }), 30)
  assert.equal(pagesVolatile(60, { pages_shared: 10, pages_sharing: 40, pages_unshared: 20 }), 0)
})

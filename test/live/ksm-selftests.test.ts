/** The kernel's own KSM selftests, played on the kernel through the lab's player: the control of test/unit/ksm-selftests. */
import assert from 'node:assert/strict'
import { readKsmEvents } from '../../src/linux/ksm-counters.js'
import { MergeablePages, playOnKernel } from '../support/kernel-player.js'
import { COW_PAGES, compareStoreTimes, KSM_SELFTESTS } from '../support/ksm-selftests.js'
import { liveKsmTest } from '../support/live-ksm.js'

const PAGES_MAX = 1024

liveKsmTest('the kernel passes its selftests as the lab does', async () => {
  const memory = new MergeablePages(PAGES_MAX)
  for (const selftest of KSM_SELFTESTS) {
    const { counters } = (await playOnKernel(memory, selftest)).at(-1)!
    assert.deepEqual({ ...counters, ...selftest.expected }, counters, selftest.name)
  }
  const { merged, unmerged } = await compareStoreTimes(async () => {
    await playOnKernel(memory, COW_PAGES)
    return { store: (page) => memory.storeWord(page, page), breaks: () => readKsmEvents().cow_ksm! }
  })
  assert(merged > unmerged, `ksm_cow_time: ${merged} ns and ${unmerged} ns`)
})

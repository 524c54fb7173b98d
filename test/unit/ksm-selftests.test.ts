/** The kernel's own KSM selftests, played on the lab. test/live plays the same on the kernel. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SHARED } from '../../src/machine/pte.js'
import { GUEST } from '../../src/measure/counters.js'
import { COW_PAGES, compareStoreTimes, KSM_SELFTESTS, TIMED_PAGES } from '../support/ksm-selftests.js'
import { LabPlayer, playOnLab } from '../support/lab-player.js'

describe('the kernel’s selftests, on the lab:', () => {
  for (const selftest of KSM_SELFTESTS) {
    test(selftest.name, () => {
      const { counters } = playOnLab(selftest).at(-1)!
      assert.deepEqual({ ...counters, ...selftest.expected }, counters)
    })
  }

  test('ksm_cow_time: a store to a merged page takes longer than one to a page that is not', async () => {
    const { merged, unmerged } = await compareStoreTimes(async () => {
      const player = new LabPlayer(COW_PAGES)
      player.play(COW_PAGES.steps[0]!, 0)
      const { mmu, counters } = player.host.guests[0]!
      const [mergedPage, unmergedPage] = [0, TIMED_PAGES]
      assert.notEqual(player.host.pte(0, mergedPage) & SHARED, 0)
      assert.equal(player.host.pte(0, unmergedPage) & SHARED, 0)
      const words = Int32Array.of(7)
      return {
        store: (page) => mmu.store(page, 5, words, 1),
        breaks: () => counters[GUEST.cowFaults]!,
      }
    })
    assert(merged > unmerged, `${merged} ns and ${unmerged} ns`)
  })
})

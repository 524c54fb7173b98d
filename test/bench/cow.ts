/**
 * cow.fault.*: latency of a store that breaks sharing, in the lab and on the same pages merged by the kernel's KSM, where it is
 * a page fault. Every page of four guests, in random order; both timed by the same clock into the same histogram.
 */

import { PAGE_WORDS_SHIFT } from '../../src/machine/layout.js'
import { nowNs } from '../../src/measure/clock.js'
import { SCAN } from '../../src/measure/counters.js'
import { type LatencyNs, latencyOf } from '../../src/measure/histograms.js'
import { LatencyCounts } from '../../src/measure/latency-counts.js'
import { Permutation } from '../../src/random/permutation.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { type KsmMemory, ksmMemory } from './ksm-memory.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, partOf } from './measure.js'
import { type Mix, saveablePages, writeContents } from './mix.js'

const GUESTS = 4
const PAGES_PER_GUEST = 2 ** 12
const ROUNDS = 5
const PERCENTILES = ['p50', 'p99', 'p999'] as const

export const cowBenches: Bench[] = [{ names: PERCENTILES.map((p) => `cow.fault.${p}`), run: faults }]

async function faults(notes: Notes): Promise<Figure[]> {
  await collectGarbage()
  const guest = Int32Array.from({ length: PAGES_PER_GUEST }, (_, ppn) => 1 + ppn)
  const mix = { guests: Array.from({ length: GUESTS }, () => guest), contents: 1 + PAGES_PER_GUEST }
  const lab = new BenchLab({ guests: mix.guests.map(({ length }) => length), contents: mix.contents })
  const scanner = lab.newScanner()
  const order = new Permutation(GUESTS * PAGES_PER_GUEST, 1)
  const ours = {
    warmUps: 2,
    measure: () => {
      for (const [guest, mmu] of lab.mmus.entries()) writeContents(mmu, mix.guests[guest]!)
      const goal = lab.scanRow[SCAN.merges]! + saveablePages(mix)
      while (lab.scanRow[SCAN.merges]! < goal) scanner.step()
      return breakOurs(lab, order, mix)
    },
  }
  const memory = await ksmMemory(mix, notes)
  const theirs = memory && {
    warmUps: 1,
    measure: async () => {
      memory.write()
      await memory.merge()
      return breakTheirs(memory, order)
    },
  }
  try {
    const pairs = await interleave(ROUNDS, ours, theirs)
    return PERCENTILES.map((percentile) =>
      figureOf(
        `cow.fault.${percentile}`,
        'ns',
        'a hardware CoW fault on a KSM page',
        partOf(pairs, (latency) => latency[percentile]),
      ),
    )
  } finally {
    memory?.release()
  }
}

/** By the lab's own histogram. */
function breakOurs(lab: BenchLab, order: Permutation, mix: Mix): LatencyNs {
  const value = new Int32Array(1)
  const pages = GUESTS * PAGES_PER_GUEST
  for (let index = 0; index < pages; index++) {
    const page = order.at(index)
    value[0] = index
    lab.mmus[Math.floor(page / PAGES_PER_GUEST)]!.store(page % PAGES_PER_GUEST, 0, value, 1)
  }
  const recordings = lab.histograms.take().filter(({ metric }) => metric === 'cow')
  const latency = latencyOf(recordings)
  if (latency?.count !== pages)
    throw new Error(`of ${mix.contents} contents only ${latency?.count} were shared`)
  return latency
}

function breakTheirs(memory: KsmMemory, order: Permutation): LatencyNs {
  const guests = Array.from({ length: GUESTS }, (_, guest) => memory.words(guest))
  const counts = new LatencyCounts()
  for (let index = 0; index < GUESTS * PAGES_PER_GUEST; index++) {
    const page = order.at(index)
    const words = guests[Math.floor(page / PAGES_PER_GUEST)]!
    const at = (page % PAGES_PER_GUEST) << PAGE_WORDS_SHIFT
    const startNs = nowNs()
    words[at] = index
    counts.recordNs(nowNs() - startNs)
  }
  return latencyOf([counts.take('cow')])!
}

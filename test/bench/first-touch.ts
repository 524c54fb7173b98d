/**
 * first.touch: pages/s of a guest's first stores, each of which takes a frame and zeroes it, against first stores to a bare
 * Int32Array. All of it is memory that the system has not backed yet, so both include the system's own page fault.
 */
import { PAGE_WORDS } from '../../src/machine/layout.js'
import { nowNs } from '../../src/measure/clock.js'
import { bareMemory } from './bare-memory.js'
import type { Bench } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, perSecond } from './measure.js'

const PAGES = 2 ** 16
const ROUNDS = 7

export const firstTouchBenches: Bench[] = [{ names: ['first.touch'], run: firstTouches }]

async function firstTouches(): Promise<Figure[]> {
  const ours = {
    warmUps: 1,
    measure: async () => {
      await collectGarbage()
      const lab = new BenchLab({ guests: [PAGES] })
      const startNs = nowNs()
      touch(lab)
      return perSecond(PAGES, nowNs() - startNs)
    },
  }
  const theirs = {
    warmUps: 1,
    measure: async () => {
      await collectGarbage()
      const words = bareMemory(PAGES)
      const startNs = nowNs()
      touchBare(words)
      return perSecond(PAGES, nowNs() - startNs)
    },
  }
  const pairs = await interleave(ROUNDS, ours, theirs)
  return [figureOf('first.touch', 'pages/s', 'first stores to a bare Int32Array', pairs)]
}

function touch({ mmus: [mmu] }: BenchLab): void {
  const value = Int32Array.of(1)
  for (let ppn = 0; ppn < PAGES; ppn++) mmu!.store(ppn, 0, value, 1)
}

function touchBare(words: Int32Array): void {
  for (let page = 0; page < PAGES; page++) words[page * PAGE_WORDS] = 1
}

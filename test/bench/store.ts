/**
 * store.*: a guest's stores through the MMU, by the product's own operations and with all instruments on, against the same
 * stores to a bare Int32Array: same numbers drawn, same places, and each word read before it is written, as the digest
 * takes. 64 MiB, uniformly random; `fill` in order.
 */

import { PageContents } from '../../src/guest/contents.js'
import { type Operation, operationOf } from '../../src/guest/operations.js'
import { PAGE_WORDS, PAGE_WORDS_SHIFT } from '../../src/machine/layout.js'
import { nowNs } from '../../src/measure/clock.js'
import { Prng } from '../../src/random/prng.js'
import { bareMemory } from './bare-memory.js'
import type { Bench } from './bench.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, perSecond, type Side } from './measure.js'

const PAGES = 2 ** 14
const RANGES = [{ first: 0, pages: PAGES }]
/** Stands in for one: nothing here asks it. */
const PACE = { kind: 'rate', perSecond: 1 } as const
const SEED = 1
const ROUNDS = 9
const VISITS = 2 ** 20
const FILLS = 8
const BURST_WORDS = 8

export const storeBenches: Bench[] = [
  { names: ['store.random'], run: () => updates('store.random', 1) },
  { names: ['store.burst'], run: () => updates('store.burst', BURST_WORDS) },
  { names: ['store.fill'], run: fills },
]

async function updates(name: string, words: number): Promise<Figure[]> {
  const pairs = await interleave(ROUNDS, updating(storedLab(), words), bareUpdating(words))
  return [figureOf(name, 'words/s', 'the same loop on a bare Int32Array', pairs)]
}

async function fills(): Promise<Figure[]> {
  const pairs = await interleave(ROUNDS, filling(storedLab()), bareFilling())
  return [figureOf('store.fill', 'pages/s', 'fill of a bare Int32Array', pairs)]
}

/** A guest with all its memory in frames of its own. */
export function storedLab(observes = true): BenchLab {
  const lab = new BenchLab({ guests: [PAGES], observes })
  lab.fillUnique()
  return lab
}

/** Words/s of the product's `update`. */
export function updating(lab: BenchLab, words: number): Side<number> {
  const ram = lab.mmus[0]!
  const activity = { do: 'update', ranges: RANGES, pace: PACE, words, locks: 0, zipf: 0 } as const
  const memory = { ram, contents: new PageContents(ram, SEED, 0), image: [] }
  const operation = operationOf({ ...activity, ranges: [...RANGES] }, memory, SEED)
  const measure = () => {
    const startNs = nowNs()
    repeat(operation, VISITS)
    return perSecond(VISITS * words, nowNs() - startNs)
  }
  return { warmUps: 2, measure }
}

function bareUpdating(words: number): Side<number> {
  const memory = bareMemory(PAGES).fill(1)
  const prng = new Prng(SEED)
  const measure = () => {
    const startNs = nowNs()
    updateBare(memory, prng, words, VISITS)
    return perSecond(VISITS * words, nowNs() - startNs)
  }
  return { warmUps: 2, measure }
}

function repeat(operation: Operation, times: number): void {
  for (let n = 0; n < times; n++) operation.run()
}

function updateBare(memory: Int32Array, prng: Prng, words: number, visits: number): void {
  for (let visit = 0; visit < visits; visit++) {
    const page = prng.nextBelow(PAGES)
    const at = (page << PAGE_WORDS_SHIFT) + prng.nextBelow(PAGE_WORDS - words + 1)
    for (let i = 0; i < words; i++) memory[at + i]! ^= prng.nextInt32()
  }
}

function filling(lab: BenchLab): Side<number> {
  const ram = lab.mmus[0]!
  const memory = { ram, contents: new PageContents(ram, SEED, 0), image: [] }
  const measure = () => {
    const startNs = nowNs()
    for (let n = 0; n < FILLS; n++) {
      const operation = operationOf({ do: 'fill', ranges: RANGES, pace: PACE }, memory, SEED)
      repeat(operation, operation.operations)
    }
    return perSecond(FILLS * PAGES, nowNs() - startNs)
  }
  return { warmUps: 2, measure }
}

function bareFilling(): Side<number> {
  const memory = bareMemory(PAGES).fill(1)
  const measure = () => {
    const startNs = nowNs()
    for (let n = 0; n < FILLS; n++) fillBare(memory, n)
    return perSecond(FILLS * PAGES, nowNs() - startNs)
  }
  return { warmUps: 2, measure }
}

function fillBare(memory: Int32Array, value: number): void {
  for (let page = 0; page < PAGES; page++) {
    memory.fill(value + page, page << PAGE_WORDS_SHIFT, (page + 1) << PAGE_WORDS_SHIFT)
  }
}

/**
 * scan.*: pages/s of one unthrottled scanner over 1 GiB of pages that all differ, against a native loop that reads the
 * same bytes in the same order and does no more: word by word, and (`.vectors`) with the processor's widest vectors. `unique`:
 * the first pass, which hashes each page, looks it up and leaves a hint; `unique.random`: the same in a run's random order.
 * `steady`: a pass over pages that were scanned before and have not changed.
 */

import { PAGE_BYTES } from '../../src/machine/layout.js'
import { nowNs } from '../../src/measure/clock.js'
import { Permutation } from '../../src/random/permutation.js'
import type { TpsPlan } from '../../src/scenario/plan.js'
import { RUN_PAGES } from '../../src/sharing/pass-order.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, partOf, perSecond, type Side } from './measure.js'
import { type ReadLoop, type ReadLoops, readLoops } from './native.js'

const PAGES = 2 ** 18
const ROUNDS = 7
const READ_LOOPS = {
  words: 'a C loop that reads the same bytes',
  vectors: 'the C loop with vectors',
} as const

export const scanBenches: Bench[] = [
  bench('scan.unique', 'sequential', firstPass),
  bench('scan.unique.random', 'random', firstPass),
  bench('scan.steady', 'sequential', laterPass),
]

type Pass = (lab: BenchLab) => () => number

function bench(name: string, order: TpsPlan['order'], pass: Pass): Bench {
  const names = { words: name, vectors: `${name}.vectors` }
  return { names: Object.values(names), run: (notes) => scan(names, order, pass, notes) }
}

async function scan(
  names: Record<keyof ReadLoops, string>,
  order: TpsPlan['order'],
  pass: Pass,
  notes: Notes,
): Promise<Figure[]> {
  await collectGarbage()
  const lab = new BenchLab({ guests: [PAGES], order })
  lab.fillUnique()
  const passOver = pass(lab)
  const measure = () => {
    const pagesPerSecond = passOver()
    return { words: pagesPerSecond, vectors: pagesPerSecond }
  }
  const pairs = await interleave(ROUNDS, { warmUps: 1, measure }, reading(lab, order, notes))
  return (['words', 'vectors'] as const).map((loop) =>
    figureOf(
      names[loop],
      'pages/s',
      READ_LOOPS[loop],
      partOf(pairs, (result) => result[loop]),
    ),
  )
}

/** Pages/s of a pass over pages that no scanner has seen before. */
export function firstPass(lab: BenchLab): () => number {
  lab.save()
  return () => {
    lab.restore()
    const scanner = lab.newScanner()
    const startNs = nowNs()
    const pages = lab.scanPass(scanner)
    return perSecond(pages, nowNs() - startNs)
  }
}

function laterPass(lab: BenchLab): () => number {
  const scanner = lab.newScanner()
  lab.scanPass(scanner)
  return () => {
    const startNs = nowNs()
    const pages = lab.scanPass(scanner)
    return perSecond(pages, nowNs() - startNs)
  }
}

function reading(
  lab: BenchLab,
  order: TpsPlan['order'],
  notes: Notes,
): Side<Record<keyof ReadLoops, number>> | undefined {
  const loops = readLoops(notes)
  if (loops === undefined) return undefined
  const bytes = new Uint8Array(lab.handle.memory.segments[0]!.buffer).subarray(0, PAGES * PAGE_BYTES)
  const runs = new Permutation(PAGES / RUN_PAGES, 1)
  const pages = Uint32Array.from(
    { length: PAGES },
    (_, index) => runs.at(Math.floor(index / RUN_PAGES)) * RUN_PAGES + (index % RUN_PAGES),
  )
  const read = (loop: ReadLoop) => {
    const startNs = nowNs()
    if (order === 'random') loop.pages(bytes, pages)
    else loop.sequential(bytes)
    return perSecond(PAGES, nowNs() - startNs)
  }
  return { warmUps: 1, measure: () => ({ words: read(loops.words), vectors: read(loops.vectors) }) }
}

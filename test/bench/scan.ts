/**
 * scan.*: pages/s of one unthrottled scanner over 1 GiB of pages that all differ, against a native loop that reads the
 * same bytes in the same order and does no more. `unique`: the first pass, which hashes each page, looks it up and leaves
 * a hint. `steady`: a pass over pages that were scanned before and have not changed.
 */

import { PAGE_BYTES } from '../../src/machine/layout.js'
import { nowNs } from '../../src/measure/clock.js'
import { Permutation } from '../../src/random/permutation.js'
import type { TpsPlan } from '../../src/scenario/plan.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, perSecond, type Side } from './measure.js'
import { readLoop } from './native.js'

const PAGES = 2 ** 18
const ROUNDS = 7
const READ_LOOP = 'a C loop that reads the same bytes'

export const scanBenches: Bench[] = [
  { names: ['scan.unique'], run: (notes) => scan('scan.unique', 'sequential', firstPass, notes) },
  { names: ['scan.unique.random'], run: (notes) => scan('scan.unique.random', 'random', firstPass, notes) },
  { names: ['scan.steady'], run: (notes) => scan('scan.steady', 'sequential', laterPass, notes) },
]

async function scan(
  name: string,
  order: TpsPlan['order'],
  pass: (lab: BenchLab) => () => number,
  notes: Notes,
): Promise<Figure[]> {
  await collectGarbage()
  const lab = new BenchLab({ guests: [PAGES], order })
  lab.fillUnique()
  const ours = { warmUps: 1, measure: pass(lab) }
  const pairs = await interleave(ROUNDS, ours, reading(lab, order, notes))
  return [figureOf(name, 'pages/s', READ_LOOP, pairs)]
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

function reading(lab: BenchLab, order: TpsPlan['order'], notes: Notes): Side<number> | undefined {
  const loop = readLoop(notes)
  if (loop === undefined) return undefined
  const bytes = new Uint8Array(lab.handle.memory.segments[0]!.buffer).subarray(0, PAGES * PAGE_BYTES)
  const permutation = new Permutation(PAGES, 1)
  const pages = Uint32Array.from({ length: PAGES }, (_, index) => permutation.at(index))
  const measure = () => {
    const startNs = nowNs()
    if (order === 'random') loop.pages(bytes, pages)
    else loop.sequential(bytes)
    return perSecond(PAGES, nowNs() - startNs)
  }
  return { warmUps: 1, measure }
}

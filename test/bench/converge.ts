/**
 * converge.*: seconds until everything shareable is shared, by one scanner of policy `tps` and by ksmd flat out, on the same
 * contents. How much is shareable is known from the contents, not waited for. ksmd needs two passes by design, the first of
 * which only takes checksums; that is in its time, as it is for whoever runs it.
 */
import { fileURLToPath } from 'node:url'
import { guestTraceOf } from '../../src/guest/guest-trace.js'
import { readTrace } from '../../src/guest/trace.js'
import { nowNs } from '../../src/measure/clock.js'
import { SCAN } from '../../src/measure/counters.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { ksmMemory } from './ksm-memory.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, type Side } from './measure.js'
import { type Mix, NEVER_TOUCHED, saveablePages, writeContents } from './mix.js'

const GUESTS = 4
const PAGES_PER_GUEST = 2 ** 14
const ROUNDS = 5
/** A round of the trace takes ksmd many seconds. */
const TRACE_ROUNDS = 3
const TRACE = fileURLToPath(new URL('../../../scenarios/debian-idle-bench.pct.gz', import.meta.url))
const TRACE_SECONDS = 120
/** One finds everything; with a few more something is wrong. */
const PASSES_MAX = 10

export const convergeBenches: Bench[] = [
  { names: ['converge.half'], run: (notes) => converge('converge.half', half(), ROUNDS, notes) },
  { names: ['converge.debian'], run: (notes) => converge('converge.debian', debian(), TRACE_ROUNDS, notes) },
  { names: ['converge.four'], run: (notes) => converge('converge.four', four(), ROUNDS, notes) },
]

async function converge(name: string, mix: Mix, rounds: number, notes: Notes): Promise<Figure[]> {
  await collectGarbage()
  const ours = converging(mix)
  const memory = await ksmMemory(mix, notes)
  const theirs = memory && {
    // ksmd has nothing to warm up to.
    warmUps: 0,
    measure: async () => {
      memory.unmerge()
      return (await memory.merge()) / 1e9
    },
  }
  try {
    return [figureOf(name, 's', 'ksmd flat out', await interleave(rounds, ours, theirs))]
  } finally {
    memory?.release()
  }
}

function converging(mix: Mix): Side<number> {
  const guests = mix.guests.map(({ length }) => length)
  const lab = new BenchLab({ guests, contents: mix.contents })
  for (const [guest, mmu] of lab.mmus.entries()) writeContents(mmu, mix.guests[guest]!)
  lab.save()
  const saveable = saveablePages(mix)
  const measure = () => {
    lab.restore()
    const scanner = lab.newScanner()
    const goal = lab.scanRow[SCAN.merges]! + saveable
    const passesMax = lab.scanRow[SCAN.passes]! + PASSES_MAX
    const startNs = nowNs()
    while (lab.scanRow[SCAN.merges]! < goal && lab.scanRow[SCAN.passes]! < passesMax) scanner.step()
    const seconds = (nowNs() - startNs) / 1e9
    requireShared(lab, saveable)
    return seconds
  }
  return { warmUps: 2, measure }
}

/** By the page tables, not by what the scanner says of itself. */
function requireShared(lab: BenchLab, saveable: number): void {
  const { savedPages, opportunityPages } = lab.sampler.sample(0, 'bench', undefined)
  if (Math.round(savedPages) === saveable && opportunityPages === saveable) return
  throw new Error(
    `${savedPages} pages saved, of ${opportunityPages} by the tags and ${saveable} by the contents`,
  )
}

/** Every second page is the same in all guests, the others differ from all. */
function half(): Mix {
  let contents = 1 + PAGES_PER_GUEST
  const guests = Array.from({ length: GUESTS }, () =>
    Int32Array.from({ length: PAGES_PER_GUEST }, (_, ppn) => (ppn % 2 === 0 ? 1 + ppn : contents++)),
  )
  return { guests, contents }
}

/** Each content four times. */
function four(): Mix {
  const guest = Int32Array.from({ length: PAGES_PER_GUEST }, (_, ppn) => 1 + ppn)
  return { guests: Array.from({ length: GUESTS }, () => guest), contents: 1 + PAGES_PER_GUEST }
}

/** What four Debian guests held once they were idle. */
function debian(): Mix {
  const trace = readTrace(TRACE)
  const snapshots = trace.timesSeconds.filter((seconds) => seconds <= TRACE_SECONDS).length
  const guests = trace.guests.map((_, guest) => {
    const { offsets, ends, pages, contents } = guestTraceOf(trace, guest)
    const held = new Int32Array(trace.pagesPerGuest).fill(NEVER_TOUCHED)
    for (let snapshot = 0; snapshot < snapshots; snapshot++) {
      for (let change = offsets[snapshot]!; change < ends[snapshot]!; change++) {
        held[pages[change]!] = contents[change]!
      }
    }
    return held
  })
  return { guests, contents: trace.distinctContents }
}

/**
 * memory.*: `metadata`, bytes for each guest page beside its frame: every table that the threads share, and the guests' own
 * digests, counted buffer by buffer; with as many frames as guest pages, and with half as many. `resident`: what the
 * system says that this process has more of once a guest has filled its memory and a scanner has looked at all of it, for
 * each frame in use.
 */
import { readFileSync } from 'node:fs'
import { PAGE_BYTES } from '../../src/machine/layout.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab, sharedTables } from './lab.js'
import { type Figure, figureOf, interleave } from './measure.js'

const PAGES = 2 ** 18
const ROUNDS = 3

export const memoryBenches: Bench[] = [
  { names: ['memory.metadata'], run: () => metadata('memory.metadata') },
  { names: ['memory.metadata.half'], run: () => metadata('memory.metadata.half', PAGES / 2) },
  { names: ['memory.resident'], run: resident },
]

async function metadata(name: string, frames?: number): Promise<Figure[]> {
  await collectGarbage()
  const { handle, mmus } = new BenchLab({ guests: [PAGES], ...(frames && { frames }) })
  const tables = [...sharedTables(handle), ...mmus.map(({ digests }) => digests)]
  const bytes = tables.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return [figureOf(name, 'bytes/page', null, [{ ours: bytes / PAGES, theirs: undefined }])]
}

async function resident(notes: Notes): Promise<Figure[]> {
  if (residentBytes() === undefined) {
    notes.add('without memory.resident: the system does not tell (no /proc/self/status)')
    return []
  }
  const measure = async () => {
    await collectGarbage()
    const beforeBytes = residentBytes()!
    const lab = new BenchLab({ guests: [PAGES] })
    lab.fillUnique()
    lab.scanPass(lab.newScanner())
    await collectGarbage()
    const bytes = residentBytes()! - beforeBytes
    return bytes / lab.sampler.sample(0, 'bench', undefined).footprintPages
  }
  const page = { warmUps: 0, measure: () => PAGE_BYTES }
  const pairs = await interleave(ROUNDS, { warmUps: 1, measure }, page)
  return [figureOf('memory.resident', 'bytes/frame', 'the bytes of a frame', pairs)]
}

function residentBytes(): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

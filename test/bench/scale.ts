/**
 * scale.*: does a large lab scan as fast as a small one? First passes in random order, as runs have it, over pages that all
 * differ. SIZE: pages/s at that size, against 256 MiB in the same rounds. startup.SIZE: time to make the machine, its
 * tables and its guests. sample.SIZE: time of one sample. guests.N: pages/s over 256 MiB cut into so many guests, against
 * one.
 */
import { PAGE_BYTES } from '../../src/machine/layout.js'
import { nowNs } from '../../src/measure/clock.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, type Side } from './measure.js'
import { firstPass } from './scan.js'

const GUESTS = 4
const SMALL_PAGES = 2 ** 16
const SMALL = '256MiB'
const SIZES = [
  { name: SMALL, pages: SMALL_PAGES, rounds: 7 },
  { name: '1GiB', pages: 2 ** 18, rounds: 5 },
  { name: '4GiB', pages: 2 ** 20, rounds: 3 },
  { name: '16GiB', pages: 2 ** 22, rounds: 3 },
] as const
type Size = (typeof SIZES)[number]
const GUEST_COUNTS = [1, 4, 16, 64, 256]
const GUESTS_ROUNDS = 5
const SAMPLES = 5
/** Tables, their copies, and everything else beside the frames, generously. */
const BYTES_PER_PAGE = PAGE_BYTES + 128
const SPARE_BYTES = 2 ** 30

export const scaleBenches: Bench[] = [
  ...SIZES.map((size) => ({
    names: [`scale.${size.name}`, `scale.startup.${size.name}`, `scale.sample.${size.name}`],
    run: (notes: Notes) => scale(size, notes),
  })),
  ...GUEST_COUNTS.map((guests) => ({ names: [`scale.guests.${guests}`], run: () => manyGuests(guests) })),
]

async function scale(size: Size, notes: Notes): Promise<Figure[]> {
  await collectGarbage()
  const neededBytes = size.pages * BYTES_PER_PAGE + SPARE_BYTES
  if (process.availableMemory() < neededBytes) {
    const [needed, free] = [neededBytes, process.availableMemory()].map((bytes) =>
      (bytes / 2 ** 30).toFixed(1),
    )
    notes.add(`without scale.${size.name}: it needs ${needed} GiB of memory, and ${free} are free`)
    return []
  }
  const startup = await startups(size)
  const lab = evenLab(size.pages, GUESTS)
  lab.fillUnique()
  const isSmall = size.pages === SMALL_PAGES
  const pairs = await interleave(
    size.rounds,
    scanning(lab, isSmall),
    isSmall ? undefined : smallScanning(GUESTS),
  )
  const rate = figureOf(`scale.${size.name}`, 'pages/s', `the same with ${SMALL}`, pairs)
  return [rate, startup, await samples(size, lab)]
}

async function startups({ name, pages, rounds }: Size): Promise<Figure> {
  const measure = async () => {
    await collectGarbage()
    const startNs = nowNs()
    evenLab(pages, GUESTS)
    return (nowNs() - startNs) / 1e6
  }
  return figureOf(
    `scale.startup.${name}`,
    'ms',
    null,
    await interleave(rounds, { warmUps: 1, measure }, undefined),
  )
}

async function samples({ name }: Size, lab: BenchLab): Promise<Figure> {
  const measure = () => {
    const startNs = nowNs()
    lab.sampler.sample(0, 'bench', undefined)
    return (nowNs() - startNs) / 1e6
  }
  return figureOf(
    `scale.sample.${name}`,
    'ms',
    null,
    await interleave(SAMPLES, { warmUps: 1, measure }, undefined),
  )
}

async function manyGuests(guests: number): Promise<Figure[]> {
  await collectGarbage()
  const lab = evenLab(SMALL_PAGES, guests)
  lab.fillUnique()
  const alone = guests === 1 ? undefined : smallScanning(1)
  const pairs = await interleave(GUESTS_ROUNDS, scanning(lab, true), alone)
  return [figureOf(`scale.guests.${guests}`, 'pages/s', 'the same as one guest', pairs)]
}

function evenLab(pages: number, guests: number): BenchLab {
  return new BenchLab({ guests: new Array<number>(guests).fill(pages / guests), order: 'random' })
}

function smallScanning(guests: number): Side<number> {
  const lab = evenLab(SMALL_PAGES, guests)
  lab.fillUnique()
  return scanning(lab, true)
}

/** A large lab is not warmed up: the small one's rounds have compiled all there is. */
function scanning(lab: BenchLab, isSmall: boolean): Side<number> {
  return { warmUps: isSmall ? 2 : 0, measure: firstPass(lab) }
}

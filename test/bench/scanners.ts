/**
 * scanners: pages/s of two scanners against one, each on a thread of its own, first pass over pages that all differ.
 * scanners.apart: of two that share nothing, each in a lab of its own with half of the pages, against the same one: what
 * is lost there is lost to the memory and the processors, not to what scanners share.
 *
 * Scanners first go over all pages once, to be compiled and warm; then they rest, the tables are put back, and they begin anew.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { nowNs } from '../../src/measure/clock.js'
import { counterRow, SCAN } from '../../src/measure/counters.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab, type LabOptions } from './lab.js'
import { type Figure, figureOf, interleave, partOf, perSecond } from './measure.js'

const ROUNDS = 7
const SCANNERS = 2
const GUESTS = [2 ** 17, 2 ** 17, 2 ** 17, 2 ** 17]
/** Each look takes something from one of the scanners' processors. */
const POLL_MS = 4
/** Long after any scanner has ended its batch. */
const REST_MS = 20
const LIMIT_SECONDS = 60

export const scannersBenches: Bench[] = [{ names: ['scanners', 'scanners.apart'], run: scanners }]

async function scanners(notes: Notes): Promise<Figure[]> {
  if (availableParallelism() < SCANNERS) {
    notes.add('without scanners: there is one processor for two of them')
    return []
  }
  const half = GUESTS.slice(GUESTS.length / SCANNERS)
  const pairs = await interleave(
    ROUNDS,
    {
      warmUps: 0,
      measure: async () => ({
        together: await firstPass([{ guests: GUESTS, scanners: SCANNERS }]),
        apart: await firstPass(Array.from({ length: SCANNERS }, () => ({ guests: half }))),
      }),
    },
    {
      warmUps: 0,
      measure: async () => {
        const one = await firstPass([{ guests: GUESTS }])
        return { together: one, apart: one }
      },
    },
  )
  const one = 'one scanner'
  return [
    figureOf(
      'scanners',
      'pages/s',
      one,
      partOf(pairs, ({ together }) => together),
    ),
    figureOf(
      'scanners.apart',
      'pages/s',
      one,
      partOf(pairs, ({ apart }) => apart),
    ),
  ]
}

/** Of the scanners of these labs, all at once. */
async function firstPass(options: readonly LabOptions[]): Promise<number> {
  await collectGarbage()
  const labs = options.map((lab) => new BenchLab({ ...lab, order: 'random' }))
  for (const lab of labs) {
    lab.fillUnique()
    lab.save()
  }
  const thread = new URL('scanner-thread.js', import.meta.url)
  const tasks = labs.flatMap((lab) => lab.scannerTasks)
  const workers = tasks.map((workerData) => new Worker(thread, { workerData }))
  try {
    await allHashed(labs)
    for (const { control } of labs) control.endPhase(0)
    await sleep(REST_MS)
    for (const lab of labs) lab.restore()
    const startNs = nowNs()
    for (const { control } of labs) control.startPhase(1, startNs)
    await allHashed(labs)
    return perSecond(pagesOf(labs), nowNs() - startNs)
  } finally {
    for (const { control } of labs) control.stop()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function pagesOf(labs: readonly BenchLab[]): number {
  return labs.reduce((sum, { handle }) => sum + handle.ptes.length, 0)
}

/** Waits until the scanners of labs whose pages all differ have hashed each page once, since the tables were last put back. */
async function allHashed(labs: readonly BenchLab[]): Promise<void> {
  const tasks = labs.flatMap((lab) => lab.scannerTasks)
  const rows = tasks.map(({ counters, thread }) => counterRow(counters, thread))
  const hashed = () => rows.reduce((sum, row) => sum + row[SCAN.pagesHashed]!, 0)
  const pages = pagesOf(labs)
  const goal = (Math.floor(hashed() / pages) + 1) * pages
  const limitNs = nowNs() + LIMIT_SECONDS * 1e9
  while (hashed() < goal) {
    if (nowNs() > limitNs) throw new Error('the scanners have not hashed all pages')
    await sleep(POLL_MS)
  }
}

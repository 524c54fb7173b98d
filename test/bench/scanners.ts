/**
 * scanners: pages/s of two scanners against one, each on a thread of its own, first pass over pages that all differ. A lab's
 * scanners first go over all pages once, to be compiled and warm; then they rest, the tables are put back, and they begin anew.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { nowNs } from '../../src/measure/clock.js'
import { counterRow, SCAN } from '../../src/measure/counters.js'
import type { Bench, Notes } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, perSecond } from './measure.js'

const ROUNDS = 7
const SCANNERS = 2
const GUESTS = [2 ** 17, 2 ** 17, 2 ** 17, 2 ** 17]
/** Each look takes something from one of the scanners' processors. */
const POLL_MS = 4
/** Long after any scanner has ended its batch. */
const REST_MS = 20
const LIMIT_SECONDS = 60

export const scannersBenches: Bench[] = [{ names: ['scanners'], run: scanners }]

async function scanners(notes: Notes): Promise<Figure[]> {
  if (availableParallelism() < SCANNERS) {
    notes.add('without scanners: there is one processor for two of them')
    return []
  }
  const scanning = (count: number) => async () => {
    await collectGarbage()
    return firstPass(count)
  }
  const pairs = await interleave(
    ROUNDS,
    { warmUps: 0, measure: scanning(SCANNERS) },
    { warmUps: 0, measure: scanning(1) },
  )
  return [figureOf('scanners', 'pages/s', 'one scanner', pairs)]
}

async function firstPass(scanners: number): Promise<number> {
  const lab = new BenchLab({ guests: GUESTS, order: 'random', scanners })
  lab.fillUnique()
  lab.save()
  const thread = new URL('scanner-thread.js', import.meta.url)
  const workers = lab.scannerTasks.map((workerData) => new Worker(thread, { workerData }))
  try {
    await allHashed(lab)
    lab.control.endPhase(0)
    await sleep(REST_MS)
    lab.restore()
    const goal = lab.handle.ptes.length
    const startNs = nowNs()
    lab.control.startPhase(1, startNs)
    await allHashed(lab)
    return perSecond(goal, nowNs() - startNs)
  } finally {
    lab.control.stop()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

/** Waits until the scanners of a lab whose pages all differ have hashed each page once, since the tables were last put back. */
async function allHashed({ handle, scannerTasks }: BenchLab): Promise<void> {
  const rows = scannerTasks.map(({ counters, thread }) => counterRow(counters, thread))
  const hashed = () => rows.reduce((sum, row) => sum + row[SCAN.pagesHashed]!, 0)
  const before = hashed()
  const goal = (Math.floor(before / handle.ptes.length) + 1) * handle.ptes.length
  const limitNs = nowNs() + LIMIT_SECONDS * 1e9
  while (hashed() < goal) {
    if (nowNs() > limitNs) throw new Error('the scanners have not hashed all pages')
    await sleep(POLL_MS)
  }
}

/**
 * observing.*: what it costs to look, as a part of the speed that is left. `stores`: words/s of a guest with all instruments
 * on against all off. `pages`: pages/s of a scanner on its own thread, beside a main thread that samples as often as the case
 * study does at time 1/128, against one that does not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { nowNs } from '../../src/measure/clock.js'
import { SCAN } from '../../src/measure/counters.js'
import type { Bench } from './bench.js'
import { collectGarbage } from './garbage.js'
import { BenchLab } from './lab.js'
import { type Figure, figureOf, interleave, perSecond } from './measure.js'
import { storedLab, updating } from './store.js'

const STORE_ROUNDS = 15
const ROUNDS = 7
const PAGES = 2 ** 18
const SAMPLE_MS = 60_000 / 128
const WINDOW_MS = 2 * SAMPLE_MS
const POLL_MS = 1

export const observingBenches: Bench[] = [
  { names: ['observing.stores'], run: stores },
  { names: ['observing.pages'], run: pages },
]

async function stores(): Promise<Figure[]> {
  await collectGarbage()
  const pairs = await interleave(STORE_ROUNDS, updating(storedLab(), 1), updating(storedLab(false), 1))
  return [figureOf('observing.stores', 'words/s', 'all instruments off', pairs)]
}

async function pages(): Promise<Figure[]> {
  await collectGarbage()
  const lab = new BenchLab({ guests: [PAGES], order: 'random' })
  lab.fillUnique()
  const worker = new Worker(new URL('scanner-thread.js', import.meta.url), { workerData: lab.scannerTask })
  const scanning = new Scanning(lab, worker)
  try {
    await scanning.begun()
    const watched = { warmUps: 1, measure: () => scanning.window(SAMPLE_MS) }
    const alone = { warmUps: 1, measure: () => scanning.window(Number.POSITIVE_INFINITY) }
    const pairs = await interleave(ROUNDS, watched, alone)
    return [figureOf('observing.pages', 'pages/s', 'no samples', pairs)]
  } finally {
    lab.control.stop()
    await worker.terminate()
  }
}

/** A scanner at work on a thread of its own. */
class Scanning {
  private failure: Error | undefined

  constructor(
    private readonly lab: BenchLab,
    worker: Worker,
  ) {
    worker.once('error', (error) => {
      this.failure = error as Error
    })
  }

  /** Its first pass leaves hints, and is not like those that follow. */
  async begun(): Promise<void> {
    while (this.lab.scanRow[SCAN.passes] === 0) await this.wait(POLL_MS)
  }

  /** Pages/s while samples are taken, the first at once. */
  async window(sampleMs: number): Promise<number> {
    const { scanRow, sampler } = this.lab
    const startNs = nowNs()
    const pagesBefore = scanRow[SCAN.pagesScanned]!
    for (let ms = 0; ms < WINDOW_MS; ms += sampleMs) {
      if (Number.isFinite(sampleMs)) sampler.sample(0, 'bench', undefined)
      await this.wait(Math.min(sampleMs, WINDOW_MS - ms))
    }
    return perSecond(scanRow[SCAN.pagesScanned]! - pagesBefore, nowNs() - startNs)
  }

  private async wait(ms: number): Promise<void> {
    await sleep(ms)
    if (this.failure !== undefined) throw this.failure
  }
}

/**
 * allocate.*: pairs/s of allocate and free of one frame, of 1, 2 and 4 threads together. Reference: what one thread does
 * alone, times the processors that the threads can have.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createAllocator } from '../../src/machine/allocator.js'
import { ACTIVE, ALLOCATE_WORDS, type AllocateTask, DONE, ROUND, STOP } from './allocate-task.js'
import type { Bench } from './bench.js'
import { type Figure, figureOf, interleave } from './measure.js'

const FRAMES = 2 ** 16
const THREADS = [1, 2, 4] as const
const ROUNDS = 7
const ROUND_MS = 150
const POLL_MS = 1

export const allocateBenches: Bench[] = THREADS.map((threads) => ({
  names: [`allocate.${threads}`],
  run: () => allocate(threads),
}))

async function allocate(threads: number): Promise<Figure[]> {
  const crew = new Crew(threads)
  try {
    const ours = { warmUps: 2, measure: () => crew.round(threads) }
    const parallel = Math.min(threads, availableParallelism())
    const alone = { warmUps: 1, measure: async () => parallel * (await crew.round(1)) }
    const pairs = await interleave(ROUNDS, ours, threads === 1 ? undefined : alone)
    return [figureOf(`allocate.${threads}`, 'pairs/s', `one thread alone, times ${parallel}`, pairs)]
  } finally {
    await crew.end()
  }
}

class Crew {
  private readonly words = new Int32Array(new SharedArrayBuffer(ALLOCATE_WORDS * 4))
  private readonly rates: Float64Array
  private readonly workers: Worker[]
  private failure: Error | undefined

  constructor(threads: number) {
    this.rates = new Float64Array(new SharedArrayBuffer(threads * 8))
    const layout = createAllocator(FRAMES, threads, 0)
    this.workers = Array.from({ length: threads }, (_, thread) => {
      const workerData: AllocateTask = { layout, thread, words: this.words, rates: this.rates }
      const worker = new Worker(new URL('allocate-worker.js', import.meta.url), { workerData })
      return worker.once('error', (error) => {
        this.failure = error as Error
      })
    })
  }

  /** The first so many threads go at once; returns what they did together, pairs/s. */
  async round(threads: number): Promise<number> {
    Atomics.store(this.words, DONE, 0)
    Atomics.store(this.words, ACTIVE, threads)
    const round = Atomics.add(this.words, ROUND, 1) + 1
    Atomics.notify(this.words, ROUND)
    await sleep(ROUND_MS)
    Atomics.store(this.words, STOP, round)
    while (Atomics.load(this.words, DONE) < threads) {
      if (this.failure !== undefined) throw this.failure
      await sleep(POLL_MS)
    }
    return this.rates.subarray(0, threads).reduce((sum, rate) => sum + rate, 0)
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }
}

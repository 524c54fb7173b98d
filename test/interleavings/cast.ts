/** The worker threads that play actors: they stay from schedule to schedule, and from race to race. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ResourceError } from '../../src/errors.js'
import { limitProcessors } from '../../src/host/affinity.js'

export class Cast {
  /** One of them does not listen any more, and no other race can be played. */
  isStuck = false

  private constructor(readonly workers: Worker[]) {}

  /** @param module compiled module of actor.ts, of this build or of a mutant's */
  static async hire(actors: number, module = new URL('actor.js', import.meta.url)): Promise<Cast> {
    shareOneProcessor()
    const options = { execArgv: ['--conditions=twinpage-interleaved'] }
    const workers = Array.from({ length: actors }, () => new Worker(module, options))
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    return new Cast(workers)
  }

  async dismiss(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }
}

/** Threads of which one runs at a time pass the baton more than twice as fast if they need not wake another processor for it. */
function shareOneProcessor(): void {
  try {
    limitProcessors(1)
  } catch (error) {
    // Where that can't be had it goes on, at the pace of the others.
    if (!(error instanceof ResourceError)) throw error
  }
}

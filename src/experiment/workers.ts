/**
 * Engine `threads`: one worker thread for each guest, and where the lab is the hypervisor one for each scanner and one for
 * the reclaimer, in one Piscina pool with exactly as many threads. With fewer, some tasks would wait for others to end,
 * and the start barrier for ever. In the place of a thread that ends the pool starts another, which stays idle, unless
 * a scanner is started anew on it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Piscina } from 'piscina'
import { messageOf } from '../errors.js'
import { addressSpace } from '../host/address-space.js'
import { nowNs } from '../measure/clock.js'
import type { Plan } from '../scenario/plan.js'
import type { Control } from '../sync/control.js'
import type { Engine, EngineResults } from './engine.js'
import type { GuestResult, ReclaimerResult, ScannerTask, WorkerTask } from './messages.js'
import type { RunFailure } from './run.js'
import { ScanGap } from './scan-gap.js'
import { scannerName, type Tasks } from './tasks.js'

const ENTRY_FILE = new URL('../../workers/entry.cjs', import.meta.url).href
const GUEST_FILE = new URL('../../workers/guest.js', import.meta.url).href
const SCANNER_FILE = new URL('../../workers/scanner.js', import.meta.url).href
const RECLAIMER_FILE = new URL('../../workers/reclaimer.js', import.meta.url).href

/**
 * Heap of one worker, which needs little: guest memory and all tables lie outside. A defect that fills it ends that thread,
 * and soon, instead of filling the machine.
 */
const HEAP_MAX_MB = 256

export class Workers implements Engine {
  readonly count: number
  private readonly pool: Piscina
  /** Of each worker that died and was not replaced. */
  readonly deaths: RunFailure[] = []
  private readonly dead = new Set<number>()
  /** From the death of a scanner to the start of the one in its place. */
  private readonly scanGaps: ScanGap[] = []
  private guests: Promise<GuestResult | undefined>[] = []
  private scanners: Promise<void>[] = []
  private reclaimer: Promise<ReclaimerResult | undefined> = Promise.resolve(undefined)
  private onReplaced: ((worker: number) => void) | undefined

  constructor(
    private readonly plan: Plan,
    private readonly control: Control,
    /** Asked for once, and not kept: a trace is in them. */
    private readonly tasks: () => Tasks,
  ) {
    this.count = control.workers
    this.pool = new Piscina({
      filename: ENTRY_FILE,
      minThreads: this.count,
      maxThreads: this.count,
      // Idle workers must not block in Atomics.wait: each task runs once, and the last message must get through.
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
    })
    // A thread that dies without a task, as one that was just started.
    this.pool.on('error', (error) => this.deaths.push(deathOf('a worker', error)))
  }

  /** Starts every worker's one task. */
  start(onReplaced?: (worker: number) => void): void {
    this.onReplaced = onReplaced
    const { guests, hypervisor } = this.tasks()
    this.guests = guests.map((task) => this.runTask<GuestResult>(task, GUEST_FILE, `guest ${task.plan.name}`))
    if (hypervisor === undefined) return
    this.scanners = hypervisor.scanners.map((task) => this.runScanner(task))
    this.reclaimer = this.runTask<ReclaimerResult>(hypervisor.reclaimer, RECLAIMER_FILE, 'the reclaimer')
  }

  nowNs(): number {
    return nowNs()
  }

  async sleep(ms: number): Promise<void> {
    await sleep(ms)
  }

  hasDeath(): boolean {
    return this.deaths.length > 0
  }

  /** Does none of them touch the machine any more? */
  areQuiet(): boolean {
    for (let thread = 0; thread < this.count; thread++) {
      if (!this.control.isQuiet(thread) && !this.dead.has(thread)) return false
    }
    return true
  }

  /** What the reader of the results must know of workers that died and were replaced. */
  messages(): string[] {
    return this.scanGaps.map(String)
  }

  async results(): Promise<EngineResults> {
    const [guests, reclaimer] = await Promise.all([
      Promise.all(this.guests),
      this.reclaimer,
      Promise.all(this.scanners),
    ])
    return { guests, reclaimer }
  }

  async destroy(): Promise<void> {
    await this.pool.destroy()
  }

  /** Runs a scanner, and under `onDeath: restart` another in its place if it dies. */
  private async runScanner(task: ScannerTask): Promise<void> {
    const name = scannerName(task)
    if (this.plan.scanner.onDeath === 'fail') return this.runTask(task, SCANNER_FILE, name)
    try {
      await this.pool.run({ file: SCANNER_FILE, task })
    } catch (error) {
      this.scanGaps.push(new ScanGap(this.plan, this.control, task, messageOf(error)))
      this.control.markAbsent(task.thread)
      this.onReplaced?.(task.thread)
      return this.runTask(task, SCANNER_FILE, `${name} that took over`)
    }
  }

  /** A worker that dies leaves no result, and a line that says so. */
  private async runTask<Result>(task: WorkerTask, file: string, name: string): Promise<Result | undefined> {
    try {
      return (await this.pool.run({ file, task })) as Result
    } catch (error) {
      this.dead.add(task.thread)
      this.deaths.push(deathOf(name, error))
      return undefined
    }
  }
}

function deathOf(name: string, error: unknown): RunFailure {
  const message = `${name} died: ${messageOf(error)}`
  const isRefusal =
    (error instanceof RangeError && /could not allocate memory/.test(error.message)) ||
    (error as NodeJS.ErrnoException).code === 'ERR_WORKER_INIT_FAILED'
  return isRefusal
    ? { kind: 'resources', message: `${message}; ${addressSpace()}` }
    : { kind: 'internal', message }
}

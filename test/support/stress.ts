/**
 * Stress of the page protocol: guests, two scanners and the reclaimer, each on a thread of its own at full speed, on few
 * pages and fewer frames. The threads and the machines, one for each setting, serve all rounds; a round begins on a
 * machine made new, and ends with everything checked that can be.
 */
import { tmpdir } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { PageVerification } from '../../src/experiment/messages.js'
import { compileKernels } from '../../src/kernels/kernels.js'
import { closeSwapFile, openSwapFile } from '../../src/machine/swap.js'
import { nowNs } from '../../src/measure/clock.js'
import { createCounters } from '../../src/measure/counters.js'
import { Control, type ControlHandle, createControl } from '../../src/sync/control.js'
import { auditFindings, inconsistencies, ksmInconsistencies, verificationFindings } from './stress-checks.js'
import { isStressed, type StressCounts, tally } from './stress-counts.js'
import { StressMachine, type StressMachineHandle } from './stress-machine.js'
import { GUESTS, KSM_PHASE_MS, KSM_PHASES, type StressSetting, THREADS } from './stress-settings.js'
import { until } from './threads.js'

/**
 * What a thread throws away while it runs (times, errors) is collected within so little memory that resident memory does
 * not depend on when that happens.
 */
const YOUNG_GENERATION_MB = 2

/** What a thread is given at its start. */
export interface StressTask {
  thread: number
  machines: { setting: StressSetting; handle: StressMachineHandle }[]
}

/** What a thread is given for a round. */
export interface RoundTask {
  /** Index of the machine that it is played on. */
  machine: number
  seed: number
  control: ControlHandle
  counters: Float64Array
}

export interface GuestReport {
  verification: PageVerification
  /** By the guest's own account, as below: its counters must say the same. */
  wordsStored: number
  wordsLoaded: number
  /** Accesses that got no frame in time, and were not made. */
  accessesGivenUp: number
}

/** What a thread has to tell after a round. */
export interface RoundReport {
  guest?: GuestReport
}

export interface RoundResult {
  seconds: number
  counts: StressCounts
  /** Whatever should not be; empty if all is well. */
  violations: string[]
}

export class Stress {
  private readonly swapFds: number[] = []
  private readonly machines: StressMachine[]
  private readonly workers: Worker[]
  private readonly failures: string[] = []
  /** By thread. */
  private readonly reports = new Map<number, RoundReport>()
  private counters = createCounters(THREADS)

  constructor(private readonly settings: readonly StressSetting[]) {
    const kernels = compileKernels()
    this.machines = settings.map((setting) => new StressMachine(setting, kernels, this.swapFdFor(setting)))
    const machines = this.machines.map(({ handle }, index) => ({ setting: settings[index]!, handle }))
    this.workers = Array.from({ length: THREADS }, (_, thread) => this.startThread({ thread, machines }))
  }

  /**
   * One round on the machine of one setting: at least `roundMs`, and until every kind of event has happened often enough
   * to mean something; less when `signal` ends it.
   */
  async round(index: number, seed: number, roundMs: number, signal?: AbortSignal): Promise<RoundResult> {
    this.machines[index]!.reset()
    this.reports.clear()
    this.counters = createCounters(THREADS)
    const startNs = nowNs()
    const isOver = () => {
      if (signal?.aborted === true) return true
      return nowNs() - startNs >= roundMs * 1e6 && isStressed(this.settings[index]!, this.counts())
    }
    const violations = await this.play(index, seed, isOver).catch((error: Error) => [error.message])
    return { seconds: (nowNs() - startNs) / 1e9, counts: this.counts(), violations }
  }

  /** Counts of the round that is on, or of the last one. */
  counts(): StressCounts {
    return tally(this.counters)
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
    for (const fd of this.swapFds) closeSwapFile(fd)
  }

  /** @throws Error when a thread fails, or hangs */
  private async play(index: number, seed: number, isOver: () => boolean): Promise<string[]> {
    const machine = this.machines[index]!
    const phases = this.settings[index]!.ksm === undefined ? 1 : KSM_PHASES
    const handle = createControl(GUESTS, THREADS, phases)
    const control = new Control(handle)
    const task: RoundTask = { machine: index, seed, control: handle, counters: this.counters }
    for (const worker of this.workers) worker.postMessage(task)
    try {
      await this.until('all threads have begun', () => control.attachedWorkers() === THREADS)
      const startNs = nowNs()
      control.startRun(startNs)
      control.startPhase(0, startNs)
      await this.until('every kind of event has happened', () => {
        leadPhases(control, phases, nowNs() - startNs)
        return isOver()
      })
    } finally {
      control.stop()
    }
    const areQuiet = () => this.workers.every((_, thread) => control.isQuiet(thread))
    await this.until('all threads have come to rest', areQuiet)
    const audited = auditFindings(machine, this.settings[index]!)
    control.verify()
    await this.until('all threads have reported', () => this.reports.size === THREADS)
    const guests = Array.from({ length: GUESTS }, (_, guest) => this.reports.get(guest)!.guest!)
    const verified = verificationFindings(guests, this.settings[index]!)
    const accounts = this.settings[index]!.ksm && ksmInconsistencies(machine, this.counters)
    return [
      ...audited,
      ...verified,
      ...inconsistencies(machine, this.settings[index]!, guests, this.counts()),
      ...(accounts ?? []),
    ]
  }

  private async until(what: string, holds: () => boolean): Promise<void> {
    await until(() => this.failures.length > 0 || holds(), what)
    if (this.failures.length > 0) throw new Error(this.failures.join('\n'))
  }

  private swapFdFor({ swap }: StressSetting): number | undefined {
    if (!swap) return undefined
    const { fd } = openSwapFile(tmpdir())
    this.swapFds.push(fd)
    return fd
  }

  private startThread(workerData: StressTask): Worker {
    const worker = new Worker(new URL('stress-worker.js', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    worker.on('message', (report: RoundReport) => {
      this.reports.set(workerData.thread, report)
    })
    worker.on('error', (error: Error) => {
      this.failures.push(`thread ${workerData.thread}: ${error.stack}`)
    })
    return worker
  }
}

/** Starts the phase that is due; phases that the main thread comes too late for are passed over. */
function leadPhases(control: Control, phases: number, elapsedNs: number): void {
  const due = Math.min(phases - 1, Math.floor(elapsedNs / (KSM_PHASE_MS * 1e6)))
  if (due > control.phase()) control.startPhase(due, nowNs())
}

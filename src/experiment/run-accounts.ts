/**
 * What the kernel counts of a run's threads and of its host, from the start of the run on: the first reading is that start.
 * Their files are kept open, so a reading costs a few system calls for each thread.
 */
import { type HostClock, type HostTimes, openHostClock, type ProcessorSeconds } from '../host/host-times.js'
import { type ThreadAccount, WorkerAccount } from '../host/threads.js'
import { nowNs } from '../measure/clock.js'
import type { Control } from '../sync/control.js'
import type { HostSample, Sample, ThreadSample } from './outcome.js'

export interface Accounts {
  read(): Pick<Sample, 'threads' | 'host'>
  /** Gives the files back. */
  close(): void
}

/** Of a run that has no threads of its own. */
export const NO_ACCOUNTS: Accounts = { read: () => ({}), close: () => {} }

export class RunAccounts implements Accounts {
  private readonly control: Control
  private readonly workers: readonly WorkerClock[]
  private readonly host = openHostClock()
  private hostStart: HostTimes | undefined
  /** The first reading, since the start of the run: the time in which that is held is not counted. */
  private startNs: number | undefined

  /**
   * @param control the workers of it are all threads of the run
   * @param ksmd number of one more, which is not of this process; undefined: it is not known
   */
  constructor(control: Control, ksmd?: { pid: number | undefined }) {
    this.control = control
    const workers = Array.from(
      { length: control.workers },
      (_, worker) => new WorkerClock(new WorkerAccount(), () => control.threadId(worker)),
    )
    const others =
      ksmd === undefined ? [] : [new WorkerClock(new WorkerAccount('/proc'), () => ksmd.pid ?? 0)]
    this.workers = [...workers, ...others]
  }

  read(): Pick<Sample, 'threads' | 'host'> {
    const runNs = nowNs() - this.control.runStartNs()
    this.startNs ??= runNs
    const wallNs = runNs - this.startNs
    const threads = this.workers.map((worker) => worker.read(wallNs))
    return { threads, host: this.host && this.hostSample(this.host) }
  }

  close(): void {
    for (const worker of this.workers) worker.close()
    this.host?.close()
  }

  private hostSample(host: HostClock): HostSample {
    const { run, whole } = host.read()
    this.hostStart ??= { run, whole }
    return {
      processors: host.processors,
      run: since(this.hostStart.run, run),
      whole: since(this.hostStart.whole, whole),
    }
  }
}

/** The account of one worker since the first reading. */
class WorkerClock {
  private isStarted = false
  private start: ThreadAccount | undefined
  private asleepNs = 0

  constructor(
    private readonly account: WorkerAccount,
    private readonly threadId: () => number,
  ) {}

  /** @param wallNs since the first reading */
  read(wallNs: number): ThreadSample | undefined {
    const now = this.account.read(this.threadId())
    if (!this.isStarted) this.start = now
    this.isStarted = true
    if (now === undefined) return undefined
    const count = (field: keyof ThreadAccount) => now[field] - (this.start?.[field] ?? 0)
    const cpuNs = count('cpuNs')
    const waitingNs = count('waitingNs')
    this.asleepNs = Math.max(this.asleepNs, wallNs - cpuNs - waitingNs)
    return {
      cpuSeconds: cpuNs / 1e9,
      waitingSeconds: waitingNs / 1e9,
      asleepSeconds: this.asleepNs / 1e9,
      slices: count('slices'),
      voluntarySwitches: count('voluntarySwitches'),
      involuntarySwitches: count('involuntarySwitches'),
    }
  }

  close(): void {
    this.account.close()
  }
}

function since(start: ProcessorSeconds, now: ProcessorSeconds): ProcessorSeconds {
  return { busy: now.busy - start.busy, idle: now.idle - start.idle, stolen: now.stolen - start.stolen }
}

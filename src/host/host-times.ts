/**
 * How busy processors are, by the kernel's account: the lines of /proc/stat for each of them (proc_stat(5)).
 *
 *   busy    user, nice, system, irq, softirq. What virtual machines run (guest, guest_nice) is in user and nice already
 *   stolen  steal: it had work, but the hypervisor below ran something else; neither busy nor free
 *   idle    idle, and iowait: a processor whose thread waits for a disk is free for whoever wants it
 *
 * Most kernels count busy time by the tick, in which they sample who runs, so it is right over seconds and not over
 * milliseconds; a thread's own account (threads.ts) is exact.
 */
import { cpus } from 'node:os'
import { allowedProcessors } from './affinity.js'
import { ProcFile } from './proc-file.js'

/** Of some processors together, in seconds. */
export interface ProcessorSeconds {
  busy: number
  idle: number
  stolen: number
}

export interface HostTimes {
  /** Of the processors that this process may use. */
  run: ProcessorSeconds
  /** Of all that the machine has. */
  whole: ProcessorSeconds
}

/** In which the kernel tells these times (USER_HZ), on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100
/** Of a line for one processor, with room to spare. */
const LINE_BYTES = 256

/** Undefined where the system doesn't tell. */
export function openHostClock(): HostClock | undefined {
  const processors = allowedProcessors()
  if (processors === undefined) return undefined
  try {
    return new HostClock(new ProcFile('/proc/stat'), processors)
  } catch {
    return undefined
  }
}

/** The times of a machine's processors since boot. */
export class HostClock {
  private readonly text = Buffer.alloc((1 + cpus().length) * LINE_BYTES)

  constructor(
    private readonly file: Pick<ProcFile, 'readInto' | 'close'>,
    /** Numbers of those that the run may use. */
    readonly processors: readonly number[],
  ) {}

  read(): HostTimes {
    return parseHostTimes(this.text.toString('latin1', 0, this.file.readInto(this.text)), this.processors)
  }

  close(): void {
    this.file.close()
  }
}

/** @param stat the beginning of /proc/stat, the lines `cpu` and `cpuN`; one that is switched off has none */
export function parseHostTimes(stat: string, processors: readonly number[]): HostTimes {
  const times: HostTimes = { run: noTime(), whole: noTime() }
  for (const [, number, counts] of stat.matchAll(/^cpu(\d*)((?: +\d+)+)$/gm)) {
    if (number === '') add(times.whole, counts!)
    else if (processors.includes(Number(number))) add(times.run, counts!)
  }
  return times
}

function noTime(): ProcessorSeconds {
  return { busy: 0, idle: 0, stolen: 0 }
}

function add(times: ProcessorSeconds, counts: string): void {
  const ticks = counts.trim().split(/ +/).map(Number)
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = ticks
  times.busy += (user + nice + system + irq + softirq) / TICKS_PER_SECOND
  times.idle += (idle + iowait) / TICKS_PER_SECOND
  times.stolen += steal / TICKS_PER_SECOND
}

/**
 * The lab's scanners, by their rows of counters. Of several, counts and times are those of all together; a pass of all is
 * over when each has been through its own pages.
 */
import { WorkerTimes } from '../host/threads.js'
import { counterRow, LAST_PASS, SCAN, sumCounters } from '../measure/counters.js'
import { ScanPart } from '../sharing/scan-part.js'
import type { Control } from '../sync/control.js'
import type { Pass, Scan } from './backend.js'
import type { ScannerTask } from './messages.js'
import type { ScanCounters } from './outcome.js'

export class LabScan implements Scan {
  readonly passesToSettle = 1
  private readonly rows: readonly Float64Array[]
  /** Of the scanners that have pages: an empty part holds up no pass. Where nobody has any, no pass is ever over. */
  private readonly busyRows: readonly Float64Array[]
  private readonly times: readonly { thread: number; worker: WorkerTimes }[]

  constructor(
    scanners: readonly ScannerTask[],
    private readonly control: Control,
  ) {
    this.rows = scanners.map(rowOf)
    const busy = scanners.filter(hasPages)
    this.busyRows = (busy.length > 0 ? busy : scanners).map(rowOf)
    this.times = scanners.map(({ thread }) => ({ thread, worker: new WorkerTimes() }))
  }

  passes(): readonly number[] {
    return this.busyRows.map((row) => row[SCAN.passes]!)
  }

  lastPass(): Pass {
    return sumCounters(this.rows, LAST_PASS)
  }

  counters(): ScanCounters {
    const passes = Math.min(...this.passes())
    return { ...sumCounters(this.rows, SCAN), passes, ...this.threadSeconds() }
  }

  private threadSeconds(): Pick<ScanCounters, 'cpuSeconds' | 'waitingSeconds'> {
    const times = this.times
      .map(({ thread, worker }) => worker.read(this.control.threadId(thread)))
      .filter((time) => time !== undefined)
    if (times.length === 0) return { cpuSeconds: undefined, waitingSeconds: undefined }
    return {
      cpuSeconds: times.reduce((sum, { cpuNs }) => sum + cpuNs, 0) / 1e9,
      waitingSeconds: times.reduce((sum, { waitingNs }) => sum + waitingNs, 0) / 1e9,
    }
  }
}

function rowOf({ counters, thread }: ScannerTask): Float64Array {
  return counterRow(counters, thread)
}

function hasPages({ index, plan, guests }: ScannerTask): boolean {
  const part = new ScanPart(index, plan.scanner.count)
  return guests.some((guest) => part.pagesOf(guest) > 0)
}

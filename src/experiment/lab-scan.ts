/**
 * The lab's scanners, by their rows of counters. Of several, counts and times are those of all together; a pass of all is
 * over when each has been through its own pages.
 */
import { counterRow, LAST_PASS, SCAN, sumCounters } from '../measure/counters.js'
import { ScanPart } from '../sharing/scan-part.js'
import type { Pass, Scan } from './backend.js'
import type { ScannerTask } from './messages.js'
import type { ScanCounters, ThreadSample } from './outcome.js'

export class LabScan implements Scan {
  readonly passesToSettle = 1
  private readonly rows: readonly Float64Array[]
  /** Of the scanners that have pages: an empty part holds up no pass. Where nobody has any, no pass is ever over. */
  private readonly busyRows: readonly Float64Array[]

  constructor(private readonly scanners: readonly ScannerTask[]) {
    this.rows = scanners.map(rowOf)
    const busy = scanners.filter(hasPages)
    this.busyRows = (busy.length > 0 ? busy : scanners).map(rowOf)
  }

  passes(): readonly number[] {
    return this.busyRows.map((row) => row[SCAN.passes]!)
  }

  lastPass(): Pass {
    return sumCounters(this.rows, LAST_PASS)
  }

  /** @param threads of all workers, where the system tells of them */
  counters(threads: readonly (ThreadSample | undefined)[] = []): ScanCounters {
    const passes = Math.min(...this.passes())
    return { ...sumCounters(this.rows, SCAN), passes, ...this.threadSeconds(threads) }
  }

  private threadSeconds(
    threads: readonly (ThreadSample | undefined)[],
  ): Pick<ScanCounters, 'cpuSeconds' | 'waitingSeconds'> {
    const own = this.scanners.map(({ thread }) => threads[thread]).filter((times) => times !== undefined)
    if (own.length === 0) return { cpuSeconds: undefined, waitingSeconds: undefined }
    return {
      cpuSeconds: own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      waitingSeconds: own.reduce((sum, { waitingSeconds }) => sum + waitingSeconds, 0),
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

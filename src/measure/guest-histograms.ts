/** The latency histograms of one guest, all in ns. One set serves a whole run: it is emptied at each phase. */
import { COW_LATENCIES } from './counters.js'
import { latencyBucketOf } from './latency-buckets.js'
import { LatencyCounts, type RecordedLatencies } from './latency-counts.js'

export class GuestHistograms {
  /** A CoW fault, from the store that failed to the same store done. */
  readonly cow = new LatencyCounts()
  /** The same faults, from when the operation that the store belongs to was to begin (GuestRam's `intendedNs`). */
  readonly cowFromIntended = new LatencyCounts()
  /** Its parts, of one fault in several: until the PTE was locked, a frame allocated, the page copied, the PTE remapped, the store done. */
  readonly cowLock = new LatencyCounts()
  readonly cowAllocation = new LatencyCounts()
  readonly cowCopy = new LatencyCounts()
  readonly cowRemap = new LatencyCounts()
  readonly cowStore = new LatencyCounts()
  /** The control: stores of words, and of whole pages, that met a writable page (a sample of them). */
  readonly store = new LatencyCounts()
  readonly storePage = new LatencyCounts()
  /** A touch of a swapped page, until it is back. */
  readonly swapIn = new LatencyCounts()
  /** Waiting for a frame when none was free. */
  readonly stall = new LatencyCounts()

  /**
   * A CoW fault that is done: here, and by its service time in the guest's live counters.
   *
   * @param counters the guest's row
   */
  recordFault(counters: Float64Array, intendedNs: number, startNs: number, doneNs: number): void {
    const serviceNs = doneNs - startNs
    this.cow.recordNs(serviceNs)
    this.cowFromIntended.recordNs(doneNs - Math.min(intendedNs, startNs))
    counters[COW_LATENCIES + latencyBucketOf(serviceNs)]! += 1
  }

  /** Everything recorded since the last call, under the metrics' names; empties the histograms. */
  take(): RecordedLatencies[] {
    const metrics: [string, LatencyCounts][] = [
      ['cow', this.cow],
      ['cow.fromIntended', this.cowFromIntended],
      ['cow.lock', this.cowLock],
      ['cow.allocation', this.cowAllocation],
      ['cow.copy', this.cowCopy],
      ['cow.remap', this.cowRemap],
      ['cow.store', this.cowStore],
      ['store', this.store],
      ['store.page', this.storePage],
      ['swapIn', this.swapIn],
      ['stall', this.stall],
    ]
    return metrics.map(([metric, counts]) => counts.take(metric))
  }
}

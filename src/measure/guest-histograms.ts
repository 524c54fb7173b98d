/** The latency histograms of one guest, all in ns. One set serves a whole run: it is emptied at each phase. */
import { type EncodedHistogram, LatencyHistogram } from './histograms.js'

export class GuestHistograms {
  /** A CoW fault, from the store that failed to the same store done. */
  readonly cow = new LatencyHistogram()
  /** Its parts, of one fault in several: until the PTE was locked, a frame allocated, the page copied, the store done. */
  readonly cowLock = new LatencyHistogram()
  readonly cowAllocation = new LatencyHistogram()
  readonly cowCopy = new LatencyHistogram()
  readonly cowRemap = new LatencyHistogram()
  /** The control: stores that met a writable page (a sample of them). */
  readonly store = new LatencyHistogram()
  /** A touch of a swapped page, until it is back. */
  readonly swapIn = new LatencyHistogram()
  /** Waiting for a frame when none was free. */
  readonly stall = new LatencyHistogram()

  /** Everything recorded since the last call, under the metrics' names; empties the histograms. */
  take(): EncodedHistogram[] {
    const metrics: [string, LatencyHistogram][] = [
      ['cow', this.cow],
      ['cow.lock', this.cowLock],
      ['cow.allocation', this.cowAllocation],
      ['cow.copy', this.cowCopy],
      ['cow.remap', this.cowRemap],
      ['store', this.store],
      ['swapIn', this.swapIn],
      ['stall', this.stall],
    ]
    return metrics.map(([metric, histogram]) => {
      const encoded = histogram.encode(metric)
      histogram.reset()
      return encoded
    })
  }
}

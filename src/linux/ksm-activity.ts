/** What KSM did between two readings. Where the kernel does not tell, null. */
import type { KsmReading } from './ksm-reading.js'

const MS_PER_SECOND = 1000
const NS_PER_SECOND = 1e9

export interface KsmActivity {
  intervalSeconds: number
  scannedPagesPerSecond: number | null
  skippedPagesPerSecond: number | null
  cowBreaksPerSecond: number | null
  /** ksmd's time on a processor, as a share of one. */
  ksmdCpuRatio: number | null
  /** Its time runnable, but waiting for one. */
  ksmdWaitingRatio: number | null
}

type Counting = Pick<KsmReading, 'monotonicMs' | 'counters' | 'events' | 'ksmd'>

export function ksmActivity(before: Counting, after: Counting): KsmActivity {
  const intervalSeconds = (after.monotonicMs - before.monotonicMs) / MS_PER_SECOND
  const perSecond = (count: (reading: Counting) => number | undefined) => {
    const [first, last] = [count(before), count(after)]
    return first === undefined || last === undefined || last < first ? null : (last - first) / intervalSeconds
  }
  const ratio = (timeNs: (reading: Counting) => number | undefined) => {
    const nsPerSecond = perSecond(timeNs)
    return nsPerSecond === null ? null : nsPerSecond / NS_PER_SECOND
  }
  return {
    intervalSeconds,
    scannedPagesPerSecond: perSecond(({ counters }) => counters.pages_scanned),
    skippedPagesPerSecond: perSecond(({ counters }) => counters.pages_skipped),
    cowBreaksPerSecond: perSecond(({ events }) => events.cow_ksm),
    ksmdCpuRatio: ratio(({ ksmd }) => ksmd?.cpuNs),
    ksmdWaitingRatio: ratio(({ ksmd }) => ksmd?.waitingNs),
  }
}

/**
 * How long the scanner takes for a pass. The kernel tells only how many there were, so this watches for changes, and
 * is as precise as it is given readings.
 */
export class PassClock {
  private last: { passes: number; atMs: number } | undefined
  private changedAtMs: number | undefined
  /** Of the passes completed last; null until one was seen from its beginning to its end. */
  passSeconds: number | null = null

  take({ counters, monotonicMs }: Counting): void {
    const passes = counters.full_scans ?? 0
    const last = this.last ?? { passes, atMs: monotonicMs }
    this.last = { passes, atMs: monotonicMs }
    const completed = passes - last.passes
    if (completed === 0) return
    if (completed < 0) {
      // An unmerge: the count is 0 again, and nobody knows when the pass began that is on.
      this.changedAtMs = undefined
      this.passSeconds = null
      return
    }
    // Of several passes within one reading the first was on already: their number is right to one.
    const beganAtMs = this.changedAtMs ?? (completed > 1 ? last.atMs : undefined)
    if (beganAtMs !== undefined) this.passSeconds = (monotonicMs - beganAtMs) / completed / MS_PER_SECOND
    this.changedAtMs = monotonicMs
  }
}

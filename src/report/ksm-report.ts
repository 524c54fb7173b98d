/** What `twinpage top` says after each interval, as data: what `--json` prints and the text is made of. */
import { type KsmActivity, ksmActivity } from '../linux/ksm-activity.js'
import type { KsmReading } from '../linux/ksm-reading.js'
import { pagesToMiB } from './units.js'

export interface KsmReport
  extends KsmActivity,
    Pick<KsmReading, 'counters' | 'events' | 'settings' | 'processes'> {
  time: string
  /** Mappings of merged pages, and the frames that are left of them. */
  mergedMiB: number
  mergedIntoMiB: number
  /** Mappings of the zero page that KSM placed. */
  zeroMiB: number
  savedMiB: number
  /** Saved, less what KSM's own rmap_items take. */
  profitMiB: number | null
  /** Of the pass that was completed last, null until one was seen. */
  passSeconds: number | null
  /** Whose account only root may read. */
  unreadableProcesses: number
  /** What a reader must know to take the figures rightly, a line each. */
  notes: string[]
}

export function ksmReport(before: KsmReading, after: KsmReading, passSeconds: number | null): KsmReport {
  const { at, counters, events, settings, processes, unreadable } = after
  const { pages_shared = 0, pages_sharing = 0, ksm_zero_pages = 0, general_profit } = counters
  const activity = ksmActivity(before, after)
  return {
    time: at.toISOString(),
    ...activity,
    passSeconds,
    mergedMiB: pagesToMiB(pages_shared + pages_sharing),
    mergedIntoMiB: pagesToMiB(pages_shared),
    zeroMiB: pagesToMiB(ksm_zero_pages),
    savedMiB: pagesToMiB(pages_sharing + ksm_zero_pages),
    profitMiB: general_profit === undefined ? null : bytesToMiB(general_profit),
    notes: notesOn(before, after, activity),
    counters,
    events,
    settings,
    processes: processes.toSorted(byProfit),
    unreadableProcesses: unreadable,
  }
}

export function bytesToMiB(bytes: number): number {
  return bytes / 2 ** 20
}

type Process = KsmReading['processes'][number]

function byProfit(a: Process, b: Process): number {
  const profit = (b.ksm_process_profit ?? 0) - (a.ksm_process_profit ?? 0)
  const merged = (b.ksm_merging_pages ?? 0) - (a.ksm_merging_pages ?? 0)
  return profit || merged || a.pid - b.pid
}

/** A first pass only takes checksums; in a second one pages may be merged for the first time. */
const PASSES_TO_MERGE = 2

function notesOn(before: KsmReading, after: KsmReading, activity: KsmActivity): string[] {
  const { settings, counters, processes, unreadable } = after
  const { full_scans = 0, general_profit = 0 } = counters
  const notes: string[] = []
  if (settings.run === 0) {
    notes.push('KSM is off (run is 0): nothing is scanned, what is merged stays merged.')
  } else if (settings.run === 2) {
    notes.push('KSM is off (run is 2): everything was unmerged, nothing is scanned.')
  }
  if (processes.length === 0) notes.push(`No process${whichProcesses(after)} has mergeable memory.`)
  const lossKiB = (-general_profit / 1024).toFixed(1)
  if (settings.run === 0 || settings.run === 2) {
    if (general_profit < 0) notes.push(`KSM's items take ${lossKiB} KiB more than is saved.`)
  } else if (full_scans >= PASSES_TO_MERGE) {
    if (general_profit < 0) {
      notes.push(`Scanning costs more than it saves: KSM's items take ${lossKiB} KiB more.`)
    } else if (isScanning(activity) && !saves(before) && !saves(after)) {
      notes.push(`Scanning costs more than it saves: nothing is merged after ${full_scans} passes.`)
    }
  }
  if (unreadable > 0) notes.push(`${unreadable} processes could not be read: that takes root.`)
  return notes
}

/** In a PID namespace KSM counts pages of processes outside it too, which are not seen. */
function whichProcesses({ counters, unreadable }: KsmReading): string {
  if (unreadable > 0) return ' that can be read'
  const { pages_shared = 0, pages_sharing = 0, ksm_zero_pages = 0 } = counters
  const { pages_unshared = 0, pages_volatile = 0 } = counters
  const pages = pages_shared + pages_sharing + ksm_zero_pages + pages_unshared + pages_volatile
  return pages > 0 ? ' that can be seen' : ''
}

function isScanning({ scannedPagesPerSecond, ksmdCpuRatio }: KsmActivity): boolean {
  return (scannedPagesPerSecond ?? 0) > 0 || (ksmdCpuRatio ?? 0) > 0
}

function saves({ counters: { pages_sharing = 0, ksm_zero_pages = 0 } }: KsmReading): boolean {
  return pages_sharing + ksm_zero_pages > 0
}

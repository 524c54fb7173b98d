/**
 * What a run finds out: a sample for every point of the time series, and the summary at the end.
 * Base units are kept here (pages, seconds, ns); reports alone turn them into MiB and the like.
 */
import type { HostTimes } from '../host/host-times.js'
import type { KsmCounters, KsmStat } from '../ksm/counters.js'
import type { HostKsmStat } from '../linux/ksm-stat.js'
import type { LatencyNs } from '../measure/histograms.js'
import type { RecordedLatencies } from '../measure/latency-counts.js'
import type { Plan } from '../scenario/plan.js'
import type { Reason } from './reasons.js'

/** One guest at one sample. What the host's kernel does not tell of a guest is undefined. */
export interface GuestSample {
  presentPages: number
  /** Guest pages mapped to shared frames. */
  sharedPages: number | undefined
  /**
   * Its part of what is saved (esxtop SHRDSVD): a shared frame is charged in equal parts to the pages that map it, and
   * each page saves the rest. The parts of all guests add up to the whole.
   */
  savedPages: number | undefined
  /** Shared pages that hold only zeros (esxtop ZERO). */
  zeroPages: number | undefined
  /** Pages that are hints: scanned, equal to no other so far, and not stored to since (esxtop COWH). Policy `tps` only. */
  cowHintPages: number | undefined
  swappedPages: number
  stores: number
  loads: number
  firstTouches: number
  cowFaults: number
  stalls: number
  lockWaits: number
  swapIns: number
  /** Open-loop operations that were due in a phase but not done when it had to end. */
  missed: number
  /** Policy `ksm` only. */
  ksm: KsmStat | undefined
}

/** A thread by the kernel's account (host/threads.ts), since the start of the run. */
export interface ThreadSample {
  /** Time on a processor. */
  cpuSeconds: number
  /** Time runnable, but waiting for one. */
  waitingSeconds: number
  /** What is left of the time since the start. It never falls: a wait that is on counts as sleep until it is over. */
  asleepSeconds: number
  /** How often it was given a processor. */
  slices: number
  voluntarySwitches: number
  involuntarySwitches: number
}

/** The whole lab at one point in time. Counters are cumulative since the start of the run. */
export interface Sample {
  /** Scenario seconds, as the scenario file counts them: wall seconds of the run times scale.time. */
  timeSeconds: number
  phase: string
  /** Index of the trace's snapshot that the guests' memory equals at this moment, else undefined. */
  snapshot: number | undefined
  presentPages: number
  sharedPages: number
  sharedCommonPages: number
  savedPages: number
  zeroPages: number
  swappedPages: number
  opportunityPages: number
  footprintPages: number
  /** Pages that were shared at an earlier sample, and hold now what no other page does: opportunity that is lost. */
  brokenPages: number | undefined
  /** What is missing of opportunityPages, by reason: adds up to opportunity − saved. Policy `tps` only. */
  notShared: Record<Reason, number> | undefined
  scan: ScanCounters
  cowFaults: number
  /** The same by service time, a count for each bucket (measure/latency-buckets.ts); undefined: nothing is timed. */
  cowLatencies: number[] | undefined
  swapOuts: number
  swapIns: number
  /** Pages shared by the reclaimer instead of being swapped out. */
  reclaimMerges: number
  stores: number
  /** Policy `ksm` only. */
  ksm: KsmSample | undefined
  /** Backend `linux-ksm` only. */
  linux?: LinuxSample
  guests: GuestSample[]
  /** In the order of threadNames, undefined where the system doesn't tell; not there where a run has no threads. */
  threads?: (ThreadSample | undefined)[] | undefined
  /** Not there where the system doesn't tell. */
  host?: HostSample | undefined
}

/** The machine's processors by the kernel's account (host/host-times.ts), in seconds since the start of the run. */
export interface HostSample extends HostTimes {
  /** Numbers of those that the run may use. */
  processors: readonly number[]
}

/** KSM at one point in time, the lab's or the kernel's; undefined: the kernel is too old to tell. */
export type KsmSample = { [Name in keyof KsmCounters]: number | undefined } & {
  /** Pages of a batch: as set, or as the advisor has decided. */
  pages_to_scan: number | undefined
  /** The kernel's own count of copy-on-write breaks since the start of the run (/proc/vmstat); none in the lab. */
  cow_ksm: number | undefined
}

/** What there is to tell of the host's kernel besides. */
export interface LinuxSample {
  /** CoW faults that met a page of zeros: not in `cow_ksm` where the kernel's zero page was mapped (use_zero_pages). */
  zeroPageFaults: number
  /** Of this process, whose threads all guests are. */
  ksm_stat: HostKsmStat | undefined
}

/** The scanners' account of themselves, cumulative. ksmd keeps none of what is optional here. */
export interface ScanCounters {
  pagesScanned: number
  pagesHashed?: number
  pagesCompared?: number
  merges?: number
  staleHints?: number
  falseMatches?: number
  lockFailures?: number
  passes: number
  /** Pages that the rate settings allowed so far; Infinity is never used: unthrottled phases add what was scanned. */
  pagesAsked?: number
  /** From the kernel's accounting of the scanners' threads; undefined where there is none. */
  cpuSeconds: number | undefined
  waitingSeconds: number | undefined
}

/** Who looks on while a run goes. */
export interface RunObserver {
  /** Called with each sample, in order. */
  onSample?: (sample: Sample) => void
  /** Called several times a second while a phase runs, and when `start` and `verify` begin; scenario seconds since the start. */
  onProgress?: (phase: string, timeSeconds: number) => void
}

/** A phase that was run, if only in part: the samples at its start and at its end. */
export interface PhaseRecord {
  name: string
  /** False for warm-up: a phase that ends by scan passes. */
  measured: boolean
  start: Sample
  end: Sample
}

/** The latencies of one guest in one phase. */
export interface GuestPhaseHistograms {
  guest: string
  phase: string
  /** Scenario seconds. */
  startSeconds: number
  endSeconds: number
  /** Wall-clock milliseconds since the epoch, for the log. */
  startEpochMs: number
  endEpochMs: number
  histograms: RecordedLatencies[]
}

export interface CowSummary {
  faults: number
  faultsPerSecond: number
  /** Service time: from the failed store to the finished one. */
  latencyNs: LatencyNs | null
  /** From when the operation that the store belongs to was to begin. */
  fromIntendedNs: LatencyNs | null
}

export interface PhaseGuestSummary {
  presentMiB: number
  /** Null, as the next two: the host's kernel does not tell it of a guest. */
  sharedMiB: number | null
  savedMiB: number | null
  zeroMiB: number | null
  swappedMiB: number
  stores: { count: number; perSecond: number }
  loads: { count: number }
  firstTouches: number
  cow: CowSummary
  stalls: number
  lockWaits: number
  missed: number
  swap: { ins: number }
  /** At the phase's end; policy `ksm` only. */
  ksm_stat?: KsmStat
}

/** MiB of the scaled memory; `fullSize` repeats the memory figures times scale.memory. */
export interface MemoryFigures {
  sharedMiB: number
  sharedCommonMiB: number
  savedMiB: number
  zeroMiB: number
  footprintMiB: number
  opportunityMiB: number
  swappedMiB: number
}

export interface PhaseSummary extends MemoryFigures {
  name: string
  /** Scenario seconds; rates per second are of wall time, and of the scaled memory. */
  startSeconds: number
  endSeconds: number
  /** False for warm-up, which ends by scan passes and not by time. */
  measured: boolean
  /** saved / opportunity at the end; null when nothing could be saved. */
  captureRatio: number | null
  /** opportunity − saved at the end, by reason; null where it is not known: policy `ksm`. */
  notShared: Record<`${Reason}MiB`, number> | null
  /** What sharing was broken by a store and is no other page's content now, at the end; null: not known (linux-ksm, traces). */
  brokenMiB: number | null
  scan: {
    pagesScanned: number
    pagesPerSecond: number
    /** Null, as all that is so here: ksmd keeps no account of it. */
    pagesAskedPerSecond: number | null
    passes: number
    pagesHashed: number | null
    pagesCompared: number | null
    merges: number | null
    staleHints: number | null
    falseMatches: number | null
    lockFailures: number | null
    /** Of the scanners' threads, by the kernel's account; null where there is none. */
    cpuSeconds: number | null
    waitingSeconds: number | null
    asleepSeconds: number | null
  }
  cow: CowSummary
  stores: { count: number; perSecond: number }
  swap: { outs: number; ins: number; reclaimMerges: number; latencyNs: LatencyNs | null }
  fullSize: MemoryFigures
  /** At the phase's end; policy `ksm` only. */
  ksm?: KsmSample
  /** Backend `linux-ksm` only. */
  linux?: {
    /** CoW breaks of KSM pages over the phase, by the kernel's count; null where it keeps none. */
    cow_ksm: number | null
    /** Of the phase's CoW faults those that met a page of zeros. */
    zeroPageFaults: number
    /** Of this process, whose threads all guests are, at the phase's end. */
    ksm_stat: HostKsmStat | null
  }
  guests: Record<string, PhaseGuestSummary>
  /** Guests by their names, then `scanner`, or `scanner-1` and so on, and `reclaimer`; those that the system tells of. */
  threads?: Record<string, ThreadSample>
  /** Where the system tells. */
  host?: PhaseHostSummary
}

/** The host over a phase. */
export interface PhaseHostSummary {
  /** Numbers of the processors that the run may use. */
  processors: readonly number[]
  /** Busy part of those, and the part that the hypervisor below gave to others; null for a phase of no length. */
  utilisation: number | null
  stolen: number | null
  /** The same of all processors of the machine. */
  whole: { utilisation: number | null; stolen: number | null }
}

export interface IntegrityReport {
  pagesVerified: number
  mismatches: number
  /** Null, as the next: on the host's kernel frames are its own affair, and not audited. */
  leakedFrames: number | null
  violations: number | null
  /** The first few findings, one line each, naming guest and PPN or MPN. */
  findings: string[]
}

/** Every page held what its guest wrote, and no frame was lost. */
export function isIntact({
  mismatches,
  leakedFrames,
  violations,
}: Pick<IntegrityReport, 'mismatches' | 'leakedFrames' | 'violations'>): boolean {
  return mismatches === 0 && (leakedFrames ?? 0) === 0 && (violations ?? 0) === 0
}

export interface Summary {
  scenario: string
  seed: number
  engine: Plan['engine']
  backend: Plan['backend']
  policy: Plan['scanner']['policy']
  /** How many there are. */
  scanners: number
  state: 'complete' | 'partial' | 'failed'
  /** Why the run failed, or what else the reader must know. */
  messages: string[]
  scale: { memory: number; time: number }
  guests: {
    name: string
    memoryMiB: number
    /** Over the digests of all its pages: equal in two runs when the guest stored the same. Null: it did not survive. */
    contentDigest: string | null
  }[]
  /** Null: nothing was timed. */
  clockCostNs: number | null
  phases: PhaseSummary[]
  integrity: IntegrityReport
  memory: {
    metadataBytesPerPage: number
    /** Whether the swap file does without the system's page cache, for which it leaves no room; null: there is none. */
    swapIsDirect: boolean | null
  }
}

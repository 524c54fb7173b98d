/**
 * A plan is a scenario made concrete: scaled, in pages and seconds, its regions resolved to page ranges.
 * It is plain data: the worker threads get their part of it as it is.
 */
import type { SchedulingClass } from '../host/scheduling.js'
import type { KsmFixed, KsmRates } from '../ksm/settings.js'

/** Pages [first, first + pages) of a guest, by PPN. */
export interface PageRange {
  first: number
  pages: number
}

/** One run of pages of an image. `contents` is where its content numbers begin and how many there are. */
export interface ImageExtent extends PageRange {
  class: 'zero' | 'common' | 'duplicated' | 'private'
  /** First content number of the extent (0 for zero and private, which have no numbers). */
  firstContent: number
  /** Distinct contents in the extent: `common` has one a page, `duplicated` fewer than pages. */
  contents: number
}

/** How an open-loop or closed-loop activity is paced: by the clock of the run, its rates scaled (scale.ts). */
export type Pace =
  | { kind: 'rate'; perSecond: number }
  | { kind: 'over'; seconds: number }
  | { kind: 'closed'; threads: number; thinkSeconds: number }

/** What one line of a workload does; `ranges` are the pages it does it to. */
export type Activity =
  /** Writes the image, page by page, in order of PPN. Finite. */
  | { do: 'boot'; pace: Pace }
  /** Fills pages with new private contents, one after the other, once. Finite. */
  | { do: 'fill'; ranges: PageRange[]; pace: Pace }
  /** Stores words at random places: `words` adjacent ones at each visit, under one of `locks` lock words. */
  | {
      do: 'update'
      ranges: PageRange[]
      pace: Pace
      words: number
      locks: number
      /** 0: uniform. Above: the exponent of a Zipf distribution over the pages. */
      zipf: number
    }
  /** Loads one word from a random page. */
  | { do: 'read'; ranges: PageRange[]; pace: Pace; zipf: number }
  /** The guest's own memory manager: frees a page, zeroes it, and reads an evicted content into another. */
  | { do: 'reload'; ranges: PageRange[]; pace: Pace }
  /** Zeroes random pages. */
  | { do: 'zero'; ranges: PageRange[]; pace: Pace }
  /** Housekeeping of an idle system: each tick stores one word in each page of a small fixed set. */
  | { do: 'tick'; ranges: PageRange[]; pace: Pace; pages: number }
  /** Keeps the processor busy for this fraction of the time, storing nothing. */
  | { do: 'busy'; fraction: number }

export interface GuestPlan {
  name: string
  pages: number
  /** Guests with equal salts share under ShareForceSalting 1 and 2; undefined: none was set. */
  salt: number | undefined
  /** False: the scanner leaves this guest alone. */
  share: boolean
  image: ImageExtent[]
  /** What the guest does in each phase, in the order of `Plan.phases`. */
  activities: Activity[][]
  /** The part of a processor that its thread asks for in each phase, in the same order; 0: what its activities take. */
  demand: number[]
  /** Numbers of the processors that its thread may use; undefined: all of the run. */
  processors: number[] | undefined
  /** The guest's index in the trace, when the plan replays one. */
  traceGuest: number | undefined
}

/** Settings of policy `tps`, under ESX's names (Mem.ShareScanTime …), scaled, as they hold in one phase. */
export interface TpsRates {
  unthrottled: boolean
  /** Seconds (scaled) in which a whole VM is to be scanned once. */
  ShareScanTimeSeconds: number
  /** MB/s of scanning per GHz of host processor; 0 turns scanning off. */
  ShareScanGHz: number
  /** Pages per second and VM; 0 turns scanning off. */
  ShareRateMax: number
}

/** How the system is to schedule the scanners' threads. */
export interface ScannerThreadsPlan {
  /** Undefined: as they are. */
  nice: number | undefined
  /** SCHED_OTHER: as they are. */
  class: SchedulingClass
  /** Numbers; undefined: all of the run. */
  processors: number[] | undefined
}

export interface PhasePlan {
  name: string
  /** `time`: ends after `seconds`. `passes`, `settled`: ends with a scan pass, or after `seconds` at the latest. */
  ends: { when: 'time' } | { when: 'passes'; passes: number } | { when: 'settled' }
  /** Scenario seconds after scaling: the length, or for `passes` and `settled` the limit. */
  seconds: number
}

/** Policy `tps`. */
export interface TpsPlan {
  policy: 'tps'
  /** How many scanners there are, each on a thread of its own. */
  count: number
  order: 'random' | 'sequential'
  ShareForceSalting: 0 | 1 | 2
  /** What becomes of the run if a scanner's thread dies; `restart`: another takes its place, once. */
  onDeath: 'fail' | 'restart'
  /** In the order of `Plan.phases`. */
  rates: TpsRates[]
}

/** Policy `ksm`. */
export interface KsmPlan {
  policy: 'ksm'
  count: 1
  onDeath: 'fail'
  /** Ticks a second of the kernel that is mirrored. */
  CONFIG_HZ: number
  fixed: KsmFixed
  /** In the order of `Plan.phases`. */
  rates: KsmRates[]
}

export interface Plan {
  scenario: string
  description: string
  seed: number
  engine: 'threads' | 'stepped'
  /** What the guests' memory is: the lab's own machine, or the kernel of this host with its KSM. */
  backend: 'lab' | 'linux-ksm'
  scale: { memory: number; time: number }
  host: {
    /** Machine pages: the capacity of the host. */
    frames: number
    /** How many processors the run may use. */
    processors: number
    /** Which; undefined: the first so many of those that this process may use. */
    processorNumbers: number[] | undefined
    /** What becomes of the run if the system refuses what is asked of it for the threads. */
    onRefusal: 'fail' | 'continue'
    /** Clock of one processor, for ShareScanGHz. */
    GHz: number
    swap: { enabled: boolean; startFreePercent: number; stopFreePercent: number }
    /** Seconds (of wall time, or virtual; never scaled) that a guest waits for a frame before the run fails. */
    stallLimitSeconds: number
  }
  guests: GuestPlan[]
  scanner: TpsPlan | KsmPlan
  scannerThreads: ScannerThreadsPlan
  phases: PhasePlan[]
  /** Scaled seconds between samples. */
  sampleSeconds: number
  /** One more than the largest content number that any guest may hold. */
  contents: number
  /** The trace that is replayed: its absolute path, and the scenario seconds of its snapshots. */
  trace: { file: string; timesSeconds: number[] } | undefined
}

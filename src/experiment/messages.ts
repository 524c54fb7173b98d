/** What main and workers tell each other: one task at the start, one result at the end. All of it is plain data. */
import type { LinuxMemory } from '../linux/ram.js'
import type { MachineHandle } from '../machine/machine.js'
import type { GuestPlan, Plan } from '../scenario/plan.js'
import type { ControlHandle } from '../sync/control.js'
import type { GuestPhaseHistograms } from './outcome.js'

/** Every worker's task begins with this. */
export interface WorkerTask {
  control: ControlHandle
  counters: Float64Array
  /** Number of the worker: guests first, then the scanners, then the reclaimer. */
  thread: number
}

/** The part of a trace that one guest replays. */
export interface GuestTrace {
  timesSeconds: number[]
  /** Changes of snapshot s are entries [offsets[s], ends[s]) of pages and contents. */
  offsets: number[]
  ends: number[]
  pages: Int32Array
  contents: Int32Array
}

/** What a guest's memory lies in. */
export type GuestBacking =
  | { backend: 'lab'; machine: MachineHandle }
  | { backend: 'linux-ksm'; memory: LinuxMemory }

export interface GuestTask extends WorkerTask {
  backing: GuestBacking
  guest: number
  plan: GuestPlan
  /** Global page number of PPN 0. */
  firstPage: number
  seed: number
  phases: { name: string; seconds: number; endsByTime: boolean }[]
  scaleTime: number
  stallLimitSeconds: number
  trace: GuestTrace | undefined
}

interface HypervisorTask extends WorkerTask {
  machine: MachineHandle
  plan: Pick<Plan, 'seed' | 'host' | 'scanner' | 'phases'>
  guests: GuestPages[]
}

export interface ScannerTask extends HypervisorTask {
  /** Which of `plan.scanner.count` scanners it is, from 0. */
  index: number
  /** One for each scanner and guest (sharing/scan-hands.ts). */
  scanHands: Float64Array
}

export interface ReclaimerTask extends HypervisorTask {
  /** Frames that must be available before the reclaimer rests. */
  enoughFrames: number
}

/** What scanners and reclaimer know of a guest. */
export interface GuestPages {
  firstPage: number
  pages: number
  share: boolean
  salt: number | undefined
}

export interface GuestResult {
  phases: GuestPhaseHistograms[]
  verification: PageVerification
  /** A digest over the digests of all pages, in hexadecimal: equal when two runs stored the same. */
  contentDigest: string
  /** Why the guest could not go on, if it could not. */
  failure: GuestFailure | undefined
}

export interface GuestFailure {
  kind: 'outOfFrames' | 'other'
  message: string
}

export interface PageVerification {
  pagesVerified: number
  mismatches: number
  /** The first few, one line each. */
  findings: string[]
}

export interface ReclaimerResult {
  /** Why pages could not be written to the swap file, when the last attempts failed. */
  swapError: string | undefined
}

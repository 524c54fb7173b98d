/** What a run is made on: the lab's own machine (lab.ts), or the kernel of this host with its KSM (linux-ksm.ts). */
import type { Control } from '../sync/control.js'
import type { Engine } from './engine.js'
import type { IntegrityReport, Sample, Summary } from './outcome.js'
import type { Accounts } from './run-accounts.js'

export interface Backend {
  readonly control: Control
  readonly engine: Engine
  readonly sampler: Sampler
  /** What the sampler reads the kernel's account of the threads from. */
  readonly accounts: Accounts
  readonly scan: Scan
  /** Null: nothing is timed. */
  readonly clockCostNs: number | null
  readonly memory: Summary['memory']
  /** Called on the quiet machine before it is verified: tests damage it there. */
  beforeVerify?(): void
  /** Of the machine's frames and tables, at the end. */
  audit(): Pick<IntegrityReport, 'leakedFrames' | 'violations' | 'findings'>
}

export interface Sampler {
  /**
   * @param timeSeconds scenario seconds
   * @param isBorder at the start of the run or the end of a phase: from these the summary is made
   */
  sample(timeSeconds: number, phase: string, snapshot: number | undefined, isBorder: boolean): Sample
}

/** Whoever scans, as the leader of the phases sees it. */
export interface Scan {
  /** How many passes over its own pages each scanner has completed since the start of the run. */
  passes(): readonly number[]
  /** Of the pass that each completed last, all together. */
  lastPass(): Pass
  /** A pass over pages that nobody has stored to meanwhile finds nothing new if it is this one, counted from 1, or later. */
  readonly passesToSettle: number
  /**
   * For a scanner that does not read the control block: a phase begins, its guests in a moment.
   * @throws ResourceError, or the system's error, when it can't do what this phase or the last one asks for
   */
  startPhase?(phase: number): Promise<void>
  /** For the same: in the middle of a phase the run is held, and goes on. */
  hold?(): Promise<void>
  resume?(): Promise<void>
  /**
   * For the same: another pages_to_scan, whatever the phase says, or again what it says; another niceness.
   * @throws ResourceError when the system refuses
   */
  steer?(pagesToScan: number | undefined): void
  renice?(nice: number): void
  /** For one whose last phase may still fail at what it began: resolves when it is done. */
  endRun?(): Promise<void>
}

export interface Pass {
  /** Pages merged, or met with new contents. */
  news: number
  /** Pages visited. */
  pages: number
}

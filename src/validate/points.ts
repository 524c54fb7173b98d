/** What of a run is compared: the counters that both backends have, at each sample. */
import type { Sample } from '../experiment/outcome.js'

/** KSM's own, and what its guests paid for the sharing: their copy-on-write faults, cumulative. */
export const COUNTERS = [
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'pages_volatile',
  'ksm_zero_pages',
  'full_scans',
  'cow_breaks',
] as const

export type Counter = (typeof COUNTERS)[number]

export interface Point {
  /** Scenario seconds. */
  timeSeconds: number
  phase: string
  counters: Record<Counter, number>
}

/** In order of time. */
export type Run = readonly Point[]

/** @param sample of a run with policy `ksm`, on a kernel that has all counters */
export function pointOf({ timeSeconds, phase, ksm, cowFaults }: Sample): Point {
  const values = COUNTERS.map((name) => [name, name === 'cow_breaks' ? cowFaults : ksm![name]])
  return { timeSeconds, phase, counters: Object.fromEntries(values) }
}

/** The sample at the end of a phase that was run to its end. */
export function endOfPhase(run: Run, phase: string): Point {
  return run.findLast((point) => point.phase === phase)!
}

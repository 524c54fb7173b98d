/** One reading of everything that `twinpage top` shows. */
import type { ThreadTimes } from '../host/threads.js'
import { type HostKsmCounters, type KsmEvents, readKsmCounters, readKsmEvents } from './ksm-counters.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { type KsmProcesses, readKsmProcesses } from './ksm-processes.js'
import { type HostKsmSettings, readKsmSettings } from './ksm-settings.js'
import { readKsmdTimes } from './ksmd.js'

export interface KsmReading extends KsmProcesses {
  at: Date
  /** By a clock that nobody sets. */
  monotonicMs: number
  counters: HostKsmCounters
  events: KsmEvents
  settings: Partial<HostKsmSettings>
  /** Undefined where ksmd can't be seen. */
  ksmd: ThreadTimes | undefined
}

/** @param ksmd its number, from findKsmd */
export function readKsm(ksmd: number | undefined, paths: KsmPaths = KSM_PATHS): KsmReading {
  return {
    at: new Date(),
    monotonicMs: performance.now(),
    counters: readKsmCounters(paths),
    events: readKsmEvents(paths),
    ksmd: ksmd === undefined ? undefined : readKsmdTimes(ksmd, paths),
    settings: readKsmSettings(paths),
    ...readKsmProcesses(paths),
  }
}

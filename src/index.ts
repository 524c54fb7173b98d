/**
 * twinpage as a library.
 *
 * ```js
 * import { runExperiment } from 'twinpage'
 * const { summary, directory } = await runExperiment('quick', { seed: 7, set: ['guests.0.memory=8MiB'] })
 * ```
 */
export { ResourceError, UserError } from './errors.js'
export type {
  GuestSample,
  IntegrityReport,
  MemoryFigures,
  PhaseGuestSummary,
  PhaseSummary,
  Sample,
  ScanCounters,
  Summary,
} from './experiment/outcome.js'
export type { RunFailure } from './experiment/run.js'
export { readTrace, type Trace } from './guest/trace.js'
export { type TraceInfo, traceInfo } from './guest/trace-info.js'
export type { LatencyNs } from './measure/histograms.js'
export { type ExperimentOptions, type ExperimentResult, runExperiment } from './run-experiment.js'
export { type LoadedScenario, type LoadOptions, loadScenario, shippedScenarios } from './scenario/load.js'

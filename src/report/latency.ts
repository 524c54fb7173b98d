/**
 * What a guest leaves in latency/: GUEST.hlog, an HdrHistogram log with a line for each phase and metric, and
 * GUEST.hgrm, the percentile distribution of its copy-on-write faults.
 */
import type { GuestPhaseHistograms } from '../experiment/outcome.js'
import { encodeLatencies, percentileText } from '../measure/histograms.js'
import type { RecordedLatencies } from '../measure/latency-counts.js'

/** The metric that its phase alone names in the log: the whole copy-on-write fault. */
const FAULT_METRIC = 'cow'

/** Values are ns, the log's Interval_Max is ms, as the Java tools write and expect it. */
const NS_PER_LOGGED_MAX = 1e6

/**
 * @param phases of one guest, in order.
 * @returns an HdrHistogram log (format 1.3), its timestamps in seconds since the first of the phases.
 */
export function latencyLog(guest: string, phases: readonly GuestPhaseHistograms[]): string {
  const baseMs = Math.min(...phases.map(({ startEpochMs }) => startEpochMs))
  const lines = phases.flatMap((phase) =>
    phase.histograms.map((recording) => intervalLine(phase, recording, baseMs)),
  )
  return [...header(guest, Number.isFinite(baseMs) ? baseMs : 0), ...lines, ''].join('\n')
}

/** The distribution of the guest's copy-on-write fault latencies over the phases given, in ns. */
export function faultPercentiles(phases: readonly GuestPhaseHistograms[]): string {
  const faults = phases.flatMap(({ histograms }) =>
    histograms.filter(({ metric }) => metric === FAULT_METRIC),
  )
  return percentileText(faults)
}

function header(guest: string, baseMs: number): string[] {
  const base = `${seconds(baseMs)} (seconds since epoch)`
  return [
    `#[Latencies of guest ${guest}, by phase; tag: the phase for whole copy-on-write faults, else phase.metric]`,
    '#[Histogram values are ns; Interval_Max is ms (ratio 1000000)]',
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${base}, ${new Date(baseMs).toISOString()}]`,
    `#[BaseTime: ${base}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ]
}

function intervalLine(phase: GuestPhaseHistograms, recording: RecordedLatencies, baseMs: number): string {
  const { startEpochMs, endEpochMs } = phase
  const tag = recording.metric === FAULT_METRIC ? phase.phase : `${phase.phase}.${recording.metric}`
  const max = (recording.maxNs / NS_PER_LOGGED_MAX).toFixed(3)
  const start = seconds(startEpochMs - baseMs)
  const length = seconds(endEpochMs - startEpochMs)
  return `Tag=${tag},${start},${length},${max},${encodeLatencies(recording)}`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

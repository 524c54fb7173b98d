/** A run as charts and pages see it: plain JSON data, as read from its results directory or received while it goes. */

export interface RunView {
  scenario: string
  seed: number
  policy: 'tps' | 'ksm'
  scale: { memory: number; time: number }
  guests: string[]
  /** As timeseries.csv names them: guests, scanners, reclaimer. None: the run has no account of threads. */
  threads: string[]
  phases: PhaseView[]
  series: TimeSeries
  /** Of the measured phases in which CoW faults were timed. */
  latencies: PhaseLatencies[]
  /** Null: nothing was timed. */
  latencyOverTime: LatencyOverTime | null
}

export interface PhaseView {
  name: string
  measured: boolean
  /** Scenario seconds. */
  startSeconds: number
  endSeconds: number
}

/** timeseries.csv by column; a value for each sample. */
export interface TimeSeries {
  timeSeconds: number[]
  phase: string[]
  /** All others, by name; null is an empty field. */
  columns: Record<string, (number | null)[]>
}

/** CoW faults of all guests in one phase: the same ones, measured in two ways. */
export interface PhaseLatencies {
  phase: string
  service: LatencyCurve
  fromIntended: LatencyCurve
}

export interface LatencyCurve {
  count: number
  points: PercentilePoint[]
}

/** Of so many nines (1: 90 %, 2: 99 %, 3: 99.9 % …) the percentile, in ns. */
export interface PercentilePoint {
  nines: number
  ns: number
}

export interface LatencyOverTime {
  /** Where each bucket begins; it ends where the next one begins that there can be. */
  bucketsNs: number[]
  /** Of each sample: CoW faults of all guests since the sample before, by bucket. */
  counts: number[][]
}

const NO_VALUES: readonly null[] = []

/** Of one column; of one that the run does not have, none. */
export function column({ columns }: TimeSeries, name: string): readonly (number | null)[] {
  return columns[name] ?? NO_VALUES
}

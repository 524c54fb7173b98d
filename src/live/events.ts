/** What the server tells the page, event by event: plain JSON data, and types alone, for both sides. */
import type { PhaseLatencies } from '../charts/run-view.js'
import type { ControlName } from '../experiment/change.js'

/** `run`, the first one. */
export interface RunFacts {
  scenario: string
  seed: number
  engine: 'threads' | 'stepped'
  backend: 'lab' | 'linux-ksm'
  policy: 'tps' | 'ksm'
  scale: { memory: number; time: number }
  guests: { name: string; pages: number }[]
  /** As timeseries.csv names them. */
  threads: string[]
  /** As planned; a phase that ends by scan passes has its limit for seconds, in scenario seconds. */
  phases: { name: string; measured: boolean; seconds: number }[]
  /** The first line of timeseries.csv. */
  header: string
  /** Why a control does nothing in this run. */
  refusals: Partial<Record<ControlName, string>>
}

/** `sample` */
export interface SampleEvent {
  /** Of timeseries.csv. */
  line: string
  /** CoW faults of all guests since the sample before: where a bucket begins, in ns, and how many; null: nothing is timed. */
  latencies: [number, number][] | null
  /** In the order of the guests, what timeseries.csv does not have of each; counts are from the start of the run. */
  guests: { swappedPages: number; cowFaults: number; stores: number }[]
}

/** `progress`: where the run is between two samples. A change that was made is a `change`, as the manifest records it. */
export interface Progress {
  phase: string
  timeSeconds: number
}

/** `end`, the last one. */
export interface RunEnd {
  state: 'complete' | 'partial' | 'failed'
  /** What the reader must know. */
  messages: string[]
  /** The tables that the command prints; null: there is no summary. */
  table: string | null
  /** As measured, where what came before is by buckets. */
  latencies: PhaseLatencies[]
}

/** A run as the page has heard of it so far: what the charts, the table and the figures are made of. */
import type { LatencyCurve, PhaseLatencies, PhaseView, RunView, TimeSeries } from '../charts/run-view.js'
import { addSample, emptyTimeSeries, parseCsv } from '../charts/time-series.js'
import type { RunFacts, SampleEvent } from '../live/events.js'
import { bucketStartNs, latencyBucketOf } from '../measure/latency-buckets.js'

export class LiveRun {
  readonly series: TimeSeries
  /** Of each guest, at the last sample and the one before. */
  guests: SampleEvent['guests'] = []
  guestsBefore: SampleEvent['guests'] = []
  private readonly names: readonly string[]
  private readonly buckets = new Set<number>()
  private readonly counts: Map<number, number>[] = []
  private isTimed = false
  /** As measured, at the end of the run. */
  private measured: PhaseLatencies[] | undefined

  constructor(readonly facts: RunFacts) {
    const [names = []] = parseCsv(facts.header)
    this.names = names
    this.series = emptyTimeSeries(names)
  }

  take({ line, latencies, guests }: SampleEvent): void {
    addSample(this.series, this.names, parseCsv(line)[0]!)
    this.guestsBefore = this.guests
    this.guests = guests
    this.isTimed ||= latencies !== null
    for (const [bucket] of latencies ?? []) this.buckets.add(bucket)
    this.counts.push(new Map(latencies ?? []))
  }

  end(latencies: PhaseLatencies[]): void {
    this.measured = latencies
  }

  view(): RunView {
    const { scenario, seed, policy, scale, guests, threads } = this.facts
    const phases = this.phases()
    const bucketsNs = [...this.buckets].sort((a, b) => a - b)
    const counts = this.counts.map((of) => bucketsNs.map((bucket) => of.get(bucket) ?? 0))
    return {
      scenario,
      seed,
      policy,
      scale,
      guests: guests.map(({ name }) => name),
      threads,
      phases,
      series: this.series,
      latencies: this.measured ?? this.latenciesByBucket(phases, bucketsNs, counts),
      latencyOverTime: this.isTimed ? { bucketsNs, counts } : null,
    }
  }

  /** Those that have begun; each from the last sample of the one before. */
  private phases(): PhaseView[] {
    const { phase, timeSeconds } = this.series
    return this.facts.phases.flatMap(({ name, measured }) => {
      const first = phase.indexOf(name)
      if (first === -1) return []
      const startSeconds = timeSeconds[Math.max(0, first - 1)]!
      return [{ name, measured, startSeconds, endSeconds: timeSeconds[phase.lastIndexOf(name)]! }]
    })
  }

  /** As far as the buckets tell: a fault took as long as its bucket goes. From the intended start nothing is known before the end. */
  private latenciesByBucket(
    phases: readonly PhaseView[],
    bucketsNs: readonly number[],
    counts: readonly number[][],
  ): PhaseLatencies[] {
    return phases.flatMap(({ name, measured }) => {
      const samples = counts.filter((_, sample) => this.series.phase[sample] === name)
      const sums = bucketsNs.map((_, bucket) => samples.reduce((sum, of) => sum + of[bucket]!, 0))
      const service = curveOf(bucketsNs, sums)
      if (!measured || service.count === 0) return []
      return [{ phase: name, service, fromIntended: { count: 0, points: [] } }]
    })
  }
}

function curveOf(bucketsNs: readonly number[], sums: readonly number[]): LatencyCurve {
  const count = sums.reduce((sum, faults) => sum + faults, 0)
  let below = 0
  const points = bucketsNs.flatMap((startNs, bucket) => {
    if (sums[bucket] === 0) return []
    const nines = -Math.log10(1 - below / count)
    below += sums[bucket]!
    return [{ nines, ns: bucketStartNs(latencyBucketOf(startNs) + 1) }]
  })
  return { count, points }
}

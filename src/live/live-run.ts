/** A run that can be watched in a browser, and steered: what happens in it becomes events, what is asked for changes it. */
import type { Sample } from '../experiment/outcome.js'
import { refusalsOf, Steering } from '../experiment/steering.js'
import { bucketStartNs } from '../measure/latency-buckets.js'
import { readRunView } from '../report/run-view.js'
import { summaryTable } from '../report/table.js'
import { timeSeriesHeader, timeSeriesLine } from '../report/timeseries.js'
import type { ExperimentResult } from '../run-experiment.js'
import type { Plan } from '../scenario/plan.js'
import { threadNames } from '../scenario/thread-names.js'
import { EventLog } from './event-log.js'
import type { Progress, RunEnd, RunFacts, SampleEvent } from './events.js'
import { runMetrics } from './metrics.js'
import { type Address, LiveServer } from './server.js'

export class LiveRun {
  readonly steering: Steering
  private readonly events = new EventLog()
  private last: Sample | undefined
  private server!: LiveServer
  private isPaused = false

  private constructor(plan: Plan) {
    this.steering = new Steering(plan, (change) => {
      if (change.control === 'pause') this.isPaused = change.value
      this.events.add('change', change)
    })
    this.events.add('run', factsOf(plan))
  }

  /** @throws ResourceError when the address can't be had */
  static async start(plan: Plan, address: Address): Promise<LiveRun> {
    const live = new LiveRun(plan)
    live.server = await LiveServer.listen(address, {
      title: plan.scenario,
      events: live.events,
      metrics: () => runMetrics({ plan, sample: live.last, isPaused: live.isPaused }),
      steer: (change) => live.steering.steer(change),
    })
    return live
  }

  get url(): string {
    return this.server.url
  }

  take(sample: Sample): void {
    const before = this.last
    this.last = sample
    const event: SampleEvent = {
      line: timeSeriesLine(sample),
      latencies: sample.cowLatencies === undefined ? null : growth(before?.cowLatencies, sample.cowLatencies),
      guests: sample.guests.map(({ swappedPages, cowFaults, stores }) => ({
        swappedPages,
        cowFaults,
        stores,
      })),
    }
    this.events.add('sample', event)
  }

  progress(phase: string, timeSeconds: number): void {
    const event: Progress = { phase, timeSeconds }
    this.events.mention('progress', event)
  }

  /** The results are written. */
  end({ summary, directory, failure }: ExperimentResult): void {
    const event: RunEnd = {
      state: summary.state,
      messages: summary.messages,
      table: summaryTable(summary),
      latencies: failure === undefined ? readRunView(directory).latencies : [],
    }
    this.events.add('end', event)
  }

  async close(): Promise<void> {
    await this.server.close()
  }
}

function factsOf(plan: Plan): RunFacts {
  const { scenario, seed, engine, backend, scale, scanner, guests, phases } = plan
  const threads = threadNames(plan)
  return {
    scenario,
    seed,
    engine,
    backend,
    policy: scanner.policy,
    scale,
    guests: guests.map(({ name, pages }) => ({ name, pages })),
    threads,
    phases: phases.map(({ name, ends, seconds }) => ({
      name,
      measured: ends.when === 'time',
      seconds: seconds * scale.time,
    })),
    header: timeSeriesHeader(
      guests.map(({ name }) => name),
      scanner.policy,
      threads,
    ),
    refusals: refusalsOf(plan),
  }
}

function growth(before: readonly number[] = [], now: readonly number[]): [number, number][] {
  return now.flatMap((count, bucket): [number, number][] => {
    const more = count - (before[bucket] ?? 0)
    return more === 0 ? [] : [[bucketStartNs(bucket), more]]
  })
}

/** The progress of a validation in one line: which run, where it is, and how long the rest will take. */
import { timeUnit } from '../report/units.js'
import type { ScenarioPair } from '../validate/load-pairs.js'
import type { ScheduledRun } from '../validate/schedule.js'

export class ValidateProgress {
  private done = -1
  private startMs = 0
  /** Of each run that is over. */
  private readonly tookMs: number[] = []
  private readonly names: string[]

  constructor(
    private readonly runs: readonly ScheduledRun[],
    private readonly replicates: number,
    private readonly nowMs = () => performance.now(),
  ) {
    this.names = [...new Set(runs.map(({ pair }) => pair.name))]
  }

  /** The next run begins. */
  begin(): void {
    const now = this.nowMs()
    if (this.done >= 0) this.tookMs.push(now - this.startMs)
    this.startMs = now
    this.done++
  }

  line(phase: string): string {
    const { pair, replicate, backend } = this.runs[this.done]!
    const scenario = `${pair.name} (${this.names.indexOf(pair.name) + 1} of ${this.names.length})`
    const place = `${scenario} replicate ${replicate} of ${this.replicates}, ${backend}: ${phase}`
    const leftSeconds = this.leftMs() / 1000
    const { size, name } = timeUnit(leftSeconds)
    return `${place} · about ${Math.ceil(leftSeconds / size)} ${name} left`
  }

  private leftMs(): number {
    const ofRuns = this.runs.slice(this.done).reduce((sum, { pair }) => sum + this.expectedMs(pair), 0)
    return Math.max(0, ofRuns - (this.nowMs() - this.startMs))
  }

  /** What runs of the scenario took so far; before there are any, its phases that end by time. */
  private expectedMs(pair: ScenarioPair): number {
    const known = this.tookMs.filter((_, index) => this.runs[index]!.pair === pair)
    if (known.length > 0) return known.reduce((sum, ms) => sum + ms, 0) / known.length
    const timed = pair.lab.plan.phases.filter(({ ends }) => ends.when === 'time')
    return 1000 * timed.reduce((sum, { seconds }) => sum + seconds, 0)
  }
}

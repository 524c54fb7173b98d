/** The progress of a validation: which run, where it is, and how long the rest will take. */
import type { ScenarioPair } from '../validate/load-pairs.js'
import type { ScheduledRun } from '../validate/schedule.js'
import { duration, type Glyphs, glyphsOf } from './drawing.js'
import { runsView } from './runs-view.js'
import type { ProgressView } from './terminal.js'

export class ValidateProgress {
  private done = -1
  private startMs = 0
  /** Of each run that is over. */
  private readonly tookMs: number[] = []
  private readonly names: string[]

  constructor(
    private readonly runs: readonly ScheduledRun[],
    private readonly replicates: number,
    private readonly glyphs: Glyphs = glyphsOf(),
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

  view(phase: string): ProgressView {
    const { pair, replicate, backend } = this.runs[this.done]!
    const leftMs = this.leftMs()
    const doneMs = this.tookMs.reduce((sum, ms) => sum + ms, this.nowMs() - this.startMs)
    return runsView(
      {
        stage: `run ${this.done}: ${phase}`,
        name: pair.name,
        run: `${this.names.indexOf(pair.name) + 1} of ${this.names.length}`,
        place: [`replicate ${replicate} of ${this.replicates}`, `${backend}: ${phase}`],
        part: doneMs / (doneMs + leftMs),
        left: `about ${duration(leftMs / 1000)} left`,
      },
      this.glyphs,
    )
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

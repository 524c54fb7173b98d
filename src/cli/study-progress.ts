/** The progress of a study: which run it is, of which cell, and how long the rest will take. */
import { printable } from '../errors.js'
import type { RunRecord } from '../study/record.js'
import { median } from '../validate/statistics.js'
import { duration, type Glyphs, glyphsOf } from './drawing.js'
import { runsView } from './runs-view.js'
import type { ProgressView } from './terminal.js'

export class StudyProgress {
  private current: RunRecord | undefined
  private all: readonly RunRecord[] = []
  private startMs = 0

  /** @param cells their names */
  constructor(
    private readonly study: string,
    private readonly cells: readonly string[],
    private readonly glyphs: Glyphs = glyphsOf(),
    private readonly nowMs = () => performance.now(),
  ) {}

  begin(run: RunRecord, all: readonly RunRecord[]): void {
    this.current = run
    this.all = all
    this.startMs = this.nowMs()
  }

  /** Undefined before the first run begins. */
  view(): ProgressView | undefined {
    if (this.current === undefined) return undefined
    const { number, cell, replicate } = this.current
    const leftSeconds = this.leftSeconds()
    return runsView(
      {
        stage: `run ${number}`,
        name: printable(this.study),
        run: `run ${number} of ${this.all.length}`,
        place: [printable(this.cells[cell]!), `replicate ${replicate}`],
        part: (number - 1) / this.all.length,
        left: leftSeconds === undefined ? undefined : `about ${duration(leftSeconds)} left`,
      },
      this.glyphs,
    )
  }

  /** Undefined before any run is complete. */
  private leftSeconds(): number | undefined {
    const known = this.all.filter(({ seconds }) => seconds !== null)
    if (known.length === 0) return undefined
    const toCome = this.all.filter(
      ({ state, number }) => state !== 'complete' && number >= this.current!.number,
    )
    const expected = toCome.map(({ cell }) => {
      const ofCell = known.filter((run) => run.cell === cell)
      return median((ofCell.length > 0 ? ofCell : known).map(({ seconds }) => seconds!))
    })
    const elapsed = Math.min((this.nowMs() - this.startMs) / 1000, expected[0]!)
    return expected.reduce((sum, seconds) => sum + seconds, 0) - elapsed
  }
}

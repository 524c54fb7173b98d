/** The progress of a study in one line: which run it is, of which cell, and how long the rest will take. */
import { timeUnit } from '../report/units.js'
import type { RunRecord } from '../study/record.js'
import { median } from '../validate/statistics.js'

export class StudyProgress {
  private current: RunRecord | undefined
  private all: readonly RunRecord[] = []
  private startMs = 0

  /** @param cells their names */
  constructor(
    private readonly cells: readonly string[],
    private readonly nowMs = () => performance.now(),
  ) {}

  begin(run: RunRecord, all: readonly RunRecord[]): void {
    this.current = run
    this.all = all
    this.startMs = this.nowMs()
  }

  line(): string {
    if (this.current === undefined) return ''
    const { number, cell, replicate } = this.current
    const place = `run ${number} of ${this.all.length}: ${this.cells[cell]}, replicate ${replicate}`
    const leftSeconds = this.leftSeconds()
    if (leftSeconds === undefined) return place
    const { size, name } = timeUnit(leftSeconds)
    return `${place} · about ${Math.ceil(leftSeconds / size)} ${name} left`
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

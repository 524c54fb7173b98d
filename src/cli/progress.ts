/** The progress of a run in one line: where it is, what is shared, what the scanner and the guests are doing. */
import type { Sample } from '../experiment/outcome.js'
import { memoryUnit, pagesToMiB, timeUnit } from '../report/units.js'
import type { Plan } from '../scenario/plan.js'

export class RunProgress {
  private last: Sample | undefined
  private before: Sample | undefined
  private readonly plannedSeconds: number

  constructor(private readonly plan: Plan) {
    const timed = plan.phases.filter((phase) => phase.ends.when === 'time')
    this.plannedSeconds = timed.reduce((sum, phase) => sum + phase.seconds, 0) * plan.scale.time
  }

  take(sample: Sample): void {
    this.before = this.last
    this.last = sample
  }

  line(phase: string, timeSeconds: number): string {
    const time = timeUnit(this.plannedSeconds)
    const at = (timeSeconds / time.size).toFixed(1)
    const place = `${this.plan.scenario} ${phase} ${at} ${time.name} of about ${(this.plannedSeconds / time.size).toFixed(0)}`
    return this.last === undefined ? place : `${place} · ${this.figures(this.last)}`
  }

  private figures(sample: Sample): string {
    const fullMiB = (pages: number) => pagesToMiB(pages) * this.plan.scale.memory
    const unit = memoryUnit(fullMiB(sample.presentPages))
    const memory = (pages: number) => `${(fullMiB(pages) / unit.size).toFixed(1)} ${unit.name}`
    const figures = [
      `shared ${memory(sample.sharedPages)}`,
      `footprint ${memory(sample.footprintPages)}`,
      `scan ${this.perSecond((s) => s.scan.pagesScanned)}/s`,
      `CoW ${this.perSecond((s) => s.cowFaults)}/s`,
    ]
    if (sample.swappedPages > 0) figures.push(`swapped ${memory(sample.swappedPages)}`)
    return figures.join(' · ')
  }

  private perSecond(count: (sample: Sample) => number): string {
    if (this.last === undefined || this.before === undefined) return '–'
    const wallSeconds = (this.last.timeSeconds - this.before.timeSeconds) / this.plan.scale.time
    return wallSeconds > 0 ? ((count(this.last) - count(this.before)) / wallSeconds).toFixed(0) : '–'
  }
}

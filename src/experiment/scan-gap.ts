/** The time in which a scanner's pages were not scanned, between its death and the start of the one in its place. */
import { nowNs } from '../measure/clock.js'
import { counterRow, LAST_BATCH_NS } from '../measure/counters.js'
import type { Plan } from '../scenario/plan.js'
import type { Control } from '../sync/control.js'
import type { ScannerTask } from './messages.js'
import { scannerName } from './tasks.js'

export class ScanGap {
  private readonly diedNs = nowNs()
  private readonly diedSeconds: number
  private readonly lastBatchNs: number
  private readonly phase: string | undefined

  /**
   * Made as soon as the death is noticed, before another scanner counts in its row.
   * @param why the scanner died
   */
  constructor(
    private readonly plan: Plan,
    private readonly control: Control,
    private readonly scanner: ScannerTask,
    private readonly why: string,
  ) {
    this.lastBatchNs = counterRow(scanner.counters, scanner.thread)[LAST_BATCH_NS] || this.diedNs
    this.phase = plan.phases[control.phase()]?.name
    // Whoever holds the run later moves its start.
    this.diedSeconds = ((this.diedNs - control.runStartNs()) / 1e9) * plan.scale.time
  }

  /** Asked for at the end of the run. */
  toString(): string {
    return `${scannerName(this.scanner)} died ${this.when()}: ${this.why}; ${this.whatFollowed()}`
  }

  private when(): string {
    if (this.phase === undefined) return 'before the first phase'
    return `at ${this.diedSeconds.toFixed(3)} s of scenario time, in phase ${this.phase}`
  }

  private whatFollowed(): string {
    const startedNs = this.control.attachedAtNs(this.scanner.thread)
    const nothing = this.plan.scanner.count === 1 ? 'nothing' : 'nothing of its part'
    if (startedNs === undefined) return `${nothing} was scanned after that`
    const seconds = (startedNs - this.lastBatchNs) / 1e9
    return `another took over, and ${nothing} was scanned for ${seconds.toFixed(3)} s of wall time`
  }
}

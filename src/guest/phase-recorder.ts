/** Follows the run's phases on a guest's thread, and cuts its histograms where one phase ends and the next begins. */
import type { Control } from '../experiment/control.js'
import type { GuestTask } from '../experiment/messages.js'
import type { GuestPhaseHistograms } from '../experiment/outcome.js'
import { nowNs } from '../measure/clock.js'
import type { GuestHistograms } from '../measure/guest-histograms.js'

const SLEEP_MAX_MS = 100

export class PhaseRecorder {
  private readonly recorded: GuestPhaseHistograms[] = []
  private current = -1
  private startNs = 0
  private startEpochMs = 0

  constructor(
    private readonly task: GuestTask,
    private readonly control: Control,
    private readonly histograms: GuestHistograms,
  ) {}

  /** Waits until this phase has begun; false if the run stops before it does. */
  awaitPhase(phase: number): boolean {
    for (;;) {
      const event = this.control.event()
      if (this.control.isStopping()) return false
      if (this.control.phase() >= phase) {
        this.enter(phase)
        return true
      }
      this.control.sleep(event, SLEEP_MAX_MS)
    }
  }

  /** Enters the phase that is on, if it is another than before. Cheap: for guests that don't go by phases. */
  follow(): void {
    const phase = this.control.phase()
    if (phase !== this.current) this.enter(phase)
  }

  /** Follows the phases, asleep, until the run stops. */
  followToEnd(): void {
    for (;;) {
      const event = this.control.event()
      this.follow()
      if (this.control.isStopping()) return
      this.control.sleep(event, SLEEP_MAX_MS)
    }
  }

  /** Closes the last phase; returns them all. */
  finish(): GuestPhaseHistograms[] {
    this.close()
    return this.recorded
  }

  private enter(phase: number): void {
    this.close()
    this.current = phase
    this.startNs = nowNs()
    this.startEpochMs = Date.now()
  }

  private close(): void {
    if (this.current < 0) return
    const { plan, phases, scaleTime } = this.task
    const scenarioSeconds = (ns: number) => ((ns - this.control.runStartNs()) / 1e9) * scaleTime
    this.recorded.push({
      guest: plan.name,
      phase: phases[this.current]!.name,
      startSeconds: scenarioSeconds(this.startNs),
      endSeconds: scenarioSeconds(nowNs()),
      startEpochMs: this.startEpochMs,
      endEpochMs: Date.now(),
      histograms: this.histograms.take(),
    })
  }
}

/** Follows the run's phases on a guest's thread, and cuts its histograms where one phase ends and the next begins. */
import type { GuestTask } from '../experiment/messages.js'
import type { GuestPhaseHistograms } from '../experiment/outcome.js'
import { nowNs } from '../measure/clock.js'
import type { GuestHistograms } from '../measure/guest-histograms.js'
import type { Control } from '../sync/control.js'

export class PhaseRecorder {
  private readonly recorded: GuestPhaseHistograms[] = []
  private current = -1
  private isOpen = false
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
      this.control.sleep(event)
    }
  }

  /** Closes the phase that has ended, so that nothing done later counts in it, and says so to the main thread. */
  endPhase(): void {
    this.close()
    this.control.acknowledgeEnd(this.task.guest, this.current)
  }

  /**
   * For a guest that doesn't go by phases: if the phase has ended, closes it and waits for the next one. Cheap when
   * nothing has changed.
   */
  follow(): void {
    if (this.current >= 0 && this.control.endedPhases() <= this.current) return
    if (this.current >= 0) this.endPhase()
    const next = this.current + 1
    if (next < this.task.phases.length && this.awaitPhase(next))
      this.control.finishPhase(this.task.guest, next)
  }

  /** Follows the phases, asleep, until the run stops. */
  followToEnd(): void {
    for (;;) {
      const event = this.control.event()
      if (this.control.isStopping()) return
      this.follow()
      this.control.sleep(event)
    }
  }

  /** All phases, the last as far as it went. */
  finish(): GuestPhaseHistograms[] {
    this.close()
    return this.recorded
  }

  private enter(phase: number): void {
    this.current = phase
    this.isOpen = true
    this.startNs = nowNs()
    this.startEpochMs = Date.now()
  }

  private close(): void {
    if (!this.isOpen) return
    this.isOpen = false
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

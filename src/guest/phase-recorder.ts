/** Follows the run's phases for a guest, and cuts its histograms where one phase ends and the next begins. */
import type { GuestTask } from '../experiment/messages.js'
import type { GuestPhaseHistograms } from '../experiment/outcome.js'
import { epochMs, nowNs } from '../measure/clock.js'
import type { GuestHistograms } from '../measure/guest-histograms.js'
import type { Control } from '../sync/control.js'

export class PhaseRecorder {
  /** The phases that were closed. */
  readonly recorded: GuestPhaseHistograms[] = []
  private current = -1
  private isOpen = false
  private startSeconds = 0
  private startEpochMs = 0

  constructor(
    private readonly task: GuestTask,
    private readonly control: Control,
    private readonly histograms: GuestHistograms,
  ) {}

  /** Opens this phase if it has begun; false: it has not. */
  enter(phase: number): boolean {
    if (this.control.phase() < phase) return false
    this.current = phase
    this.isOpen = true
    this.startSeconds = this.scenarioSeconds()
    this.startEpochMs = epochMs()
    return true
  }

  /** Closes the phase that has ended, so that nothing done later counts in it, and says so to the main thread. */
  endPhase(): void {
    this.close()
    this.control.acknowledgeEnd(this.task.guest, this.current)
  }

  /**
   * For a guest that doesn't go by phases: closes the phase that has ended, and opens the next one. False: none is on.
   * Cheap when nothing has changed.
   */
  follow(): boolean {
    if (this.isOpen && this.control.endedPhases() <= this.current) return true
    if (this.isOpen) this.endPhase()
    const next = this.current + 1
    if (next === this.task.phases.length || !this.enter(next)) return false
    this.control.finishPhase(this.task.guest, next)
    return true
  }

  /** Closes the phase that is open, if there is one, as far as it went. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    const { plan, phases } = this.task
    this.recorded.push({
      guest: plan.name,
      phase: phases[this.current]!.name,
      startSeconds: this.startSeconds,
      endSeconds: this.scenarioSeconds(),
      startEpochMs: this.startEpochMs,
      endEpochMs: epochMs(),
      histograms: this.histograms.take(),
    })
  }

  private scenarioSeconds(): number {
    return ((nowNs() - this.control.runStartNs()) / 1e9) * this.task.scaleTime
  }
}

/** Phases made concrete: lengths after scaling, and the check of their start times. */
import type { PhasePlan } from './plan.js'
import { type Report, under } from './problems.js'
import type { Scenario, ScenarioPhase } from './schema.js'
import { formatDuration } from './units.js'

export function phasesOf({ phases, scale }: Scenario, report: Report): PhasePlan[] {
  checkStarts(phases, report)
  return phases.map(({ name, until, duration, limit }) => ({
    name,
    ends: endOf(until),
    seconds: (duration ?? limit!) / scale.time,
  }))
}

function endOf(until: ScenarioPhase['until']): PhasePlan['ends'] {
  if (until === undefined) return { when: 'time' }
  return until === 'settled' ? { when: 'settled' } : { when: 'passes', passes: until.passes }
}

/**
 * A start is no setting but a check, since a phase starts when the one before it ends. Nobody knows beforehand
 * when an `until` phase ends, so time is counted from the end of the last one of them.
 */
function checkStarts(phases: readonly ScenarioPhase[], report: Report): void {
  let before: string | undefined
  let origin: string | undefined
  let end = 0
  for (const [index, { name, start, duration }] of phases.entries()) {
    if (start !== undefined && formatDuration(start) !== formatDuration(end)) {
      under(report, index, 'start')([], startMessage(start < end, before, origin, formatDuration(end)))
    }
    end = duration === undefined ? 0 : end + duration
    if (duration === undefined) origin = name
    before = name
  }
}

function startMessage(
  early: boolean,
  before: string | undefined,
  origin: string | undefined,
  end: string,
): string {
  const advice = `leave start out or give ${end}`
  const counted =
    origin === undefined ? '' : ` (counted from the end of phase ${origin}, which ends by itself)`
  if (before === undefined) return `leaves a gap before the first phase; ${advice}`
  if (before === origin)
    return `leaves a gap after phase ${origin}, from whose end time is counted; ${advice}`
  return early
    ? `overlaps phase ${before}, which ends at ${end}${counted}; ${advice}`
    : `leaves a gap after phase ${before}, which ends at ${end}${counted}; ${advice}`
}

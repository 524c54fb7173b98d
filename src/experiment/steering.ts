/**
 * Steering: what may be changed of a run while it goes, by someone who watches it. Each change acts on the running lab,
 * at once but for a pause, which takes hold while a phase is on. Each is recorded, for a run that was steered is like
 * no other.
 */
import { ResourceError } from '../errors.js'
import type { Plan } from '../scenario/plan.js'
import type { Change, ControlName, RecordedChange } from './change.js'

/** Whoever does what a change asks for: the run. */
export interface Helm {
  timeSeconds(): number
  /** @throws ResourceError when the system refuses */
  change(change: Change): void
}

export class Steering {
  /** Those that were made. */
  readonly changes: RecordedChange[] = []
  private helm: Helm | undefined

  /** @param onChange is told of each, as soon as it is made */
  constructor(
    private readonly plan: Plan,
    private readonly onChange: (change: RecordedChange) => void = () => {},
  ) {}

  /** From now on a run can be steered; until undefined is at the helm. */
  take(helm: Helm | undefined): void {
    this.helm = helm
  }

  /** @throws ResourceError when it can't be done, with the reason; then nothing has changed */
  steer(change: Change): RecordedChange {
    const refusal = refusalsOf(this.plan)[change.control]
    if (refusal !== undefined) throw new ResourceError(refusal)
    if (this.helm === undefined) throw new ResourceError('the run is not in a phase: nothing can be steered')
    const recorded = { timeSeconds: Number(this.helm.timeSeconds().toFixed(3)), ...change }
    this.helm.change(change)
    this.changes.push(recorded)
    this.onChange(recorded)
    return recorded
  }

  /** What the reader of the results must know. */
  messages(): string[] {
    const names = steeredBy(this.changes)
    if (names.length === 0) return []
    return [
      `the run was steered while it went (${names.join(', ')}): compare its figures with those of no other`,
    ]
  }
}

/** Controls that made a run another one; `stop` is not among them. */
export function steeredBy(changes: readonly { control: string }[]): string[] {
  return [...new Set(changes.map(({ control }) => control))].filter((control) => control !== 'stop')
}

/** Why a control does nothing in this run; those that are not named do something. */
export function refusalsOf({ engine, scanner, trace }: Plan): Partial<Record<ControlName, string>> {
  if (engine === 'stepped') {
    const why = 'engine stepped: what such a run does is decided by scenario and seed alone'
    return { pause: why, scanRate: why, pages_to_scan: why, nice: why, load: why }
  }
  const ofTps = 'policy ksm has no rate; it has pages_to_scan'
  const ofKsm = 'only policy ksm has pages_to_scan; this one has a rate'
  const ofAdvisor = 'pages_to_scan: the advisor decides on it'
  const isAdvised = scanner.policy === 'ksm' && scanner.fixed.advisor_mode !== 'none'
  return {
    ...(scanner.policy === 'ksm' ? { scanRate: ofTps } : { pages_to_scan: ofKsm }),
    ...(isAdvised && { pages_to_scan: ofAdvisor }),
    ...(trace !== undefined && { load: "guests replay a trace, at the trace's pace" }),
  }
}

/**
 * A parsed scenario made concrete: divided by its scale, in pages, guests counted out and contents numbered.
 * This is also where everything is checked that no key can show alone, such as extents that exceed a guest.
 */
import type { TraceHeader } from '../guest/trace-header.js'
import { FRAMES_MAX, GUEST_PAGES_MAX, pagesIn } from '../machine/layout.js'
import { numberContents, type UnnumberedGuest } from './content-numbers.js'
import { GUEST_LETTERS, nameText } from './fields.js'
import { GuestMemory, inMemory, scaledBy } from './guest-memory.js'
import { FRAMES_MIN, GUESTS_MAX, SAMPLE_SECONDS_MIN, SAMPLES_MAX } from './limits.js'
import { phasesOf } from './phases-of.js'
import type { GuestPlan, PhasePlan, Plan } from './plan.js'
import { type Report, show, under } from './problems.js'
import { scannerOf } from './scanner-of.js'
import type { Scenario } from './schema.js'
import type { ScenarioGuest } from './schema-guest.js'
import { isThreadName } from './thread-names.js'
import { formatDuration } from './units.js'
import { demandOf, workloadOf } from './workload-of.js'

/** What a plan needs to know of the trace that it replays. */
export type TraceFacts = Pick<
  TraceHeader,
  'file' | 'guests' | 'pagesPerGuest' | 'timesSeconds' | 'distinctContents'
>

/** A scenario after its own checks, with the name of its file and what its trace says. */
export interface ParsedScenario {
  name: string
  /** `trace` is an absolute path here. */
  scenario: Scenario
  trace: TraceFacts | undefined
}

/** Files are called after guests, and not every file system tells upper from lower case. */
const UNIQUE = 'names are unique, letter case aside'
/** So that results can name threads: each guest's is called as the guest is. */
const TAKEN =
  'is what results call a thread that is no guest; expected a name that is not scanner, scanner-N or reclaimer'

interface Guests {
  guests: GuestPlan[]
  /** One more than the largest content number. */
  contents: number
}

/** The plan of a scenario. It must not be used when `report` was called: a problem leaves it incomplete. */
export function planOf({ name, scenario, trace }: ParsedScenario, report: Report): Plan {
  const { host, scale } = scenario
  const phases = phasesOf(scenario, under(report, 'phases'))
  const phaseNames = phases.map((phase) => phase.name)
  const { guests, contents } = trace
    ? traceGuests(
        trace,
        demandOf(scenario.demand, phaseNames, under(report, 'demand')),
        under(report, 'trace'),
      )
    : imageGuests(scenario, phaseNames, under(report, 'guests'))
  checkGuests(guests, under(report, trace ? 'trace' : 'guests'))
  const frames = framesOf(scenario, under(report, 'host', 'memory'))
  if (scenario.backend === 'linux-ksm') checkRealMemory(guests, frames, under(report, 'host', 'memory'))
  return {
    scenario: name,
    description: scenario.description,
    seed: scenario.seed,
    engine: scenario.engine,
    backend: scenario.backend,
    scale,
    host: {
      frames,
      processors: typeof host.processors === 'number' ? host.processors : host.processors.length,
      processorNumbers: typeof host.processors === 'number' ? undefined : host.processors,
      onRefusal: host.onRefusal,
      GHz: host.GHz,
      swap: host.swap,
      stallLimitSeconds: host.stallLimit,
    },
    guests,
    scanner: scannerOf(scenario),
    scannerThreads: {
      nice: nicenessOf(scenario),
      class: scenario.scanner.class,
      processors: scenario.scanner.processors,
    },
    phases,
    sampleSeconds: sampleSecondsOf(scenario, phases, under(report, 'sampling', 'interval')),
    contents,
    trace: trace && { file: trace.file, timesSeconds: trace.timesSeconds },
  }
}

/** A thread of the lab's is begun with this process's own niceness, which 0 stands for; ksmd has one that is not 0. */
function nicenessOf({ backend, scanner: { nice } }: Scenario): number | undefined {
  return backend === 'lab' && nice === 0 ? undefined : nice
}

function framesOf({ host, scale }: Scenario, report: Report): number {
  const frames = pagesIn(host.memory / scale.memory)
  if (frames < FRAMES_MIN || frames > FRAMES_MAX) {
    const range = `${inMemory(FRAMES_MIN)} to ${inMemory(FRAMES_MAX)}`
    report([], `expected ${range}${scaledBy(scale.memory)}, got ${inMemory(frames)}`)
  }
  return frames
}

/** The kernel gives the guests as much memory as they touch: a host that is too small for them can't be had there. */
function checkRealMemory(guests: readonly GuestPlan[], frames: number, report: Report): void {
  const pages = guests.reduce((sum, guest) => sum + guest.pages, 0)
  if (pages <= frames) return
  report(
    [],
    `backend linux-ksm does not limit memory: expected as much as all guests have, ${inMemory(pages)}, got ${inMemory(frames)}`,
  )
}

function sampleSecondsOf(
  { sampling, scale }: Scenario,
  phases: readonly PhasePlan[],
  report: Report,
): number {
  const seconds = sampling.interval / scale.time
  const totalSeconds = phases.reduce((sum, phase) => sum + phase.seconds, 0)
  if (seconds < SAMPLE_SECONDS_MIN) {
    const least = formatDuration(SAMPLE_SECONDS_MIN)
    report([], `expected at least ${least}${scaledBy(scale.time)}, got ${formatDuration(seconds)}`)
  } else if (totalSeconds / seconds > SAMPLES_MAX) {
    report(
      [],
      `gives ${Math.floor(totalSeconds / seconds)} samples in all phases; at most ${SAMPLES_MAX} are kept`,
    )
  }
  return seconds
}

/** The trace's guests, all alike: what they hold and do comes from the trace. */
function traceGuests(trace: TraceFacts, demand: number[], report: Report): Guests {
  const unfit = trace.guests.find((name) => !nameText(GUEST_LETTERS).test(name))
  if (unfit !== undefined) {
    report([], `its guest ${show(unfit)} can't give its name to a file; expected letters of ${GUEST_LETTERS}`)
  }
  const taken = trace.guests.find(isThreadName)
  if (taken !== undefined) report([], `its guest ${show(taken)} ${TAKEN}`)
  const folded = trace.guests.map((name) => name.toLowerCase())
  const repeated = trace.guests.find((_, index) => folded.indexOf(folded[index]!) !== index)
  if (repeated !== undefined) report([], `two of its guests are called ${show(repeated)}; ${UNIQUE}`)
  const guests = trace.guests.map((name, traceGuest) => ({
    name,
    pages: trace.pagesPerGuest,
    salt: undefined,
    share: true,
    image: [],
    activities: demand.map(() => []),
    demand,
    processors: undefined,
    traceGuest,
  }))
  return { guests, contents: trace.distinctContents }
}

function imageGuests(
  { guests = [], scale }: Scenario,
  phaseNames: readonly string[],
  report: Report,
): Guests {
  const unnumbered: UnnumberedGuest[] = []
  const plans: GuestPlan[] = []
  const names = new Set<string>()
  for (const [index, guest] of guests.entries()) {
    const reportHere = under(report, index)
    const memory = new GuestMemory(guest.memory, scale.memory)
    if (memory.pages === 0) reportHere(['memory'], `is less than a page${scaledBy(scale.memory)}`)
    const extents = memory.layOut(guest.image, under(reportHere, 'image'))
    const setting = { memory, extents, scale, phaseNames }
    const activities = workloadOf(guest.workload, setting, under(reportHere, 'workload'))
    const demand = demandOf(guest.demand, phaseNames, under(reportHere, 'demand'))
    for (const name of namesOf(guest)) {
      if (isThreadName(name)) {
        reportHere(['name'], `${show(name)} ${TAKEN}`)
        break
      }
      if (names.has(name.toLowerCase())) {
        reportHere(['name'], `a guest before is called ${name} too; ${UNIQUE}`)
        break
      }
      names.add(name.toLowerCase())
      const { salt, share, os, processors } = guest
      unnumbered.push({ os, extents })
      const { pages } = memory
      const life = { activities, demand, processors }
      plans.push({ name, pages, salt, share, image: [], ...life, traceGuest: undefined })
    }
  }
  const { images, contents } = numberContents(unnumbered)
  return { guests: plans.map((plan, index) => ({ ...plan, image: images[index]! })), contents }
}

function namesOf({ name, count }: ScenarioGuest): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
}

function checkGuests(guests: readonly GuestPlan[], report: Report): void {
  const pages = guests.reduce((sum, guest) => sum + guest.pages, 0)
  if (guests.length > GUESTS_MAX)
    report([], `makes ${guests.length} guests; at most ${GUESTS_MAX} are allowed`)
  else if (pages > GUEST_PAGES_MAX) {
    report(
      [],
      `all guests have ${inMemory(pages)} together; at most ${inMemory(GUEST_PAGES_MAX)} are allowed`,
    )
  }
}

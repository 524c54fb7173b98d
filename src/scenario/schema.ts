/**
 * The scenario language. This schema is its only definition: the type `Scenario`, validation, the defaults and
 * the published JSON Schema all come from it. In a parsed scenario sizes are bytes and times seconds, at full size.
 */
import { availableParallelism, cpus } from 'node:os'
import { z } from 'zod'
import {
  duration,
  durationOrZero,
  expected,
  flag,
  list,
  mapping,
  name,
  number,
  numberBetween,
  oneLine,
  oneOf,
  PHASE_LETTERS,
  processorNumbers,
  size,
  wholeNumber,
} from './fields.js'
import {
  CLOCK_GHZ_MAX,
  CLOCK_GHZ_MIN,
  GUESTS_MAX,
  PHASES_MAX,
  PROCESSORS_MAX,
  SCALE_MAX,
  UINT32_MAX,
  UNKNOWN_CLOCK_GHZ,
} from './limits.js'
import { demand, guest } from './schema-guest.js'
import { checkPolicyKeys, phaseScanner, type ScannerSettings, scanner } from './schema-scanner.js'
import { checkThreads } from './schema-threads.js'
import { formatDuration } from './units.js'

/** Seconds that an `until` phase lasts at most, when its `limit` isn't given. */
const UNTIL_LIMIT_SECONDS = 3600

/** GHz of a processor of this machine, as the operating system states it, to the MHz. */
function clockGHz(): number {
  const speedMHz = cpus()[0]?.speed ?? 0
  return speedMHz > 0 ? speedMHz / 1000 : UNKNOWN_CLOCK_GHZ
}

interface Processors {
  /** How many, or which. */
  processors: number | number[]
  GHz: number
}

/** Of the host of engine `stepped`, whose runs are the same on every machine. */
const STEPPED: Processors = { processors: 2, GHz: 3 }

/** What a host has whose scenario doesn't say: for real threads, what this machine has. */
function processorsOf(engine: 'threads' | 'stepped'): Processors {
  if (engine === 'stepped') return STEPPED
  return { processors: Math.min(availableParallelism(), PROCESSORS_MAX), GHz: clockGHz() }
}

const scaleFactor = number(1, SCALE_MAX)

/** What `scale: 128` is short for. */
export function bothScales(factor: number): { memory: number; time: number } {
  return { memory: factor, time: factor }
}

const scale = z
  .codec(
    z.union(
      [
        scaleFactor,
        mapping({
          memory: scaleFactor.prefault(1).describe('divides memory sizes'),
          time: scaleFactor.prefault(1).describe('divides durations'),
        }),
      ],
      {
        error: expected(`a number from 1 to ${SCALE_MAX}, or a mapping such as {memory: 1, time: 6}`),
      },
    ),
    z.strictObject({ memory: z.number(), time: z.number() }),
    {
      decode: (written) => (typeof written === 'number' ? bothScales(written) : written),
      encode: ({ memory, time }) => (memory === time ? memory : { memory, time }),
    },
  )
  .prefault(1)
  .describe('divides memory sizes and durations, together or apart; rates are multiplied by time / memory')

const percentFree = numberBetween(0, 100)

const swap = mapping({
  enabled: flag()
    .prefault(true)
    .describe('false: there is no swap file, and a guest that finds no free frame waits'),
  startFreePercent: percentFree
    .prefault(4)
    .describe("pages are shared or swapped out when less of the host's memory is free"),
  stopFreePercent: percentFree.prefault(6).describe('until more of it is free'),
})
  .check(({ value, issues }) => {
    if (value.startFreePercent < value.stopFreePercent) return
    const message = `expected more than startFreePercent, which is ${value.startFreePercent}, got ${value.stopFreePercent}`
    issues.push({ code: 'custom', input: value, path: ['stopFreePercent'], message })
  })
  .prefault({})
  .describe('what the reclaimer does when memory is low')

const host = mapping({
  memory: size().describe('machine memory at full size; 1 MiB to 64 GiB after scaling'),
  processors: z
    .union([wholeNumber(1, PROCESSORS_MAX), processorNumbers()], {
      error: expected(
        `a whole number from 1 to ${PROCESSORS_MAX}, or a list of processor numbers such as [0, 2]`,
      ),
    })
    .optional()
    .describe(
      `processors that the whole run may use: how many, the first so many of those allowed, or their numbers; default: all of this machine, in engine stepped ${STEPPED.processors}`,
    ),
  GHz: number(CLOCK_GHZ_MIN, CLOCK_GHZ_MAX)
    .optional()
    .describe(
      `clock of one processor, for ShareScanGHz; default: that of this machine, in engine stepped ${STEPPED.GHz}`,
    ),
  swap,
  stallLimit: duration()
    .prefault('10s')
    .describe('how long a guest waits for a free frame before the run fails; wall time, never scaled'),
  onRefusal: oneOf(['fail', 'continue'])
    .prefault('fail')
    .describe(
      'if the system refuses processors, demand, nice or class: fail ends the run before its first phase, with exit code 3; continue goes on without, and its results say so',
    ),
})

const until = z
  .union([z.literal('settled'), mapping({ passes: wholeNumber(1, 1_000_000).describe('scan passes') })], {
    error: expected('settled, or a mapping such as {passes: 2}'),
  })
  .describe(
    'settled: until a scan pass finds no more to share; passes: until so many scan passes are done; such a phase is a warm-up, not measured',
  )

const phase = mapping({
  name: name(PHASE_LETTERS).describe('unique; used in file names'),
  start: durationOrZero()
    .optional()
    .describe(
      'a check: when the phase must start, counted from the last until phase before it, or from the beginning',
    ),
  duration: duration().optional().describe('length of the phase'),
  until: until.optional(),
  limit: duration()
    .optional()
    .describe(`the longest that an until phase may last; default ${formatDuration(UNTIL_LIMIT_SECONDS)}`),
  scanner: phaseScanner.optional().describe('rate settings of the scanner that hold in this phase only'),
})
  .overwrite((given) =>
    given.until !== undefined && given.limit === undefined ? { ...given, limit: UNTIL_LIMIT_SECONDS } : given,
  )
  .check(({ value, issues }) => {
    const complain = (path: string[], message: string) =>
      issues.push({ code: 'custom', input: value, path, message })
    if (value.duration === undefined && value.until === undefined)
      complain([], 'has no end; give duration or until')
    else if (value.duration !== undefined && value.until !== undefined)
      complain(['until'], 'duration and until exclude each other; give one of them')
    else if (value.duration !== undefined && value.limit !== undefined)
      complain(['limit'], 'belongs to until phases only; leave it out beside duration')
  })

const phases = list('phases', phase, 1, PHASES_MAX).check(({ value, issues }) => {
  const seen = new Set<string>()
  for (const [index, { name }] of value.entries()) {
    if (seen.has(name))
      issues.push({
        code: 'custom',
        input: name,
        path: [index, 'name'],
        message: `a phase before is called ${name} too; names are unique`,
      })
    seen.add(name)
  }
})

export const scenarioSchema = mapping({
  description: oneLine('text').prefault('').describe('what the scenario is about, on one line'),
  seed: wholeNumber(0, UINT32_MAX)
    .prefault(1)
    .describe('of every random choice; what guests store depends on it alone'),
  engine: oneOf(['threads', 'stepped'])
    .prefault('threads')
    .describe(
      'threads: real threads, in real time; stepped: all on one thread by a virtual clock, repeatable to the byte',
    ),
  backend: oneOf(['lab', 'linux-ksm'])
    .prefault('lab')
    .describe(
      "lab: twinpage's own machine; linux-ksm: this host's kernel, whose ksmd then is the scanner; policy ksm and engine threads only, and host.memory holds all guests",
    ),
  scale,
  trace: oneLine('the path of a page-content trace')
    .min(1, { error: expected('the path of a page-content trace') })
    .optional()
    .describe(
      'page-content trace that the guests, which are then those of the trace, replay; relative to the scenario file',
    ),
  demand: demand.describe(
    "part of one processor that the thread of each of the trace's guests asks for, as guests[].demand; only beside trace; default: what the replay takes",
  ),
  host: host.describe('the machine that the guests share'),
  guests: list('guests', guest, 1, GUESTS_MAX)
    .optional()
    .describe('virtual machines, each a thread; required unless there is a trace'),
  scanner: scanner.describe('what looks for equal pages; each policy has settings of its own'),
  phases: phases.describe('parts of the run, one after the other'),
  sampling: mapping({
    interval: duration().prefault('1min').describe('time between samples'),
  })
    .prefault({})
    .describe('of timeseries.csv'),
})
  .overwrite((given) => ({ ...given, host: { ...processorsOf(given.engine), ...given.host } }))
  .check(({ value, issues }) => {
    const complain = (path: (string | number)[], message: string) =>
      issues.push({ code: 'custom', input: value, path, message })
    for (const [index, phase] of value.phases.entries())
      checkPolicyKeys(phase.scanner ?? {}, value.scanner.policy, (key, message) =>
        complain(['phases', index, 'scanner', key], message),
      )
    if (value.backend === 'linux-ksm' && value.scanner.policy !== 'ksm')
      complain(
        ['backend'],
        'the scanner of linux-ksm is ksmd: expected scanner: {policy: ksm}, or backend lab',
      )
    if (value.backend === 'linux-ksm' && value.engine !== 'threads')
      complain(['backend'], 'the kernel runs in real time: expected engine threads, or backend lab')
    checkThreads(value, (path, message) => complain([...path], message))
    if (value.trace === undefined && value.guests === undefined)
      complain(['guests'], 'is missing; expected a list of guests, or a trace')
    if (value.trace === undefined && value.demand !== undefined)
      complain(['demand'], "is that of a trace's guests; expected guests[].demand, or a trace")
    if (value.trace === undefined) return
    if (value.guests !== undefined)
      complain(['guests'], 'the trace brings its own guests; leave guests or trace out')
    if (value.scale.memory !== 1)
      complain(
        ['scale', 'memory'],
        `a page of a trace is a page: expected 1, got ${value.scale.memory}; such as scale: {memory: 1, time: 6}`,
      )
  })

/** A scenario as it was written, defaults filled in, in base units at full size. */
export type Scenario = Omit<z.output<typeof scenarioSchema>, 'scanner'> & {
  host: Processors
  scanner: ScannerSettings
}
export type ScenarioPhase = z.output<typeof phase>

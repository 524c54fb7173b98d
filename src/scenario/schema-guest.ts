/** The part of the scenario language that describes guests: their memory, image and workload. */
import { z } from 'zod'
import { GUEST_PAGES_MAX, PAGE_WORDS } from '../machine/layout.js'
import {
  choiceMessage,
  durationOrZero,
  expected,
  flag,
  GUEST_LETTERS,
  list,
  mapping,
  name,
  nameOrPortion,
  number,
  numberAbove,
  processorNumbers,
  rate,
  size,
  wholeNumber,
} from './fields.js'
import { ACTIVITIES_MAX, GUESTS_MAX, LOCKS_MAX, THREADS_MAX, UINT32_MAX, ZIPF_MAX } from './limits.js'

/** What the pages of an extent hold at first. */
const IMAGE_CLASSES = ['zero', 'common', 'duplicated', 'private'] as const

const extentSize = nameOrPortion(['rest']).describe(
  "how much of the guest's memory: a size, a percentage, or rest (once): what the other extents leave",
)

const extent = z.discriminatedUnion(
  'class',
  [
    mapping({ class: z.literal(['zero', 'common', 'private']), size: extentSize }),
    mapping({
      class: z.literal('duplicated'),
      size: extentSize,
      copies: wholeNumber(2, GUEST_PAGES_MAX)
        .prefault(2)
        .describe('pages of this guest with the same content'),
    }),
  ],
  { error: tagMessage('class', IMAGE_CLASSES, 'an extent such as {class: common, size: 10%}') },
)

const image = list('extents', extent, 0, ACTIVITIES_MAX)
  .check(({ value, issues }) => {
    const rests = value.flatMap((item, index) => (item.size === 'rest' ? [index] : []))
    if (rests.length < 2) return
    issues.push({
      code: 'custom',
      input: 'rest',
      path: [rests[1]!, 'size'],
      message: 'rest is used twice; once is allowed',
    })
  })
  .prefault([])
  .describe(
    "what the guest's pages hold once it has booted, from PPN 0 on; pages beyond are never touched by boot",
  )

const where = nameOrPortion([...IMAGE_CLASSES, 'all']).describe(
  "the pages: all, those of an image class, or a portion at the top of the guest's memory",
)

const atRate = { rate: rate().optional().describe('operations per second at full size') }
const overTime = { over: durationOrZero().optional().describe('the time it takes; 0s: as fast as possible') }
const closedLoop = {
  threads: wholeNumber(1, THREADS_MAX).optional().describe('closed loop: so many threads'),
  think: durationOrZero()
    .optional()
    .describe(
      'closed loop: time that a thread sleeps after each operation, at full size; it stands for a rate',
    ),
}
const zipf = number(0, ZIPF_MAX)
  .prefault(0)
  .describe('0: all pages alike; above: exponent of a Zipf distribution')

interface Paced {
  rate?: number | undefined
  over?: number | undefined
  threads?: number | undefined
  think?: number | undefined
}

/** Exactly one pace, of those that the activity has. */
function onePace({ value, issues }: { value: Paced; issues: z.core.$ZodRawIssue[] }, paces: string): void {
  const complain = (path: string[], message: string) =>
    issues.push({ code: 'custom', input: value, path, message })
  const { rate, over, threads, think } = value
  const closed = threads !== undefined ? 'threads' : think !== undefined ? 'think' : undefined
  const open = rate !== undefined ? 'rate' : over !== undefined ? 'over' : undefined
  if (open === undefined && closed === undefined) complain([], `has no pace; give ${paces}`)
  else if (rate !== undefined && over !== undefined) complain(['over'], `is a second pace; give ${paces}`)
  else if (open !== undefined && closed !== undefined) complain([closed], `is a second pace; give ${paces}`)
  else if (closed !== undefined && think === undefined)
    complain([closed], 'needs think beside it, such as think: 1ms')
  else if (closed !== undefined && threads === undefined)
    complain([closed], 'needs threads beside it, such as threads: 4')
}

/** Finite work without a pace goes as fast as it can. */
function asFastAsPossible<Work extends Paced>(work: Work): Work {
  return work.rate === undefined && work.over === undefined ? { ...work, over: 0 } : work
}

const finite = { ...atRate, ...overTime }
const FINITE_PACES = 'rate or over'
const CLOSED_PACES = 'either rate, or threads and think'
const rated = { rate: rate().describe('operations per second at full size') }

const activities = [
  mapping({ do: z.literal('boot'), ...finite })
    .overwrite(asFastAsPossible)
    .check((given) => onePace(given, FINITE_PACES))
    .describe('writes the image, page by page'),
  mapping({ do: z.literal('fill'), where, ...finite })
    .overwrite(asFastAsPossible)
    .check((given) => onePace(given, FINITE_PACES))
    .describe('fills each page once with new private contents'),
  mapping({
    do: z.literal('update'),
    where,
    ...atRate,
    ...closedLoop,
    words: wholeNumber(1, PAGE_WORDS).prefault(1).describe('adjacent 32-bit words stored at each visit'),
    locks: wholeNumber(0, LOCKS_MAX)
      .prefault(0)
      .describe('lock words that the stores are made under, 0: none'),
    zipf,
  })
    .check((given) => onePace(given, CLOSED_PACES))
    .describe('stores words at random places'),
  mapping({ do: z.literal('read'), where, ...atRate, ...closedLoop, zipf })
    .check((given) => onePace(given, CLOSED_PACES))
    .describe('loads a word of a random page'),
  mapping({ do: z.literal('reload'), where, ...rated }).describe(
    "the guest's own memory manager: frees a page, zeroes it, and reads an evicted content into another",
  ),
  mapping({ do: z.literal('zero'), where, ...rated }).describe('zeroes random pages'),
  mapping({
    do: z.literal('tick'),
    where,
    ...rated,
    pages: wholeNumber(1, GUEST_PAGES_MAX).prefault(1).describe('size of the small fixed set of pages'),
  }).describe('housekeeping of an idle system: each tick stores a word in each page of a small fixed set'),
  mapping({
    do: z.literal('busy'),
    fraction: numberAbove(0, 1).describe('part of the time that the processor is kept busy'),
  }).describe('computes, storing nothing'),
] as const

const ACTIVITY_NAMES = activities.map((activity) => activity.shape.do.value)

/** A message for a mapping that the key `tag` should tell apart. */
function tagMessage(tag: string, tags: readonly string[], what: string) {
  const wrongTag = choiceMessage(tags)
  const wrongKind = expected(what)
  return (issue: z.core.$ZodRawIssue) => {
    if (issue.code !== 'invalid_union') return wrongKind(issue)
    const given = issue.input as Record<string, unknown>
    return wrongTag({ input: given[tag] })
  }
}

const activity = z.discriminatedUnion('do', activities, {
  error: tagMessage('do', ACTIVITY_NAMES, 'an activity such as {do: read, where: all, rate: 100/s}'),
})

const workload = z
  .record(z.string(), list('activities', activity, 0, ACTIVITIES_MAX), {
    error: expected('a mapping of phase names to lists of activities'),
  })
  .prefault({})
  .describe("what the guest does, by phase name; in a phase that isn't named: nothing")

const fraction = number(0, 1)

export const demand = z
  .union([fraction, z.record(z.string(), fraction)], {
    error: expected('a number from 0 to 1, or a mapping of phase names to such numbers'),
  })
  .optional()
  .describe(
    'part of one processor that its thread asks for, its own operations included; 1: it never sleeps; a number, or by phase name; default: what its operations take',
  )

export const guest = mapping({
  name: name(GUEST_LETTERS).describe('unique; used in file names; not scanner, scanner-N or reclaimer'),
  count: wholeNumber(1, GUESTS_MAX).prefault(1).describe('above 1: so many guests alike, NAME-1 to NAME-N'),
  memory: size().describe('memory at full size'),
  os: name(GUEST_LETTERS)
    .prefault('default')
    .describe('guests of the same system have the same common contents'),
  salt: wholeNumber(0, UINT32_MAX)
    .optional()
    .describe('guests with equal salts share under ShareForceSalting 1 and 2; policy tps only'),
  share: flag()
    .prefault(true)
    .describe(
      "false: the scanner leaves this guest's pages alone; under policy ksm its memory is not marked mergeable",
    ),
  image,
  workload,
  demand,
  processors: processorNumbers()
    .optional()
    .describe(
      'numbers of the processors that its thread may use, among those of the run; engine threads only; default: all of the run',
    ),
})

export type ScenarioGuest = z.output<typeof guest>
export type ScenarioExtent = z.output<typeof extent>
export type ScenarioActivity = z.output<typeof activity>
export type Where = z.output<typeof where>

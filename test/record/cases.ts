/** Records cases: each is played on the kernel's KSM twice, and what differed is said. */
import { isDeepStrictEqual } from 'node:util'
import { MergeablePages, playOnKernel } from '../support/kernel-player.js'
import type { KsmCase, KsmObservation } from '../support/ksm-cases.js'
import { ksmMix, layoutDigest, MIX_SEEDS } from '../support/ksm-mix.js'
import type {
  RecordedCase,
  RecordedIdenticalPages,
  RecordedMix,
  Recordings,
} from '../support/ksm-recordings.js'
import {
  COPY_ON_WRITE,
  IDENTICAL_PAGES,
  identicalPages,
  SMART_SCAN,
  UNMERGE,
} from '../support/ksm-scripts.js'

type CaseName = Exclude<keyof Recordings, 'advisor'>
type Recorder<Name extends keyof Recordings> = () => Promise<Recordings[Name][]>

export const CASE_RECORDERS: { [Name in CaseName]: Recorder<Name> } = {
  mixes: recordMixes,
  'identical-pages': recordIdenticalPages,
  'smart-scan': () => recordScripts([SMART_SCAN]),
  'copy-on-write': () => recordScripts(COPY_ON_WRITE),
  unmerge: () => recordScripts(UNMERGE),
}

async function recordMixes(): Promise<RecordedMix[]> {
  const recorded = await recordScripts(MIX_SEEDS.map(ksmMix))
  return recorded.map(({ case: { settings, guests }, observations, differences }, i) => ({
    seed: MIX_SEEDS[i]!,
    settings,
    fullScans: observations[0]!.counters.full_scans,
    pages: guests.map(({ length }) => length),
    layoutDigest: layoutDigest(guests),
    observation: observations[0]!,
    differences,
  }))
}

async function recordIdenticalPages(): Promise<RecordedIdenticalPages[]> {
  const recorded = await recordScripts(IDENTICAL_PAGES.map((pair) => identicalPages(...pair)))
  return recorded.map(({ observations, differences }, i) => {
    const [pages, max_page_sharing] = IDENTICAL_PAGES[i]!
    return { pages, max_page_sharing, observation: observations[0]!, differences }
  })
}

async function recordScripts(cases: readonly KsmCase[]): Promise<RecordedCase[]> {
  const memory = new MergeablePages(Math.max(...cases.map(pagesOf)))
  const recorded: RecordedCase[] = []
  for (const ksmCase of cases) {
    const observations = await playOnKernel(memory, ksmCase)
    const again = await playOnKernel(memory, ksmCase)
    recorded.push({ case: ksmCase, observations, differences: differencesOf(observations, again) })
  }
  return recorded
}

function pagesOf({ guests }: KsmCase): number {
  return guests.reduce((pages, { length }) => pages + length, 0)
}

/** Such as `step 2 pages_volatile 3 / 4`. */
function differencesOf(one: readonly KsmObservation[], other: readonly KsmObservation[]): string[] {
  return one.flatMap((observation, step) => {
    const [values, others] = [flat(observation), flat(other[step]!)]
    return Object.keys(values)
      .filter((name) => !isDeepStrictEqual(values[name], others[name]))
      .map((name) => `step ${step} ${name} ${values[name]} / ${others[name]}`)
  })
}

function flat({ counters, stat, cow_ksm }: KsmObservation): Record<string, number> {
  return { ...stat, ...counters, cow_ksm }
}

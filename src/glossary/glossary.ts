/** All that results, settings and docs name, in one list, and how a word is looked up in it. */
import { nearestNames } from '../scenario/nearest.js'
import { type Entry, namesOf } from './entry.js'
import { FAULTS } from './faults.js'
import { KSM_COUNTERS } from './ksm.js'
import { MEMORY } from './memory.js'
import { REASON_ENTRIES } from './reasons.js'
import { RUN } from './run.js'
import { SCANNING } from './scanning.js'
import { KERNEL_SETTINGS, scenarioSettings } from './settings.js'
import { THREAD_COUNTERS } from './threads.js'
import { WORDS } from './words.js'

/** Counters by what they are about; the tables of docs/glossary.md. */
export const COUNTER_GROUPS: readonly { title: string; entries: readonly Entry[] }[] = [
  { title: 'Memory', entries: MEMORY },
  { title: 'Scanning', entries: SCANNING },
  { title: 'Stores, faults and latencies', entries: FAULTS },
  { title: 'Threads and processors', entries: THREAD_COUNTERS },
  { title: "KSM's counters", entries: KSM_COUNTERS },
  { title: 'The run itself', entries: RUN },
]

export const GLOSSARY: readonly Entry[] = [
  ...COUNTER_GROUPS.flatMap(({ entries }) => entries),
  ...REASON_ENTRIES,
  ...scenarioSettings(),
  ...KERNEL_SETTINGS,
  ...WORDS,
]

/**
 * What goes by this name, whole or from a dot on: `cowFaults`, `COWH`, `notShared.rateLimited`, `scan.cpuSeconds`,
 * `phases.busy.cow.latencyNs.p99`, `guests.0.memory`. An entry's own name goes before other names.
 */
export function lookUp(word: string): Entry[] {
  const asked = segmentsOf(word)
  const own = GLOSSARY.filter(({ name }) => sameText(name, word) || isEqual(segmentsOf(name), asked))
  if (own.length > 0) return own
  const named = GLOSSARY.filter((entry) => namesOf(entry).some((name) => sameText(name, word)))
  if (named.length > 0) return named
  return GLOSSARY.filter((entry) => namesOf(entry).some((name) => endsWith(segmentsOf(name), asked)))
}

const SUGGESTIONS = 3

/** Names that the word may have been meant for, the nearest first. */
export function suggestions(word: string): string[] {
  const names = GLOSSARY.flatMap(namesOf)
  const lastSegments = names.map((name) => name.split('.').at(-1)!)
  return nearestNames(word, [...new Set([...names, ...lastSegments])], SUGGESTIONS)
}

/** Any name of the user's, any item of a list. */
const ANY = '*'

function segmentsOf(name: string): string[] {
  return name
    .replaceAll('[]', `.${ANY}`)
    .replaceAll(/<[^>]*>/g, ANY)
    .split('.')
    .map((segment) => (/^\d+$/.test(segment) ? ANY : segment.toLowerCase()))
}

/** Whether the name ends with what is asked, or is all of it. What stands for any may be left out, but not be all. */
function endsWith(name: readonly string[], asked: readonly string[]): boolean {
  const last = name.at(-1)
  if (asked.length === 0) return true
  if (last === undefined) return false
  const before = name.slice(0, -1)
  if (last === ANY)
    return (asked.length > 1 && endsWith(before, asked.slice(0, -1))) || endsWith(before, asked)
  return last === asked.at(-1) && endsWith(before, asked.slice(0, -1))
}

function isEqual(name: readonly string[], asked: readonly string[]): boolean {
  const without = (segments: readonly string[]) => segments.filter((segment) => segment !== ANY).join('.')
  return without(name) === without(asked)
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** What the threads of a stress run count, all together, and how much of it makes a round worth its name. */
import { counterRow, createCounters, GUEST, RECLAIM, SCAN } from '../../src/measure/counters.js'
import { GUESTS, RECLAIMER, type StressSetting, THREADS } from './stress-settings.js'

const guestThreads = Array.from({ length: GUESTS }, (_, guest) => guest)
/** The reclaimer counts what it tries to share as a scanner does. */
const sharingThreads = Array.from({ length: THREADS - GUESTS }, (_, thread) => GUESTS + thread)

/** Each kind of event must happen so often in a round, however long that takes. */
const EVENTS_MIN = 50

export type StressCounts = ReturnType<typeof tally>

export function tally(counters: Float64Array) {
  const sum = (threads: number[], field: number) =>
    threads.reduce((total, thread) => total + counterRow(counters, thread)[field]!, 0)
  return {
    stores: sum(guestThreads, GUEST.stores),
    loads: sum(guestThreads, GUEST.loads),
    firstTouches: sum(guestThreads, GUEST.firstTouches),
    cowFaults: sum(guestThreads, GUEST.cowFaults),
    merges: sum(sharingThreads, SCAN.merges),
    falseMatches: sum(sharingThreads, SCAN.falseMatches),
    staleHints: sum(sharingThreads, SCAN.staleHints),
    swapOuts: sum([RECLAIMER], RECLAIM.swapOuts),
    swapIns: sum(guestThreads, GUEST.swapIns),
    stalls: sum(guestThreads, GUEST.stalls),
    lockWaits: sum(guestThreads, GUEST.lockWaits),
    lockFailures: sum(sharingThreads, SCAN.lockFailures),
  }
}

export const NO_COUNTS: StressCounts = tally(createCounters(THREADS))

export function addCounts(some: StressCounts, more: StressCounts): StressCounts {
  const names = Object.keys(some) as (keyof StressCounts)[]
  return Object.fromEntries(names.map((name) => [name, some[name] + more[name]])) as StressCounts
}

export function isStressed({ swap, ksm }: StressSetting, counts: StressCounts): boolean {
  const { merges, cowFaults, falseMatches, staleHints, stalls, lockFailures, swapOuts, swapIns } = counts
  const events = [merges, cowFaults, staleHints, stalls, lockFailures]
  if (ksm === undefined) events.push(falseMatches)
  if (swap) events.push(swapOuts, swapIns)
  return Math.min(...events) >= EVENTS_MIN
}

/** A guest's workload made concrete: page ranges and paces, phase by phase. */
import { CACHE_LINE_WORDS, PAGE_WORDS } from '../machine/layout.js'
import type { Extent, GuestMemory } from './guest-memory.js'
import { didYouMean } from './nearest.js'
import type { Activity, Pace, PageRange } from './plan.js'
import { type Report, under } from './problems.js'
import { rateFactor, type Scale } from './scale.js'
import type { ScenarioActivity, ScenarioGuest, Where } from './schema-guest.js'

export interface WorkloadSetting {
  memory: GuestMemory
  extents: readonly Extent[]
  scale: Scale
  /** In the order of the plan's phases. */
  phaseNames: readonly string[]
}

/** What the guest does in each phase, in the order of the phases. */
export function workloadOf(
  workload: ScenarioGuest['workload'],
  setting: WorkloadSetting,
  report: Report,
): Activity[][] {
  const { phaseNames } = setting
  checkPhaseNames(workload, phaseNames, report)
  return phaseNames.map((name) => {
    const activities = Object.hasOwn(workload, name) ? workload[name]! : []
    return activities.map((activity, index) => activityOf(activity, setting, under(report, name, index)))
  })
}

/** The part of a processor that a guest asks for in each phase, in the order of the phases; 0: none beyond its activities. */
export function demandOf(
  demand: ScenarioGuest['demand'],
  phaseNames: readonly string[],
  report: Report,
): number[] {
  if (demand === undefined || typeof demand === 'number') return phaseNames.map(() => demand ?? 0)
  checkPhaseNames(demand, phaseNames, report)
  return phaseNames.map((name) => (Object.hasOwn(demand, name) ? demand[name]! : 0))
}

/** One is reported, not each: guests that share a hostile mapping can have very many. */
function checkPhaseNames(byPhase: object, phaseNames: readonly string[], report: Report): void {
  const unknown = Object.keys(byPhase).find((name) => !phaseNames.includes(name))
  if (unknown === undefined) return
  const meant = didYouMean(unknown, phaseNames) || ';'
  report([unknown], `no phase has this name${meant} phases: ${phaseNames.join(', ')}`)
}

function activityOf(
  activity: ScenarioActivity,
  { memory, extents, scale }: WorkloadSetting,
  report: Report,
): Activity {
  const rangesOf = (where: Where) => memory.rangesOf(where, extents, under(report, 'where'))
  switch (activity.do) {
    case 'boot':
      return { do: 'boot', pace: paceOf(activity, scale) }
    case 'fill':
      return { do: 'fill', ranges: rangesOf(activity.where), pace: paceOf(activity, scale) }
    case 'update': {
      const { words, locks, zipf, where } = activity
      const ranges = rangesOf(where)
      checkLocks(locks, ranges, under(report, 'locks'))
      return { do: 'update', ranges, pace: paceOf(activity, scale), words, locks, zipf }
    }
    case 'read': {
      const { zipf, where } = activity
      return { do: 'read', ranges: rangesOf(where), pace: paceOf(activity, scale), zipf }
    }
    case 'reload':
    case 'zero':
      return { do: activity.do, ranges: rangesOf(activity.where), pace: paceOf(activity, scale) }
    case 'tick': {
      const ranges = rangesOf(activity.where)
      checkTickPages(activity.pages, ranges, under(report, 'pages'))
      return { do: 'tick', ranges, pace: paceOf(activity, scale), pages: activity.pages }
    }
    case 'busy':
      return { do: 'busy', fraction: activity.fraction }
  }
}

function checkTickPages(tickPages: number, ranges: readonly PageRange[], report: Report): void {
  const pages = ranges.reduce((sum, range) => sum + range.pages, 0)
  if (pages > 0 && tickPages > pages) report([], `${tickPages} pages are more than the ${pages} it works on`)
}

/** Each lock word has a cache line of its own, at the beginning of the pages that it guards. */
function checkLocks(locks: number, ranges: readonly PageRange[], report: Report): void {
  const pages = ranges.reduce((sum, range) => sum + range.pages, 0)
  const room = pages * (PAGE_WORDS / CACHE_LINE_WORDS)
  if (pages > 0 && locks > room)
    report([], `${locks} lock words don't fit into its ${pages} pages, which hold ${room}`)
}

interface Paced {
  rate?: number | undefined
  over?: number | undefined
  threads?: number | undefined
  think?: number | undefined
}

/** Durations shrink with the scale; think time stands for a rate. */
function paceOf({ rate, over, threads, think }: Paced, scale: Scale): Pace {
  if (rate !== undefined) return { kind: 'rate', perSecond: rate * rateFactor(scale) }
  if (over !== undefined) return { kind: 'over', seconds: over / scale.time }
  return { kind: 'closed', threads: threads!, thinkSeconds: think! / rateFactor(scale) }
}

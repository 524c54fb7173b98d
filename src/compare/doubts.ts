/** What makes a comparison doubtful, a line each. That options differ does not: it is what is compared. */
import { printable } from '../errors.js'
import { isIntact } from '../experiment/outcome.js'
import { steeredBy } from '../experiment/steering.js'
import { showDifference } from './differences.js'
import { type Group, machineDifferences, phasesOf } from './groups.js'
import type { ComparedRun } from './runs.js'

/** @param groups the first is the baseline */
export function doubtsAbout(groups: readonly Group[]): string[] {
  const [baseline, ...others] = groups as [Group, ...Group[]]
  return [
    ...groups.flatMap(({ runs }) => runs.flatMap(doubtsAboutRun)),
    ...(others.length === 0 ? ['all runs have the same options: there is nothing to compare them to'] : []),
    ...others.flatMap((group) => doubtsAboutGroup(baseline, group)),
    ...phasesOfSome(groups),
  ].map(printable)
}

function doubtsAboutRun({ directory, manifest, summary }: ComparedRun): string[] {
  const steered = steeredBy(manifest.controls)
  return [
    ...(manifest.state === 'partial' ? [`${directory} is partial: it was stopped before its end`] : []),
    ...(steered.length === 0
      ? []
      : [`${directory} was steered while it went (${steered.join(', ')}): it is like no other run`]),
    ...(isIntact(summary.integrity) ? [] : [`${directory} lost its integrity; don't trust its figures`]),
  ]
}

function doubtsAboutGroup(baseline: Group, group: Group): string[] {
  const [was, is] = [baseline.runs[0]!, group.runs[0]!]
  const scenario =
    `${group.name} is of scenario ${is.manifest.scenario}, ` + `${baseline.name} of ${was.manifest.scenario}`
  const unlike = machineDifferences(baseline, group).map(
    (difference) => `${difference.key} ${showDifference(difference)}`,
  )
  const scale =
    `${group.name} has another scale than ${baseline.name}: memory is compared at full size; rates, times, ` +
    'latencies and counts are those of the scaled runs'
  const { memory, time } = was.summary.scale
  const isScaledAlike = is.summary.scale.memory === memory && is.summary.scale.time === time
  return [
    ...(is.manifest.scenario === was.manifest.scenario ? [] : [scenario]),
    ...(unlike.length === 0
      ? []
      : [`${group.name} is of another machine than ${baseline.name}: ${unlike.join('; ')}`]),
    ...(isScaledAlike ? [] : [scale]),
  ]
}

function phasesOfSome(groups: readonly Group[]): string[] {
  const phases = new Set(groups.flatMap((group) => [...phasesOf(group)]))
  return [...phases].flatMap((phase) => {
    const having = groups.filter((group) => phasesOf(group).has(phase)).map(({ name }) => name)
    if (having.length === groups.length) return []
    return [`phase ${phase} is not compared: it is in ${having.join(', ')} only`]
  })
}

/** What a run has found out, in sentences, from its summary: what was shared, when that fell and why, and what it cost. */
import { REASON_NAMES } from '../charts/reason-names.js'
import { duration, plain } from '../charts/text.js'
import type { PhaseSummary, Summary } from '../experiment/outcome.js'
import { REASONS } from '../experiment/reasons.js'
import { memoryUnit } from './units.js'

/** A smaller part of what is saved is no fall. */
const FALL_PART_MIN = 0.1

const KSM_LAGS =
  'What is saved is what KSM’s counters say. They take back what a store has broken only when ksmd comes by again, so while guests store it may be less.'

/** @returns paragraphs of plain text; memory is at full size */
export function answerOf(summary: Summary): string[] {
  const { phases } = summary
  if (phases.length === 0) return ['The run ended before its first phase did: nothing was found out.']
  const fall = largestFall(phases)
  const told = fall?.to ?? phases.at(-1)!
  return [
    sharedText(phases),
    ...(fall === undefined ? notFallenText(phases) : [fallText(fall)]),
    ...missingText(told, summary.scale.memory),
    ...(summary.backend === 'linux-ksm' ? [KSM_LAGS] : []),
    ...phases.filter(({ measured }) => measured).flatMap((phase) => costText(phase, summary)),
  ]
}

function sharedText(phases: readonly PhaseSummary[]): string {
  const most = phases.reduce((best, phase) => (savedMiB(phase) > savedMiB(best) ? phase : best))
  const last = phases.at(-1)!
  if (savedMiB(most) === 0) return nothingSharedText(phases)
  const atMost = `The most memory was saved at the end of ${most.name}: ${memory(savedMiB(most))}${ofOpportunity(most)}.`
  return most === last
    ? atMost
    : `${atMost} At the end of the run, of ${last.name}, it was ${memory(savedMiB(last))}${ofOpportunity(last)}.`
}

function nothingSharedText(phases: readonly PhaseSummary[]): string {
  const opportunityMiB = Math.max(...phases.map(({ fullSize }) => fullSize.opportunityMiB))
  const possible =
    opportunityMiB === 0
      ? 'nor would a perfect scanner have saved anything'
      : `where a perfect scanner would have saved up to ${memory(opportunityMiB)}`
  return `Nothing was saved at the end of any phase, ${possible}.`
}

function ofOpportunity({ fullSize, captureRatio }: PhaseSummary): string {
  return captureRatio === null
    ? ''
    : `, ${percent(captureRatio)} of the ${memory(fullSize.opportunityMiB)} that a perfect scanner would have saved`
}

interface Fall {
  from: PhaseSummary
  to: PhaseSummary
}

function largestFall(phases: readonly PhaseSummary[]): Fall | undefined {
  const lost = ({ from, to }: Fall) => savedMiB(from) - savedMiB(to)
  const falls = phases.slice(1).map((to, index) => ({ from: phases[index]!, to }))
  const [largest] = falls.sort((one, other) => lost(other) - lost(one))
  if (largest === undefined || lost(largest) <= FALL_PART_MIN * savedMiB(largest.from)) return undefined
  return largest
}

/** What was never there can't fall. */
function notFallenText(phases: readonly PhaseSummary[]): string[] {
  if (phases.every((phase) => savedMiB(phase) === 0)) return []
  return phases.length === 1
    ? ['There was one phase, so nothing can be said of a fall.']
    : [`From the end of one phase to the next it never fell by more than ${percent(FALL_PART_MIN)}.`]
}

/** What is lost is opportunity and capture: saved = opportunity − what was missed of it. */
function fallText({ from, to }: Fall): string {
  const lost = savedMiB(from) - savedMiB(to)
  const ofOpportunity = from.fullSize.opportunityMiB - to.fullSize.opportunityMiB
  const ofCapture = lost - ofOpportunity
  const head = `It fell from ${from.name} to ${to.name}: ${memory(lost)} less was saved.`
  if (ofOpportunity <= 0)
    return `${head} All of that is lost capture: pages were as equal as before, but not shared any more.`
  const opportunity = `what could be shared fell from ${memory(from.fullSize.opportunityMiB)} to ${memory(to.fullSize.opportunityMiB)}`
  if (ofCapture <= 0) return `${head} All of that is lost opportunity: ${opportunity}.`
  return (
    `${head} ${percent(ofOpportunity / lost)} of that is lost opportunity: ${opportunity}. ` +
    `${percent(ofCapture / lost)}, ${memory(ofCapture)}, is lost capture: equal pages that were not shared.`
  )
}

function missingText(phase: PhaseSummary, scaleMemory: number): string[] {
  const { name, notShared } = phase
  if (notShared === null) return []
  const reasons = REASONS.map((reason) => ({
    name: REASON_NAMES[reason],
    sizeMiB: notShared[`${reason}MiB`] * scaleMemory,
  }))
    .filter(({ sizeMiB }) => sizeMiB > 0)
    .sort((one, other) => other.sizeMiB - one.sizeMiB)
  if (reasons.length === 0) return []
  const list = reasons.map((reason) => `${reason.name} ${memory(reason.sizeMiB)}`)
  return [`What was missing at the end of ${name}, by reason: ${list.join(', ')}.`]
}

function costText(phase: PhaseSummary, { scale, engine, scanners }: Summary): string[] {
  const { name, scan, cow, startSeconds, endSeconds } = phase
  const seconds = (endSeconds - startSeconds) / scale.time
  if (seconds <= 0) return []
  const asked =
    scan.pagesAskedPerSecond === null ? '' : ` of ${count(scan.pagesAskedPerSecond)} that it was asked for`
  const cpu =
    scan.cpuSeconds === null || scan.waitingSeconds === null
      ? ''
      : `, took ${percent(scan.cpuSeconds / seconds)} of a processor and waited for one ${plain(scan.waitingSeconds)} s of ${plain(seconds)} s${scanners === 1 ? '' : `, its ${scanners} scanners together`}`
  const time = engine === 'stepped' ? ' of virtual time' : ''
  return [
    `In ${name} the scan visited ${count(scan.pagesPerSecond)} pages a second${time}${asked}${cpu}. ${faultsText(cow)}`,
  ]
}

function faultsText({ faults, faultsPerSecond, latencyNs }: PhaseSummary['cow']): string {
  if (faults === 0) return 'No store met a shared page.'
  const met = `${count(faults)} stores met a shared page and took a copy-on-write fault, ${count(faultsPerSecond)} a second`
  return latencyNs === null
    ? `${met}.`
    : `${met}: half of them took up to ${duration(latencyNs.p50)}, 99 % up to ${duration(latencyNs.p99)}, the longest ${duration(latencyNs.max)}.`
}

function savedMiB({ fullSize }: PhaseSummary): number {
  return fullSize.savedMiB
}

function memory(sizeMiB: number): string {
  const unit = memoryUnit(sizeMiB)
  return `${plain(sizeMiB / unit.size)} ${unit.name}`
}

/** All digits of what is counted, three of what is less than a hundred. */
function count(value: number): string {
  return value < 100 ? plain(value) : Math.round(value).toLocaleString('en-US')
}

function percent(part: number): string {
  return `${plain(100 * part)} %`
}

/**
 * summary.json: a run's samples at the borders of its phases, its histograms and its final check, as figures
 * that a person compares. Memory is that at a phase's end; counts and rates are those over the phase.
 */

import type {
  GuestPhaseHistograms,
  GuestSample,
  IntegrityReport,
  MemoryFigures,
  PhaseGuestSummary,
  PhaseRecord,
  PhaseSummary,
  Sample,
  ScanCounters,
  Summary,
} from '../experiment/outcome.js'
import { REASONS, type Reason } from '../experiment/reasons.js'
import { type LatencyNs, latencyOf } from '../measure/histograms.js'
import type { Plan } from '../scenario/plan.js'
import { summarizeAccounts } from './accounts.js'
import { pagesToMiB } from './units.js'

export interface SummaryInput {
  plan: Plan
  state: Summary['state']
  messages: string[]
  phases: readonly PhaseRecord[]
  histograms: readonly GuestPhaseHistograms[]
  integrity: IntegrityReport
  /** In the order of `plan.guests`. */
  contentDigests: readonly (string | undefined)[]
  /** What one reading of the clock costs, and so adds to every latency; null when nothing was timed. */
  clockCostNs: number | null
  memory: Summary['memory']
}

export function summarize(input: SummaryInput): Summary {
  const { plan, state, messages, integrity, clockCostNs, memory } = input
  return {
    scenario: plan.scenario,
    seed: plan.seed,
    engine: plan.engine,
    backend: plan.backend,
    policy: plan.scanner.policy,
    scanners: plan.scanner.count,
    state,
    messages,
    scale: plan.scale,
    guests: plan.guests.map(({ name, pages }, index) => ({
      name,
      memoryMiB: pagesToMiB(pages),
      contentDigest: input.contentDigests[index] ?? null,
    })),
    clockCostNs,
    phases: input.phases.map((phase) => summarizePhase(phase, input.histograms, plan)),
    integrity,
    memory,
  }
}

function summarizePhase(
  { name, measured, start, end }: PhaseRecord,
  allHistograms: readonly GuestPhaseHistograms[],
  plan: Plan,
): PhaseSummary {
  const { scale, guests, scanner } = plan
  const histograms = allHistograms.filter(({ phase }) => phase === name)
  const over = new Interval((end.timeSeconds - start.timeSeconds) / scale.time)
  const faults = end.cowFaults - start.cowFaults
  return {
    name,
    measured,
    startSeconds: start.timeSeconds,
    endSeconds: end.timeSeconds,
    ...memoryFigures(end, 1),
    captureRatio: end.opportunityPages === 0 ? null : end.savedPages / end.opportunityPages,
    notShared: end.notShared === undefined ? null : notSharedMiB(end.notShared),
    brokenMiB: miBIfKnown(end.brokenPages),
    scan: summarizeScan(start.scan, end.scan, over, scanner.count),
    cow: {
      faults,
      faultsPerSecond: over.perSecond(faults),
      latencyNs: latencyOfMetric('cow', histograms),
      fromIntendedNs: latencyOfMetric('cow.fromIntended', histograms),
    },
    stores: over.countAndRate(end.stores - start.stores),
    swap: {
      outs: end.swapOuts - start.swapOuts,
      ins: end.swapIns - start.swapIns,
      reclaimMerges: end.reclaimMerges - start.reclaimMerges,
      latencyNs: latencyOfMetric('swapIn', histograms),
    },
    fullSize: memoryFigures(end, scale.memory),
    ...(end.ksm && { ksm: end.ksm }),
    ...summarizeLinux(start, end),
    guests: Object.fromEntries(
      guests.map((guest, index) => {
        const own = histograms.filter((entry) => entry.guest === guest.name)
        return [guest.name, summarizeGuest(start.guests[index]!, end.guests[index]!, own, over)]
      }),
    ),
    ...summarizeAccounts(start, end, over.wallSeconds, plan),
  }
}

function summarizeLinux(start: Sample, end: Sample): Pick<PhaseSummary, 'linux'> {
  if (start.linux === undefined || end.linux === undefined) return {}
  const cow_ksm = differenceIfKnown(start.ksm?.cow_ksm, end.ksm?.cow_ksm)
  const zeroPageFaults = end.linux.zeroPageFaults - start.linux.zeroPageFaults
  return { linux: { cow_ksm, zeroPageFaults, ksm_stat: end.linux.ksm_stat ?? null } }
}

function summarizeGuest(
  start: GuestSample,
  end: GuestSample,
  histograms: readonly GuestPhaseHistograms[],
  over: Interval,
): PhaseGuestSummary {
  const faults = end.cowFaults - start.cowFaults
  return {
    presentMiB: pagesToMiB(end.presentPages),
    sharedMiB: miBIfKnown(end.sharedPages),
    savedMiB: miBIfKnown(end.savedPages),
    zeroMiB: miBIfKnown(end.zeroPages),
    swappedMiB: pagesToMiB(end.swappedPages),
    stores: over.countAndRate(end.stores - start.stores),
    loads: { count: end.loads - start.loads },
    firstTouches: end.firstTouches - start.firstTouches,
    cow: {
      faults,
      faultsPerSecond: over.perSecond(faults),
      latencyNs: latencyOfMetric('cow', histograms),
      fromIntendedNs: latencyOfMetric('cow.fromIntended', histograms),
    },
    stalls: end.stalls - start.stalls,
    lockWaits: end.lockWaits - start.lockWaits,
    missed: end.missed - start.missed,
    swap: { ins: end.swapIns - start.swapIns },
    ...(end.ksm && { ksm_stat: end.ksm }),
  }
}

function summarizeScan(
  start: ScanCounters,
  end: ScanCounters,
  over: Interval,
  scanners: number,
): PhaseSummary['scan'] {
  const pagesScanned = end.pagesScanned - start.pagesScanned
  const pagesAsked = differenceIfKnown(start.pagesAsked, end.pagesAsked)
  const cpuSeconds = differenceIfKnown(start.cpuSeconds, end.cpuSeconds)
  const waitingSeconds = differenceIfKnown(start.waitingSeconds, end.waitingSeconds)
  return {
    pagesScanned,
    pagesPerSecond: over.perSecond(pagesScanned),
    pagesAskedPerSecond: pagesAsked === null ? null : over.perSecond(pagesAsked),
    passes: end.passes - start.passes,
    pagesHashed: differenceIfKnown(start.pagesHashed, end.pagesHashed),
    pagesCompared: differenceIfKnown(start.pagesCompared, end.pagesCompared),
    merges: differenceIfKnown(start.merges, end.merges),
    staleHints: differenceIfKnown(start.staleHints, end.staleHints),
    falseMatches: differenceIfKnown(start.falseMatches, end.falseMatches),
    lockFailures: differenceIfKnown(start.lockFailures, end.lockFailures),
    cpuSeconds,
    waitingSeconds,
    asleepSeconds:
      cpuSeconds === null || waitingSeconds === null
        ? null
        : over.secondsLeft(scanners, cpuSeconds + waitingSeconds),
  }
}

function memoryFigures(sample: Sample, times: number): MemoryFigures {
  return {
    sharedMiB: pagesToMiB(sample.sharedPages) * times,
    sharedCommonMiB: pagesToMiB(sample.sharedCommonPages) * times,
    savedMiB: pagesToMiB(sample.savedPages) * times,
    zeroMiB: pagesToMiB(sample.zeroPages) * times,
    footprintMiB: pagesToMiB(sample.footprintPages) * times,
    opportunityMiB: pagesToMiB(sample.opportunityPages) * times,
    swappedMiB: pagesToMiB(sample.swappedPages) * times,
  }
}

function notSharedMiB(pages: Record<Reason, number>): NonNullable<PhaseSummary['notShared']> {
  const entries = REASONS.map((reason) => [`${reason}MiB`, pagesToMiB(pages[reason])])
  return Object.fromEntries(entries) as NonNullable<PhaseSummary['notShared']>
}

function latencyOfMetric(metric: string, phases: readonly GuestPhaseHistograms[]): LatencyNs | null {
  return latencyOf(phases.flatMap(({ histograms }) => histograms.filter((entry) => entry.metric === metric)))
}

function miBIfKnown(pages: number | undefined): number | null {
  return pages === undefined ? null : pagesToMiB(pages)
}

function differenceIfKnown(start: number | undefined, end: number | undefined): number | null {
  return start === undefined || end === undefined ? null : end - start
}

/** A stretch of wall time, for rates; one of no length has rates of 0. */
class Interval {
  constructor(readonly wallSeconds: number) {}

  /** Of its length on so many threads, what is left after so many seconds; the clocks that counted them may differ a little. */
  secondsLeft(threads: number, seconds: number): number {
    return Math.max(0, threads * this.wallSeconds - seconds)
  }

  perSecond(count: number): number {
    return this.wallSeconds > 0 ? count / this.wallSeconds : 0
  }

  countAndRate(count: number): { count: number; perSecond: number } {
    return { count, perSecond: this.perSecond(count) }
  }
}

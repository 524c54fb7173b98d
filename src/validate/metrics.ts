/**
 * What the lab and the kernel are compared by. Of each counter:
 *
 *   pages_sharing            at the end of the last phase
 *   pages_sharing@PHASE      at the end of this phase
 *   pages_sharing.mean       its mean over time
 *   pages_sharing.overTime   how far the two curves are apart: the mean distance, in percent of the kernel's maximum
 *
 * Of several replicates it is the median that counts: of the figures, and for `overTime` of the curves.
 */
import { type Curve, meanDistance, medianCurve, resample, timeMean } from './curves.js'
import { COUNTERS, type Counter, endOfPhase, type Run } from './points.js'
import { median, type Range, rangeOf } from './statistics.js'

/** The same scenario with the same seed on both backends. */
export interface Replicate {
  seed: number
  lab: Run
  kernel: Run
}

/** Figures are pages, full scans or copy-on-write breaks. */
export interface Metric {
  /** Median over the replicates; null for `.overTime`, which is of two curves. */
  lab: number | null
  kernel: number | null
  /**
   * (lab − kernel) / kernel · 100, and for `.overTime` mean distance / kernel's maximum · 100. Two zeros are 0 % apart;
   * null: the kernel has 0 and the lab has not.
   */
  errorPercent: number | null
  /** Over the replicates. */
  labRange: Range | null
  kernelRange: Range | null
}

export type Metrics = Record<string, Metric>

export function atEndOf(counter: Counter, phase: string): string {
  return `${counter}@${phase}`
}

export function meanOf(counter: Counter): string {
  return `${counter}.mean`
}

export function overTimeOf(counter: Counter): string {
  return `${counter}.overTime`
}

/** The metrics of a scenario with these phases. */
export function metricNames(phases: readonly string[]): string[] {
  return [
    ...COUNTERS,
    ...COUNTERS.map(meanOf),
    ...COUNTERS.map(overTimeOf),
    ...phases.flatMap((phase) => COUNTERS.map((counter) => atEndOf(counter, phase))),
  ]
}

/**
 * @param replicates one or more, each run to its end
 * @param phases of the scenario, in order
 * @param times at which curves are compared
 * @returns in the order of metricNames
 */
export function compare(
  replicates: readonly Replicate[],
  phases: readonly string[],
  times: readonly number[],
): Metrics {
  const figures = (figureOf: (run: Run) => number) => compareFigures(replicates, figureOf)
  const atEnd = (counter: Counter, phase: string) =>
    figures((run) => endOfPhase(run, phase).counters[counter])
  const lastPhase = phases.at(-1)!
  return Object.fromEntries([
    ...COUNTERS.map((counter) => [counter, atEnd(counter, lastPhase)]),
    ...COUNTERS.map((counter) => [
      meanOf(counter),
      figures((run) => timeMean(resample(run, counter, times), times)),
    ]),
    ...COUNTERS.map((counter) => [overTimeOf(counter), compareCurves(replicates, counter, times)]),
    ...phases.flatMap((phase) => COUNTERS.map((counter) => [atEndOf(counter, phase), atEnd(counter, phase)])),
  ]) as Metrics
}

function compareFigures(replicates: readonly Replicate[], figureOf: (run: Run) => number): Metric {
  const labFigures = replicates.map(({ lab }) => figureOf(lab))
  const kernelFigures = replicates.map(({ kernel }) => figureOf(kernel))
  const lab = median(labFigures)
  const kernel = median(kernelFigures)
  return {
    lab,
    kernel,
    errorPercent: percentOf(lab - kernel, kernel),
    labRange: rangeOf(labFigures),
    kernelRange: rangeOf(kernelFigures),
  }
}

function compareCurves(replicates: readonly Replicate[], counter: Counter, times: readonly number[]): Metric {
  const medianOf = (runs: readonly Run[]): Curve =>
    medianCurve(runs.map((run) => resample(run, counter, times)))
  const lab = medianOf(replicates.map((replicate) => replicate.lab))
  const kernel = medianOf(replicates.map((replicate) => replicate.kernel))
  const errorPercent = percentOf(meanDistance(lab, kernel, times), Math.max(...kernel))
  return { lab: null, kernel: null, errorPercent, labRange: null, kernelRange: null }
}

/** Null: of nothing, something. */
function percentOf(difference: number, kernel: number): number | null {
  if (difference === 0) return 0
  return kernel === 0 ? null : (100 * difference) / kernel
}

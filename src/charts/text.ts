/** What a chart over time shows, in words and figures, phase by phase: for who can't see it, or won't. */

import { timeUnit } from '../report/units.js'
import type { Curve } from './curves.js'
import { LATENCY_UNITS } from './decades.js'
import type { PhaseView, RunView, TimeSeries } from './run-view.js'
import type { Values } from './values.js'

export interface Told {
  /** A sentence. */
  about: string
  curves: readonly Curve[]
  isOfIntervals: boolean
}

/** Of a phase, its own samples; −1: it has none. The one before them is the end of the phase before. */
interface Samples {
  first: number
  last: number
}

export function curvesText(
  run: RunView,
  { about, curves, isOfIntervals }: Told,
  format: (value: number) => string,
): string {
  return phasesText(run, about, (samples) =>
    curves.flatMap(({ name, values }) => {
      const figure = isOfIntervals
        ? intervalsText(run.series, values, samples, format)
        : levelsText(values, samples, format)
      return figure === undefined ? [] : [`${name} ${figure}`]
    }),
  )
}

/** @param figuresOf what there is to say of a phase; nothing: it is left out */
export function phasesText(run: RunView, about: string, figuresOf: (samples: Samples) => string[]): string {
  const time = timeUnit(run.phases.at(-1)?.endSeconds ?? 0)
  const phases = run.phases.flatMap((phase) => {
    const figures = figuresOf(samplesOf(run.series, phase))
    const [start, end] = [phase.startSeconds, phase.endSeconds].map((seconds) =>
      Number((seconds / time.size).toFixed(1)),
    )
    return figures.length === 0
      ? []
      : [`${phase.name} (${start} to ${end} ${time.name}): ${figures.join('; ')}.`]
  })
  return [about, ...(phases.length === 0 ? ['Nothing is known yet.'] : phases)].join(' ')
}

/** Three digits. */
export function plain(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

export function duration(ns: number): string {
  const decade = ns < 1 ? 0 : Math.floor(Math.log10(ns) / 3)
  const unit = Math.min(LATENCY_UNITS.length - 1, decade)
  return `${plain(ns / 1000 ** unit)} ${LATENCY_UNITS[unit]}`
}

/** Three digits and a letter: 1.2K, 20M. */
export function compact(value: number): string {
  return value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
}

function samplesOf({ phase }: TimeSeries, { name }: PhaseView): Samples {
  return { first: phase.indexOf(name), last: phase.lastIndexOf(name) }
}

function levelsText(
  values: Values,
  { first, last }: Samples,
  format: (value: number) => string,
): string | undefined {
  const known = values.slice(Math.max(0, first - 1), last + 1).filter((value) => value !== null)
  if (known.length === 0) return undefined
  const [from, to, most] = [known[0]!, known.at(-1)!, Math.max(...known)].map(format)
  return from === to && to === most ? `${to} throughout` : `from ${from} to ${to}, at most ${most}`
}

/** A mean over the time, and the highest interval. */
function intervalsText(
  { timeSeconds }: TimeSeries,
  values: Values,
  { first, last }: Samples,
  format: (value: number) => string,
): string | undefined {
  let [sum, seconds, most] = [0, 0, 0]
  for (let index = Math.max(1, first); index <= last; index++) {
    const value = values[index] ?? null
    if (value === null) continue
    const length = timeSeconds[index]! - timeSeconds[index - 1]!
    sum += value * length
    seconds += length
    most = Math.max(most, value)
  }
  if (seconds === 0) return undefined
  if (most === 0) return `${format(0)} throughout`
  return `${format(sum / seconds)} on average, at most ${format(most)}`
}

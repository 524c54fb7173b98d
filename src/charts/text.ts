/** What a chart over time shows, in words and figures, phase by phase: for who can't see it, or won't. */

import { timeUnit } from '../report/units.js'
import type { Curve } from './curves.js'
import type { PhaseView, RunView, TimeSeries } from './run-view.js'
import type { Values } from './thin.js'

export interface Told {
  /** A sentence. */
  about: string
  curves: readonly Curve[]
  isOfIntervals: boolean
  format: (value: number) => string
}

export function textOf(run: RunView, { about, curves, isOfIntervals, format }: Told): string {
  const time = timeUnit(run.phases.at(-1)?.endSeconds ?? 0)
  const phases = run.phases.flatMap((phase) => {
    const samples = samplesOf(run.series, phase)
    const figures = curves.flatMap(({ name, values }) => {
      const figure = isOfIntervals
        ? intervalsText(run.series, values, samples, format)
        : levelsText(values, samples, format)
      return figure === undefined ? [] : [`${name} ${figure}`]
    })
    const [start, end] = [phase.startSeconds, phase.endSeconds].map((seconds) => plain(seconds / time.size))
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

/** From the sample at which the phase before it ended. */
function samplesOf({ phase }: TimeSeries, { name }: PhaseView): { first: number; last: number } {
  const first = phase.indexOf(name)
  return { first: Math.max(0, first - 1), last: first === -1 ? -1 : phase.lastIndexOf(name) }
}

interface Samples {
  first: number
  last: number
}

function levelsText(values: Values, { first, last }: Samples, format: Told['format']): string | undefined {
  const known = values.slice(first, last + 1).filter((value) => value !== null)
  if (known.length === 0) return undefined
  const [from, to, most] = [known[0]!, known.at(-1)!, Math.max(...known)].map(format)
  return from === to && to === most ? `${to} throughout` : `from ${from} to ${to}, at most ${most}`
}

/** A mean over the time, and the highest interval. */
function intervalsText(
  { timeSeconds }: TimeSeries,
  values: Values,
  { first, last }: Samples,
  format: Told['format'],
): string | undefined {
  let [sum, seconds, most] = [0, 0, 0]
  for (let index = first + 1; index <= last; index++) {
    const value = values[index] ?? null
    if (value === null) continue
    const length = timeSeconds[index]! - timeSeconds[index - 1]!
    sum += value * length
    seconds += length
    most = Math.max(most, value)
  }
  if (seconds === 0) return undefined
  return `${format(sum / seconds)} on average, at most ${format(most)}`
}

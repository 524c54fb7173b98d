/**
 * The memory that each guest shares over the course of a run, as stacked bands (the case study's Figure 6), with the
 * machine's footprint and the opportunity as lines.
 */
import type { Curve, CurveChart, Line } from './curves.js'
import { memoryChart, memoryOf } from './memory.js'
import type { RunView } from './run-view.js'
import { LIGHT } from './theme.js'
import { summed } from './values.js'

const BANDS_MAX = LIGHT.series.length

export function sharedChart(run: RunView): CurveChart {
  const lines: Line[] = [
    { name: 'footprint (machine)', type: 'solid', values: memoryOf(run, 'footprintPages') },
    { name: 'opportunity (to save)', type: 'dashed', values: memoryOf(run, 'opportunityPages') },
  ]
  return memoryChart(run, {
    name: 'shared',
    title: 'memory shared by each guest',
    bands: bandsOf(run),
    lines,
    about:
      'Memory shared by each guest, stacked; the machine’s footprint and the opportunity to save as lines.',
    told: [{ name: 'shared', values: memoryOf(run, 'sharedPages') }, ...lines],
  })
}

/** One colour of the stack: a guest, or neighbours (`web-1–10`) where there are more guests than colours. */
function bandsOf(run: RunView): Curve[] {
  const { guests } = run
  const guestsPerBand = Math.max(1, Math.ceil(guests.length / BANDS_MAX))
  return Array.from({ length: Math.ceil(guests.length / guestsPerBand) }, (_, index) => {
    const first = index * guestsPerBand
    const own = guests.slice(first, first + guestsPerBand)
    return { name: bandName(own), values: summed(own.map((guest) => memoryOf(run, `sharedPages.${guest}`))) }
  })
}

function bandName(guests: readonly string[]): string {
  const first = guests[0]!
  const last = guests.at(-1)!
  return guests.length === 1 ? first : `${first}–${last.slice(commonPrefix(first, last).length)}`
}

/** What both begin with, so cut that no number is. */
function commonPrefix(first: string, last: string): string {
  let length = 0
  while (length < first.length && first[length] === last[length]) length += 1
  return first.slice(0, length).replace(/\d+$/, '')
}

/**
 * shared.svg: the memory that each guest shares over the course of a run, as a stacked area chart (the case
 * study's Figure 6), with the machine's footprint and the opportunity as lines. Everything is at full size.
 */
import { type ChartOption, renderSvg } from './chart.js'
import { COLOURS } from './chart-style.js'
import { type Band, type ChartedRun, describeMemoryChart, HEIGHT_PX, WIDTH_PX } from './memory-chart.js'

export interface SharingChartData extends ChartedRun {
  /** Names, in the order of `Sample.guests`. */
  guests: readonly string[]
}

/** @returns a complete SVG document, for runs of any length, of one sample or none too. */
export function renderSharingChart(data: SharingChartData): string {
  return renderSvg(describeSharingChart(data), WIDTH_PX, HEIGHT_PX)
}

export function describeSharingChart(data: SharingChartData): ChartOption {
  return describeMemoryChart(data, {
    title: 'memory shared by each guest',
    bands: bandsOf(data.guests),
    lines: [
      { name: 'footprint (machine)', type: 'solid', pages: ({ footprintPages }) => footprintPages },
      { name: 'opportunity (to save)', type: 'dashed', pages: ({ opportunityPages }) => opportunityPages },
    ],
  })
}

/** One colour of the stack: a guest, or neighbours (`web-1–10`) where there are more guests than colours. */
function bandsOf(guests: readonly string[]): Band[] {
  const guestsPerBand = Math.max(1, Math.ceil(guests.length / COLOURS.length))
  return Array.from({ length: Math.ceil(guests.length / guestsPerBand) }, (_, index) => {
    const first = index * guestsPerBand
    const end = first + guestsPerBand
    return {
      name: bandName(guests.slice(first, end)),
      pages: (sample) => sumIfKnown(sample.guests.slice(first, end).map(({ sharedPages }) => sharedPages)),
    }
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

/** Between the borders of phases the host's kernel may not have been asked whose its shared pages are. */
function sumIfKnown(pages: readonly (number | undefined)[]): number | undefined {
  return pages.every((known) => known !== undefined)
    ? pages.reduce((sum, known) => sum + known, 0)
    : undefined
}

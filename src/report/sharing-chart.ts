/**
 * shared.svg: the memory that each guest shares over the course of a run, as a stacked area chart (the case
 * study's Figure 6), with the machine's footprint and the opportunity as lines. Everything is at full size.
 */
import type { Sample, Summary } from '../experiment/outcome.js'
import { type ChartOption, type ChartSeries, renderSvg } from './chart.js'
import { arrangePhaseNames, type PhaseSpan, phaseSeries } from './chart-phases.js'
import {
  AXIS_COLOUR,
  axis,
  BLACK,
  COLOURS,
  DASHED_ICON,
  FONT_PX,
  type Points,
  roundAxis,
  SOLID_ICON,
  thinned,
  WHITE,
} from './chart-style.js'
import { memoryUnit, pagesToMiB, shortened, timeUnit } from './units.js'

export interface SharingChartData {
  scenario: string
  scale: Summary['scale']
  /** Names, in the order of `Sample.guests`. */
  guests: readonly string[]
  samples: readonly Sample[]
  phases: readonly PhaseSpan[]
}

const WIDTH_PX = 960
const HEIGHT_PX = 480
/** Around the plot: the legend is to its right; above it stand the title and then the names of the phases. */
const PLOT = { left: 76, right: 216, bottom: 56 }
const PLOT_WIDTH_PX = WIDTH_PX - PLOT.left - PLOT.right
const TITLE_HEIGHT_PX = 64
const TITLE_CHARACTERS = 60
const LEGEND_CHARACTERS = 22

/** The lines: the space in their names keeps them apart from guests, whose names have none. */
const FOOTPRINT = 'footprint (machine)'
const OPPORTUNITY = 'opportunity (to save)'

/** @returns a complete SVG document, for runs of any length, of one sample or none too. */
export function renderSharingChart(data: SharingChartData): string {
  return renderSvg(describeSharingChart(data), WIDTH_PX, HEIGHT_PX)
}

export function describeSharingChart(data: SharingChartData): ChartOption {
  const samples = thinned(data.samples)
  const fullSizeMiB = (pages: number) => pagesToMiB(pages) * data.scale.memory
  const memory = memoryUnit(Math.max(...samples.map((sample) => fullSizeMiB(largestPages(sample)))))
  const lastSeconds = Math.max(...samples.map(({ timeSeconds }) => timeSeconds), 1)
  const time = timeUnit(lastSeconds)
  const timeAxis = roundAxis(lastSeconds / time.size)
  const phaseRows = arrangePhaseNames(data.phases, PLOT_WIDTH_PX / (timeAxis.max * time.size))
  const pointsOf = (pages: (sample: Sample) => number, ofSamples = samples): Points =>
    ofSamples.map((sample) => [sample.timeSeconds / time.size, fullSizeMiB(pages(sample)) / memory.size])

  const bands = bandsOf(data.guests)
  // Between the borders of phases the host's kernel may not have been asked whose its shared pages are.
  const byGuest = samples.filter(({ guests }) => guests.every((guest) => guest.sharedPages !== undefined))
  const series = [
    ...bands.map(({ name, sharedPages }, index) => areaSeries(name, index, pointsOf(sharedPages, byGuest))),
    lineSeries(FOOTPRINT, 'solid', pointsOf(footprintPages)),
    lineSeries(OPPORTUNITY, 'dashed', pointsOf(opportunityPages)),
    phaseSeries(data.phases, phaseRows, time),
  ]
  // A line through one point can't be seen.
  const symbol = samples.length === 1 ? 'circle' : 'none'
  const top = TITLE_HEIGHT_PX + phaseRows.heightPx
  return {
    animation: false,
    backgroundColor: WHITE,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: FONT_PX },
    title: title(data),
    legend: legend(bands, top),
    grid: { ...PLOT, top, outerBoundsMode: 'none' },
    xAxis: { ...axis(`time (${time.name})`, 32), ...timeAxis, splitLine: { show: false } },
    yAxis: axis(`memory (${memory.name})`, 48),
    series: series.map((entry) => ({ ...entry, symbol })),
  }
}

/** One colour of the stack: a guest, or neighbours (`web-1–10`) where there are more guests than colours. */
interface Band {
  name: string
  sharedPages: (sample: Sample) => number
}

function bandsOf(guests: readonly string[]): Band[] {
  const guestsPerBand = Math.max(1, Math.ceil(guests.length / COLOURS.length))
  return Array.from({ length: Math.ceil(guests.length / guestsPerBand) }, (_, index) => {
    const first = index * guestsPerBand
    const end = first + guestsPerBand
    return {
      name: bandName(guests.slice(first, end)),
      sharedPages: (sample) =>
        sample.guests.slice(first, end).reduce((pages, guest) => pages + (guest.sharedPages ?? 0), 0),
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

function footprintPages(sample: Sample): number {
  return sample.footprintPages
}

function opportunityPages(sample: Sample): number {
  return sample.opportunityPages
}

function largestPages(sample: Sample): number {
  return Math.max(sample.sharedPages, sample.footprintPages, sample.opportunityPages)
}

function title({ scenario, scale }: SharingChartData): NonNullable<ChartOption['title']> {
  return {
    text: `${shortened(scenario, TITLE_CHARACTERS)}: memory shared by each guest`,
    subtext: `full size: ${scale.memory} × the memory and ${scale.time} × the time of the run`,
    left: PLOT.left - 5,
    top: 8,
    itemGap: 4,
    textStyle: { fontSize: 17, color: BLACK },
    subtextStyle: { fontSize: FONT_PX, color: AXIS_COLOUR },
  }
}

/** The lines first, then the bands as they lie on each other, the topmost first. */
function legend(bands: readonly Band[], top: number): NonNullable<ChartOption['legend']> {
  return {
    orient: 'vertical',
    left: WIDTH_PX - PLOT.right + 12,
    top: top - 5,
    itemGap: 9,
    itemWidth: 30,
    textStyle: { fontSize: FONT_PX, color: BLACK },
    formatter: (name) => shortened(name, LEGEND_CHARACTERS),
    data: [
      { name: FOOTPRINT, icon: SOLID_ICON },
      { name: OPPORTUNITY, icon: DASHED_ICON },
      ...bands.toReversed().map(({ name }) => ({ name, icon: 'rect' })),
    ],
  }
}

function areaSeries(name: string, index: number, data: Points): ChartSeries {
  const color = COLOURS[index]!
  return {
    type: 'line',
    name,
    data,
    stack: 'shared',
    itemStyle: { color },
    lineStyle: { color: WHITE, width: 0.5 },
    areaStyle: { color, opacity: 1 },
  }
}

function lineSeries(name: string, type: 'solid' | 'dashed', data: Points): ChartSeries {
  return {
    type: 'line',
    name,
    data,
    itemStyle: { color: BLACK },
    lineStyle: { color: BLACK, width: 2, type },
  }
}

/**
 * Memory over the course of a run: bands stacked on each other, and lines, with the run's phases marked. Everything is at full
 * size. What is drawn is up to sharing-chart.ts and reasons-chart.ts.
 */
import type { Sample, Summary } from '../experiment/outcome.js'
import type { ChartOption, ChartSeries } from './chart.js'
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

export interface ChartedRun {
  scenario: string
  scale: Summary['scale']
  samples: readonly Sample[]
  phases: readonly PhaseSpan[]
}

/** Pages at a sample; undefined: not known then. */
type PagesAt = (sample: Sample) => number | undefined

export interface Band {
  name: string
  pages: PagesAt
}

export interface Line extends Band {
  type: 'solid' | 'dashed'
}

export interface MemoryChart {
  /** Behind the scenario's name. */
  title: string
  /** From below; as many as there are colours at most. */
  bands: readonly Band[]
  /** Their names have a space in them, which keeps them apart from guests' names. */
  lines: readonly Line[]
}

export const WIDTH_PX = 960
export const HEIGHT_PX = 480
/** Around the plot: the legend is to its right; above it stand the title and then the names of the phases. */
const PLOT = { left: 76, right: 216, bottom: 56 }
const PLOT_WIDTH_PX = WIDTH_PX - PLOT.left - PLOT.right
const TITLE_HEIGHT_PX = 64
const TITLE_CHARACTERS = 60
const LEGEND_CHARACTERS = 22

export function describeMemoryChart(run: ChartedRun, chart: MemoryChart): ChartOption {
  const samples = thinned(run.samples)
  const fullSizeMiB = (pages: number) => pagesToMiB(pages) * run.scale.memory
  const memory = memoryUnit(Math.max(...samples.map((sample) => fullSizeMiB(highest(chart, sample)))))
  const lastSeconds = Math.max(...samples.map(({ timeSeconds }) => timeSeconds), 1)
  const time = timeUnit(lastSeconds)
  const timeAxis = roundAxis(lastSeconds / time.size)
  const phaseRows = arrangePhaseNames(run.phases, PLOT_WIDTH_PX / (timeAxis.max * time.size))
  const pointsOf = (pages: PagesAt): Points =>
    samples.flatMap((sample) => {
      const known = pages(sample)
      return known === undefined ? [] : [[sample.timeSeconds / time.size, fullSizeMiB(known) / memory.size]]
    })

  const series = [
    ...chart.bands.map(({ name, pages }, index) => areaSeries(name, index, pointsOf(pages))),
    ...chart.lines.map(({ name, type, pages }) => lineSeries(name, type, pointsOf(pages))),
    phaseSeries(run.phases, phaseRows, time),
  ]
  // A line through one point can't be seen.
  const symbol = samples.length === 1 ? 'circle' : 'none'
  const top = TITLE_HEIGHT_PX + phaseRows.heightPx
  return {
    animation: false,
    backgroundColor: WHITE,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: FONT_PX },
    title: title(run, chart.title),
    legend: legend(chart, top),
    grid: { ...PLOT, top, outerBoundsMode: 'none' },
    xAxis: { ...axis(`time (${time.name})`, 32), ...timeAxis, splitLine: { show: false } },
    yAxis: axis(`memory (${memory.name})`, 48),
    series: series.map((entry) => ({ ...entry, symbol })),
  }
}

/** Of the stack, or a line above it. */
function highest({ bands, lines }: MemoryChart, sample: Sample): number {
  const stack = bands.reduce((sum, { pages }) => sum + (pages(sample) ?? 0), 0)
  return Math.max(stack, ...lines.map(({ pages }) => pages(sample) ?? 0))
}

function title({ scenario, scale }: ChartedRun, text: string): NonNullable<ChartOption['title']> {
  return {
    text: `${shortened(scenario, TITLE_CHARACTERS)}: ${text}`,
    subtext: `full size: ${scale.memory} × the memory and ${scale.time} × the time of the run`,
    left: PLOT.left - 5,
    top: 8,
    itemGap: 4,
    textStyle: { fontSize: 17, color: BLACK },
    subtextStyle: { fontSize: FONT_PX, color: AXIS_COLOUR },
  }
}

/** The lines first, then the bands as they lie on each other, the topmost first. */
function legend({ bands, lines }: MemoryChart, top: number): NonNullable<ChartOption['legend']> {
  return {
    orient: 'vertical',
    left: WIDTH_PX - PLOT.right + 12,
    top: top - 5,
    itemGap: 9,
    itemWidth: 30,
    textStyle: { fontSize: FONT_PX, color: BLACK },
    formatter: (name) => shortened(name, LEGEND_CHARACTERS),
    data: [
      ...lines.map(({ name, type }) => ({ name, icon: type === 'solid' ? SOLID_ICON : DASHED_ICON })),
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
    stack: 'bands',
    itemStyle: { color },
    lineStyle: { color: WHITE, width: 0.5 },
    areaStyle: { color, opacity: 1 },
  }
}

function lineSeries(name: string, type: Line['type'], data: Points): ChartSeries {
  return {
    type: 'line',
    name,
    data,
    itemStyle: { color: BLACK },
    lineStyle: { color: BLACK, width: 2, type },
  }
}

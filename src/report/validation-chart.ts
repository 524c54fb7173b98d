/**
 * figures/NAME.svg: a scenario in the lab and on the kernel, over time, in three panels: pages_sharing, and below it
 * pages_shared and pages_unshared. Each replicate is a thin line, their median a thick one.
 */
import { type Curve, medianCurve } from '../validate/curves.js'
import { type ChartOption, type ChartSeries, renderSvg } from './chart.js'
import { arrangePhaseNames, type PhaseRows, type PhaseSpan, phaseSeries } from './chart-phases.js'
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
import { shortened, timeUnit } from './units.js'

/** One counter: on both backends a curve for each replicate, all read off at the chart's times. */
export interface PanelCurves {
  lab: readonly Curve[]
  kernel: readonly Curve[]
}

export const PANELS = ['pages_sharing', 'pages_shared', 'pages_unshared'] as const

export interface ValidationChartData {
  scenario: string
  /** Scenario seconds. */
  times: readonly number[]
  panels: Record<(typeof PANELS)[number], PanelCurves>
  phases: readonly PhaseSpan[]
}

const WIDTH_PX = 960
const LEFT_PX = 92
const RIGHT_PX = 132
const PLOT_WIDTH_PX = WIDTH_PX - LEFT_PX - RIGHT_PX
const TITLE_HEIGHT_PX = 64
const TITLE_CHARACTERS = 60
/** Of the panels, from the top. */
const PANEL_HEIGHTS_PX = [280, 130, 130]
const GAP_PX = 28
const BOTTOM_PX = 56

/** The kernel below, solid; the lab dashed above it, so that both show where they agree. */
const LINES = [
  { backend: 'kernel', color: COLOURS[5]!, type: 'solid', icon: SOLID_ICON },
  { backend: 'lab', color: COLOURS[0]!, type: 'dashed', icon: DASHED_ICON },
] as const

/** @returns a complete SVG document */
export function renderValidationChart(data: ValidationChartData): string {
  const { option, heightPx } = describeValidationChart(data)
  return renderSvg(option, WIDTH_PX, heightPx)
}

export function describeValidationChart(data: ValidationChartData): {
  option: ChartOption
  heightPx: number
} {
  const lastSeconds = Math.max(data.times.at(-1)!, 1)
  const time = timeUnit(lastSeconds)
  const timeAxis = roundAxis(lastSeconds / time.size)
  const rows = arrangePhaseNames(data.phases, PLOT_WIDTH_PX / (timeAxis.max * time.size))
  const tops = panelTops(TITLE_HEIGHT_PX + rows.heightPx)
  const isLast = (panel: number) => panel === PANELS.length - 1
  const indices = thinned([...data.times.keys()])
  const pointsOf = (curve: Curve): Points =>
    indices.map((index) => [data.times[index]! / time.size, curve[index]!])
  const option: ChartOption = {
    animation: false,
    backgroundColor: WHITE,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: FONT_PX },
    title: title(data),
    legend: legend(tops[0]!),
    grid: tops.map((top, panel) => ({
      left: LEFT_PX,
      right: RIGHT_PX,
      top,
      height: PANEL_HEIGHTS_PX[panel]!,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: PANELS.map((_, panel) => ({
      ...axis(isLast(panel) ? `time (${time.name})` : '', 32),
      ...timeAxis,
      gridIndex: panel,
      splitLine: { show: false },
      ...(isLast(panel) ? {} : { axisLabel: { show: false } }),
    })),
    yAxis: PANELS.map((counter, panel) => ({ ...axis(counter, 64), gridIndex: panel, splitNumber: 4 })),
    series: PANELS.flatMap((counter, panel) =>
      [
        ...LINES.flatMap((line) => lineSeries(line, data.panels[counter][line.backend], pointsOf)),
        phaseSeries(data.phases, panel === 0 ? rows : unnamed(rows), time),
      ].map((series) => ({ ...series, xAxisIndex: panel, yAxisIndex: panel })),
    ),
  }
  return { option, heightPx: tops.at(-1)! + PANEL_HEIGHTS_PX.at(-1)! + BOTTOM_PX }
}

function panelTops(first: number): number[] {
  let top = first
  return PANEL_HEIGHTS_PX.map((heightPx) => {
    const own = top
    top += heightPx + GAP_PX
    return own
  })
}

/** Phases shaded as above, where their names stand. */
function unnamed({ rowOfPhase }: PhaseRows): PhaseRows {
  return { rowOfPhase: rowOfPhase.map(() => undefined), heightPx: 0 }
}

function lineSeries(
  { backend, color, type }: (typeof LINES)[number],
  curves: readonly Curve[],
  pointsOf: (curve: Curve) => Points,
): ChartSeries[] {
  const thin = curves.map((curve): ChartSeries => {
    const lineStyle = { color, width: 1, opacity: 0.4 }
    return { type: 'line', data: pointsOf(curve), symbol: 'none', lineStyle }
  })
  const thick: ChartSeries = {
    type: 'line',
    name: backend,
    data: pointsOf(medianCurve(curves)),
    symbol: 'none',
    itemStyle: { color },
    lineStyle: { color, width: 2.5, type },
  }
  return [...thin, thick]
}

function title({ scenario, panels }: ValidationChartData): NonNullable<ChartOption['title']> {
  const replicates = panels.pages_sharing.lab.length
  const each = replicates === 1 ? '' : `; thin: each of ${replicates} replicates, thick: their median`
  return {
    text: `${shortened(scenario, TITLE_CHARACTERS)}: KSM in the lab and in the kernel`,
    subtext: `pages${each}`,
    left: LEFT_PX - 5,
    top: 8,
    itemGap: 4,
    textStyle: { fontSize: 17, color: BLACK },
    subtextStyle: { fontSize: FONT_PX, color: AXIS_COLOUR },
  }
}

function legend(top: number): NonNullable<ChartOption['legend']> {
  return {
    orient: 'vertical',
    left: WIDTH_PX - RIGHT_PX + 12,
    top: top - 5,
    itemGap: 9,
    itemWidth: 30,
    textStyle: { fontSize: FONT_PX, color: BLACK },
    data: LINES.toReversed().map(({ backend, icon }) => ({ name: backend, icon })),
  }
}

/**
 * figures/NAME.svg: a scenario in the lab and on the kernel, over time, in three panels: pages_sharing, and below it
 * pages_shared and pages_unshared. Each replicate is a thin line, their median a thick one.
 */
import type { LineSeriesOption } from 'echarts/charts'
import type { ChartOption, Drawing } from '../charts/chart.js'
import { arrangePhaseNames, type PhaseSpan, phaseSeries, unnamed } from '../charts/phase-bands.js'
import { axis, DASHED_ICON, legend, page, roundAxis, SOLID_ICON, title, WIDTH_PX } from '../charts/style.js'
import { LIGHT } from '../charts/theme.js'
import { keptSamples, POINTS_MAX } from '../charts/thin.js'
import { type Curve, medianCurve } from '../validate/curves.js'
import { renderSvg } from './svg.js'
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

const LEFT_PX = 92
const RIGHT_PX = 132
const PLOT_WIDTH_PX = WIDTH_PX - LEFT_PX - RIGHT_PX
const TITLE_HEIGHT_PX = 64
const TITLE_CHARACTERS = 60
const NAME_CHARACTERS = 12
/** Of the panels, from the top. */
const PANEL_HEIGHTS_PX = [280, 130, 130]
const GAP_PX = 28
const BOTTOM_PX = 56

/** The kernel below, solid; the lab dashed above it, so that both show where they agree. */
const LINES = [
  { backend: 'kernel', color: LIGHT.series[5]!, type: 'solid', icon: SOLID_ICON },
  { backend: 'lab', color: LIGHT.series[0]!, type: 'dashed', icon: DASHED_ICON },
] as const

/** @returns a complete SVG document */
export function renderValidationChart(data: ValidationChartData): string {
  return renderSvg(describeValidationChart(data))
}

export function describeValidationChart(data: ValidationChartData): Drawing {
  const lastSeconds = Math.max(data.times.at(-1)!, 1)
  const time = timeUnit(lastSeconds)
  const timeAxis = roundAxis(lastSeconds / time.size)
  const rows = arrangePhaseNames(data.phases, PLOT_WIDTH_PX / (timeAxis.max * time.size))
  const tops = panelTops(TITLE_HEIGHT_PX + rows.heightPx)
  const isLast = (panel: number) => panel === PANELS.length - 1
  const noPhase = data.times.map(() => '')
  const pointsOf = (curve: Curve): [number, number][] =>
    keptSamples(noPhase, [curve], POINTS_MAX).map((index) => [data.times[index]! / time.size, curve[index]!])
  const option: ChartOption = {
    ...page(LIGHT),
    title: titleOf(data),
    legend: legend(
      LIGHT,
      LINES.toReversed().map(({ backend, icon }) => ({ name: backend, icon })),
      { leftPx: WIDTH_PX - RIGHT_PX + 12, topPx: tops[0]!, charactersMax: NAME_CHARACTERS },
    ),
    grid: tops.map((top, panel) => ({
      left: LEFT_PX,
      right: RIGHT_PX,
      top,
      height: PANEL_HEIGHTS_PX[panel]!,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: PANELS.map((_, panel) => ({
      ...axis(LIGHT, isLast(panel) ? `time (${time.name})` : '', 32),
      ...timeAxis,
      gridIndex: panel,
      splitLine: { show: false },
      ...(isLast(panel) ? {} : { axisLabel: { show: false } }),
    })),
    yAxis: PANELS.map((counter, panel) => ({
      ...axis(LIGHT, counter, 64),
      gridIndex: panel,
      splitNumber: 4,
    })),
    series: PANELS.flatMap((counter, panel) =>
      [
        ...LINES.flatMap((line) => lineSeries(line, data.panels[counter][line.backend], pointsOf)),
        phaseSeries(LIGHT, data.phases, panel === 0 ? rows : unnamed(rows), time),
      ].map((series) => ({ ...series, xAxisIndex: panel, yAxisIndex: panel })),
    ),
  }
  const heightPx = tops.at(-1)! + PANEL_HEIGHTS_PX.at(-1)! + BOTTOM_PX
  return { widthPx: WIDTH_PX, heightPx, option }
}

function panelTops(first: number): number[] {
  let top = first
  return PANEL_HEIGHTS_PX.map((heightPx) => {
    const own = top
    top += heightPx + GAP_PX
    return own
  })
}

function lineSeries(
  { backend, color, type }: (typeof LINES)[number],
  curves: readonly Curve[],
  pointsOf: (curve: Curve) => [number, number][],
): LineSeriesOption[] {
  const thin = curves.map((curve): LineSeriesOption => {
    const lineStyle = { color, width: 1, opacity: 0.4 }
    return { type: 'line', data: pointsOf(curve), symbol: 'none', lineStyle }
  })
  const thick: LineSeriesOption = {
    type: 'line',
    name: backend,
    data: pointsOf(medianCurve(curves)),
    symbol: 'none',
    itemStyle: { color },
    lineStyle: { color, width: 2.5, type },
  }
  return [...thin, thick]
}

function titleOf({ scenario, panels }: ValidationChartData) {
  const replicates = panels.pages_sharing.lab.length
  const each = replicates === 1 ? '' : `; thin: each of ${replicates} replicates, thick: their median`
  const text = `${shortened(scenario, TITLE_CHARACTERS)}: KSM in the lab and in the kernel`
  return title(LIGHT, text, `pages${each}`, LEFT_PX)
}

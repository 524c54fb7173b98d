/**
 * Latency by percentile, as HdrHistogram's plots have it: the percentiles along the axis by their nines, so that the slowest
 * one in ten, hundred, thousand … get as much room as all before them. A row of panels for each phase: the service time, and
 * beside it the time from the intended start.
 */
import { shortened } from '../report/units.js'
import type { ChartOption, ChartSeries, Drawing } from './chart.js'
import { type Decades, decadeIn, decadesOf, latencyLabel, ticksAt } from './decades.js'
import type { PercentilePoint, PhaseLatencies } from './run-view.js'
import {
  axis,
  DASHED_ICON,
  legend,
  title as mainTitle,
  PANEL_TITLE_PX,
  page,
  panelTitle,
  SOLID_ICON,
  WIDTH_PX,
} from './style.js'
import type { Theme } from './theme.js'

export interface PercentileCurve extends Pick<PhaseLatencies, 'service' | 'fromIntended'> {
  /** In the legend. */
  name: string
}

export interface PercentileChart {
  title: string
  subtext: string
  /** All of the same curves, some of which may be empty. */
  rows: readonly { title: string; curves: readonly PercentileCurve[] }[]
}

const LEFT_PX = 76
const LEGEND_WIDTH_PX = 180
const TITLE_HEIGHT_PX = 72
const PANEL_HEIGHT_PX = 260
/** Below a panel's plot: labels and name of its axis, and the title of the one below. */
const PANEL_FOOT_PX = 84
const GAP_PX = 36
const PANEL_WIDTH_PX = (WIDTH_PX - LEFT_PX - LEGEND_WIDTH_PX - GAP_PX) / 2
const TITLE_CHARACTERS = 90
const NAME_CHARACTERS = 18

const TIMES = ['service', 'fromIntended'] as const
const TIME_NAMES = { service: 'service time', fromIntended: 'time from intended start' }

export function drawPercentiles(theme: Theme, { title, subtext, rows }: PercentileChart): Drawing {
  const panels = rows.flatMap(({ title: rowTitle, curves }, row) =>
    TIMES.map((time, column) => ({
      title: [rowTitle, TIME_NAMES[time]].filter(Boolean).join(': '),
      left: LEFT_PX + column * (PANEL_WIDTH_PX + GAP_PX),
      top: TITLE_HEIGHT_PX + PANEL_TITLE_PX + row * (PANEL_HEIGHT_PX + PANEL_FOOT_PX),
      column,
      lines: curves.map(({ name, [time]: { points } }) => ({ name, points })),
    })),
  )
  const ranges = rangesOf(panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points)))
  const names = rows[0]?.curves.map(({ name }) => name) ?? []
  const option: ChartOption = {
    ...page(theme),
    title: [
      mainTitle(theme, shortened(title, TITLE_CHARACTERS), subtext, LEFT_PX),
      ...panels.map((panel) => panelTitle(theme, panel.title, panel.left, panel.top)),
    ],
    legend: legend(
      theme,
      names.map((name, index) => ({ name, icon: isDashed(theme, index) ? DASHED_ICON : SOLID_ICON })),
      {
        leftPx: WIDTH_PX - LEGEND_WIDTH_PX + 14,
        topPx: TITLE_HEIGHT_PX + PANEL_TITLE_PX,
        charactersMax: NAME_CHARACTERS,
      },
    ),
    grid: panels.map(({ left, top }) => ({
      left,
      top,
      width: PANEL_WIDTH_PX,
      height: PANEL_HEIGHT_PX,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: panels.map((_, gridIndex) => ({ ...ninesAxis(theme, ranges.nines), gridIndex })),
    yAxis: panels.map(({ column }, gridIndex) => ({
      ...latencyAxis(theme, ranges.decades, column === 0),
      gridIndex,
    })),
    series: panels.flatMap(({ lines }, panel) =>
      lines.map(({ name, points }, index): ChartSeries => {
        const color = theme.series[index % theme.series.length]!
        return {
          type: 'line',
          name,
          data: points.map(({ nines, ns }) => [nines, decadeIn(ranges.decades, ns)]),
          showSymbol: false,
          itemStyle: { color },
          lineStyle: { color, width: 2, type: isDashed(theme, index) ? 'dashed' : 'solid' },
          xAxisIndex: panel,
          yAxisIndex: panel,
        }
      }),
    ),
  }
  const heightPx = panels.at(-1)!.top + PANEL_HEIGHT_PX + PANEL_FOOT_PX - PANEL_TITLE_PX
  return { widthPx: WIDTH_PX, heightPx, option }
}

/** Colours come twice. */
function isDashed(theme: Theme, index: number): boolean {
  return index >= theme.series.length
}

interface Ranges {
  nines: number
  decades: Decades
}

/** The same for all panels. */
function rangesOf(points: readonly PercentilePoint[]): Ranges {
  const nines = points.map((point) => point.nines)
  return {
    nines: points.length === 0 ? 4 : Math.max(1, Math.ceil(Math.max(...nines))),
    decades: decadesOf(
      points.map(({ ns }) => ns),
      { min: 3, max: 6 },
    ),
  }
}

function ninesAxis(theme: Theme, nines: number) {
  return { ...axis(theme, 'percentile (%)', 34, percentLabel), max: nines, interval: 1 }
}

/** 0, 90, 99, 99.9 … */
function percentLabel(nines: number): string {
  return nines === 0 ? '0' : (100 - 100 / 10 ** nines).toFixed(Math.max(0, nines - 2))
}

function latencyAxis(theme: Theme, decades: Decades, isLabelled: boolean) {
  const style = axis(theme, isLabelled ? 'latency, logarithmic' : '', 58, latencyLabel)
  return { ...style, ...ticksAt(decades), axisLabel: { ...style.axisLabel, show: isLabelled } }
}

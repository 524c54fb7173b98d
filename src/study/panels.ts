/** Means with their intervals, as lines over the levels of a factor, in one panel or several side by side. */
import type { LineSeriesOption } from 'echarts/charts'
import type { ChartOption, Drawing } from '../charts/chart.js'
import {
  axis as axisOf,
  legend as legendOf,
  PANEL_TITLE_PX,
  page,
  panelTitle,
  SOLID_ICON,
  title,
  WIDTH_PX,
} from '../charts/style.js'
import { plain } from '../charts/text.js'
import { LIGHT } from '../charts/theme.js'
import { renderSvg } from '../report/svg.js'
import { shortened } from '../report/units.js'
import type { MeanFigure } from './analysis.js'

export interface PanelLine {
  /** In the legend; lines of the same name have the same colour. */
  name: string
  color: string
  /** For each position of the panel. */
  means: readonly MeanFigure[]
  /** How far its marks are beside the positions, so that those of several lines can be told apart. */
  offset: number
}

export interface Panel {
  title: string
  xName: string
  /** Where the levels lie on the axis, and what is written there. */
  positions: readonly number[]
  labels: readonly string[]
  lines: readonly PanelLine[]
}

export interface PanelChart {
  title: string
  subtext: string
  yName: string
  panels: readonly Panel[]
}

const LEFT_PX = 76
const LEGEND_WIDTH_PX = 180
const RIGHT_PX = 24
const TITLE_HEIGHT_PX = 72
const PANEL_HEIGHT_PX = 260
/** Below a panel's plot: labels and name of its axis, and the title of the one below. */
const PANEL_FOOT_PX = 84
const GAP_PX = 36
const COLUMNS_MAX = 3
const LABEL_CHARACTERS = 14
const TITLE_CHARACTERS = 90

/** @returns a complete SVG document */
export function renderPanels(chart: PanelChart): string {
  return renderSvg(describePanels(chart))
}

export function describePanels(chart: PanelChart): Drawing {
  const { panels, yName } = chart
  const legend = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))].filter(Boolean)
  const columns = Math.min(COLUMNS_MAX, panels.length)
  const right = legend.length > 0 ? LEGEND_WIDTH_PX : RIGHT_PX
  const widthPx = (WIDTH_PX - LEFT_PX - right - GAP_PX * (columns - 1)) / columns
  const places = panels.map((_, index) => ({
    left: LEFT_PX + (index % columns) * (widthPx + GAP_PX),
    top: TITLE_HEIGHT_PX + PANEL_TITLE_PX + Math.floor(index / columns) * (PANEL_HEIGHT_PX + PANEL_FOOT_PX),
  }))
  const range = rangeOf(panels)
  const option: ChartOption = {
    ...page(LIGHT),
    title: [
      title(LIGHT, shortened(chart.title, TITLE_CHARACTERS), chart.subtext, LEFT_PX),
      ...panels.map((panel, index) => {
        const { left, top } = places[index]!
        return panelTitle(LIGHT, panel.title, left, top)
      }),
    ],
    legend: legendOf(
      LIGHT,
      legend.map((name) => ({ name, icon: SOLID_ICON })),
      { leftPx: WIDTH_PX - LEGEND_WIDTH_PX + 14, topPx: TITLE_HEIGHT_PX + PANEL_TITLE_PX, charactersMax: 18 },
    ),
    grid: places.map((place) => ({
      ...place,
      width: widthPx,
      height: PANEL_HEIGHT_PX,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: panels.map((panel, index) => ({ ...levelAxis(panel), gridIndex: index })),
    yAxis: panels.map((_, index) => ({
      ...axisOf(LIGHT, index % columns === 0 ? yName : '', 54, plain),
      ...range,
      gridIndex: index,
      ...(index % columns === 0 ? {} : { axisLabel: { show: false } }),
    })),
    series: panels.flatMap(({ positions, lines }, index) =>
      lines.flatMap((line) =>
        lineSeries(line, positions).map((series) => ({ ...series, xAxisIndex: index, yAxisIndex: index })),
      ),
    ),
  }
  const heightPx = places.at(-1)!.top + PANEL_HEIGHT_PX + PANEL_FOOT_PX - PANEL_TITLE_PX
  return { widthPx: WIDTH_PX, heightPx, option }
}

/** Ticks at the levels, and nowhere else. */
function levelAxis({ xName, positions, labels }: Panel) {
  const least = Math.min(...positions)
  const most = Math.max(...positions)
  const margin = 0.1 * (most - least)
  const style = axisOf(LIGHT, xName, 34)
  const values = [...positions]
  return {
    ...style,
    min: least - margin,
    max: most + margin,
    splitLine: { show: false },
    axisTick: { ...style.axisTick, customValues: values },
    axisLabel: {
      ...style.axisLabel,
      customValues: values,
      hideOverlap: true,
      formatter: (value: number) => shortened(labels[positions.indexOf(value)] ?? '', LABEL_CHARACTERS),
    },
  }
}

function lineSeries(
  { name, color, means, offset }: PanelLine,
  positions: readonly number[],
): LineSeriesOption[] {
  const known = positions.flatMap((position, index) => {
    const { mean, interval } = means[index]!
    return mean === null ? [] : [{ x: position + offset, mean, interval }]
  })
  const line: LineSeriesOption = {
    type: 'line',
    name,
    data: known.map(({ x, mean }) => [x, mean]),
    symbol: 'circle',
    symbolSize: 6,
    itemStyle: { color },
    lineStyle: { color, width: 2 },
  }
  const bars: LineSeriesOption = {
    type: 'line',
    data: known.flatMap(({ x, interval }) =>
      interval === null ? [] : [...interval.map((end) => [x, end]), GAP],
    ),
    symbol: 'rect',
    symbolSize: [9, 1.5],
    itemStyle: { color },
    lineStyle: { color, width: 1.2 },
    connectNulls: false,
  }
  return [line, bars]
}

/** Where a line breaks. */
const GAP = ['-', '-']

/** The same for all panels; from 0 where that does not hide the differences. */
function rangeOf(panels: readonly Panel[]): { min: number; max: number; interval: number } {
  const values = panels.flatMap(({ lines }) =>
    lines.flatMap(({ means }) =>
      means.flatMap(({ mean, interval }) => (mean === null ? [] : [mean, ...(interval ?? [])])),
    ),
  )
  if (values.length === 0) return { min: 0, max: 1, interval: 0.2 }
  const low = Math.min(...values)
  const high = Math.max(...values)
  const from = low >= 0 && low < high / 2 ? 0 : low
  const span = high - from || Math.abs(high) || 1
  const decade = 10 ** Math.floor(Math.log10(span / 4))
  const interval = decade * [1, 2, 5, 10].find((step) => step * decade >= span / 5)!
  return { min: interval * Math.floor(from / interval), max: interval * Math.ceil(high / interval), interval }
}

/**
 * Latency by percentile, as HdrHistogram's plots have it: the percentiles along the axis by their nines, so that the slowest
 * one in ten, hundred, thousand … get as much room as all before them. A row of panels for each phase: the service time, and
 * beside it the time from the intended start. And latency.svg, the curves of one run.
 */

import type { GuestPhaseHistograms } from '../experiment/outcome.js'
import { type Latencies, mergedLatencies } from '../measure/histograms.js'
import { type ChartOption, type ChartSeries, renderSvg } from './chart.js'
import { AXIS_COLOUR, axis, BLACK, COLOURS, DASHED_ICON, FONT_PX, SOLID_ICON, WHITE } from './chart-style.js'
import { shortened } from './units.js'

/** The same faults, measured in two ways. */
export interface FaultLatencies {
  service: Latencies
  fromIntended: Latencies
}

export interface PercentileCurve extends FaultLatencies {
  /** In the legend. */
  name: string
}

export interface PercentileChart {
  title: string
  subtext: string
  /** All of the same curves, some of which may be empty. */
  rows: readonly { title: string; curves: readonly PercentileCurve[] }[]
}

const WIDTH_PX = 960
const LEFT_PX = 76
const LEGEND_WIDTH_PX = 180
const TITLE_HEIGHT_PX = 72
const PANEL_HEIGHT_PX = 260
/** Below a panel's plot: labels and name of its axis, and the title of the one below. */
const PANEL_FOOT_PX = 84
const PANEL_TITLE_PX = 22
const GAP_PX = 36
const PANEL_WIDTH_PX = (WIDTH_PX - LEFT_PX - LEGEND_WIDTH_PX - GAP_PX) / 2
const TITLE_CHARACTERS = 90
const NAME_CHARACTERS = 18

const TIMES = ['service', 'fromIntended'] as const
const TIME_NAMES = { service: 'service time', fromIntended: 'time from intended start' }

/** latency.svg: CoW faults of all guests, a curve for each measured phase that has any. */
export function renderLatencyChart(
  scenario: string,
  phases: readonly { name: string; measured: boolean }[],
  histograms: readonly GuestPhaseHistograms[],
): string {
  const curves = phases
    .filter(({ measured }) => measured)
    .map(({ name }) => {
      const own = histograms.filter(({ phase }) => phase === name).flatMap((entry) => entry.histograms)
      const of = (metric: string) => mergedLatencies(own.filter((recording) => recording.metric === metric))
      return { name, service: of('cow'), fromIntended: of('cow.fromIntended') }
    })
    .filter(({ service }) => service.count > 0)
  const subtext = curves.length === 0 ? 'none was timed' : 'of all guests, by measured phase'
  return renderPercentiles({
    title: `${scenario}: latency of CoW faults`,
    subtext,
    rows: [{ title: '', curves }],
  })
}

/** @returns a complete SVG document */
export function renderPercentiles(chart: PercentileChart): string {
  const { option, heightPx } = describePercentiles(chart)
  return renderSvg(option, WIDTH_PX, heightPx)
}

export function describePercentiles({ title, subtext, rows }: PercentileChart): {
  option: ChartOption
  heightPx: number
} {
  const panels = rows.flatMap(({ title: rowTitle, curves }, row) =>
    TIMES.map((time, column) => ({
      title: [rowTitle, TIME_NAMES[time]].filter(Boolean).join(': '),
      left: LEFT_PX + column * (PANEL_WIDTH_PX + GAP_PX),
      top: TITLE_HEIGHT_PX + PANEL_TITLE_PX + row * (PANEL_HEIGHT_PX + PANEL_FOOT_PX),
      column,
      lines: curves.map(({ name, [time]: latencies }) => ({ name, points: latencies.curve() })),
    })),
  )
  const ranges = rangesOf(panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points)))
  const names = rows[0]?.curves.map(({ name }) => name) ?? []
  const option: ChartOption = {
    animation: false,
    backgroundColor: WHITE,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: FONT_PX },
    title: [
      {
        text: shortened(title, TITLE_CHARACTERS),
        subtext,
        left: LEFT_PX - 5,
        top: 8,
        itemGap: 4,
        textStyle: { fontSize: 17, color: BLACK },
        subtextStyle: { fontSize: FONT_PX, color: AXIS_COLOUR },
      },
      ...panels.map(({ title: text, left, top }) => ({
        text,
        left: left - 5,
        top: top - PANEL_TITLE_PX - 4,
        textStyle: { fontSize: FONT_PX, fontWeight: 'normal' as const, color: BLACK },
      })),
    ],
    legend: {
      orient: 'vertical',
      left: WIDTH_PX - LEGEND_WIDTH_PX + 14,
      top: TITLE_HEIGHT_PX + PANEL_TITLE_PX - 5,
      itemGap: 9,
      itemWidth: 30,
      textStyle: { fontSize: FONT_PX, color: BLACK },
      formatter: (name) => shortened(name, NAME_CHARACTERS),
      data: names.map((name, index) => ({ name, icon: isDashed(index) ? DASHED_ICON : SOLID_ICON })),
    },
    grid: panels.map(({ left, top }) => ({
      left,
      top,
      width: PANEL_WIDTH_PX,
      height: PANEL_HEIGHT_PX,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: panels.map((_, gridIndex) => ({ ...ninesAxis(ranges.nines), gridIndex })),
    yAxis: panels.map(({ column }, gridIndex) => ({ ...timeAxis(ranges, column === 0), gridIndex })),
    series: panels.flatMap(({ lines }, panel) =>
      lines.map(
        ({ name, points }, index): ChartSeries => ({
          type: 'line',
          name,
          data: points.map(({ nines, ns }) => [nines, decadeOf(ns)]),
          showSymbol: false,
          itemStyle: { color: colourOf(index) },
          lineStyle: { color: colourOf(index), width: 2, type: isDashed(index) ? 'dashed' : 'solid' },
          xAxisIndex: panel,
          yAxisIndex: panel,
        }),
      ),
    ),
  }
  return { option, heightPx: panels.at(-1)!.top + PANEL_HEIGHT_PX + PANEL_FOOT_PX - PANEL_TITLE_PX }
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length]!
}

/** Colours come twice. */
function isDashed(index: number): boolean {
  return index >= COLOURS.length
}

function decadeOf(ns: number): number {
  return Math.log10(Math.max(1, ns))
}

interface Ranges {
  nines: number
  minDecade: number
  maxDecade: number
}

/** The same for all panels, in whole decades. */
function rangesOf(points: readonly { nines: number; ns: number }[]): Ranges {
  if (points.length === 0) return { nines: 4, minDecade: 3, maxDecade: 6 }
  const decades = points.map(({ ns }) => decadeOf(ns))
  const minDecade = Math.floor(Math.min(...decades))
  return {
    nines: Math.max(1, Math.ceil(Math.max(...points.map(({ nines }) => nines)))),
    minDecade,
    maxDecade: Math.max(minDecade + 1, Math.ceil(Math.max(...decades))),
  }
}

function ninesAxis(nines: number) {
  const style = axis('percentile (%)', 34)
  return { ...style, max: nines, interval: 1, axisLabel: { ...style.axisLabel, formatter: percentLabel } }
}

/** 0, 90, 99, 99.9 … */
function percentLabel(nines: number): string {
  return nines === 0 ? '0' : (100 - 100 / 10 ** nines).toFixed(Math.max(0, nines - 2))
}

function timeAxis({ minDecade, maxDecade }: Ranges, isLabelled: boolean) {
  const style = axis(isLabelled ? 'latency, logarithmic' : '', 58)
  return {
    ...style,
    min: minDecade,
    max: maxDecade,
    interval: 1,
    axisLine: { ...style.axisLine, onZero: false },
    axisLabel: { ...style.axisLabel, show: isLabelled, formatter: timeLabel },
  }
}

const UNITS = ['ns', 'µs', 'ms', 's']

function timeLabel(decade: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(decade / 3))
  return `${10 ** (decade - 3 * unit)} ${UNITS[unit]}`
}

/** What all charts over the time of a run have in common: the axis, the phases as bands, panels above each other. */
import { shortened, timeUnit, type Unit } from '../report/units.js'
import type { Chart, ChartOption, ChartSeries } from './chart.js'
import { arrangePhaseNames, phaseSeries, unnamed } from './phase-bands.js'
import type { RunView } from './run-view.js'
import { axis, PANEL_TITLE_PX, page, panelTitle, roundAxis, title, WIDTH_PX } from './style.js'
import type { Theme } from './theme.js'

export const LEFT_PX = 76
/** The legend's. */
const RIGHT_PX = 216
export const PLOT_WIDTH_PX = WIDTH_PX - LEFT_PX - RIGHT_PX
export const LEGEND_LEFT_PX = WIDTH_PX - RIGHT_PX + 12
const TITLE_HEIGHT_PX = 64
const TITLE_CHARACTERS = 60
const BOTTOM_PX = 56
/** Between two panels; the lower one's title is in it. */
const GAP_PX = 34

export interface TimePanel {
  /** None, where there is but one. */
  title: string
  heightPx: number
  yAxis: ReturnType<typeof axis>
  /** @param time what the axis counts in */
  series(time: Unit): readonly ChartSeries[]
}

export interface TimeChart extends Pick<Chart, 'name' | 'title' | 'text'> {
  /** In the title's second line. */
  subtext: string
  panels: readonly TimePanel[]
  /** @param topPx of the topmost plot */
  legend(topPx: number): Pick<ChartOption, 'legend' | 'visualMap'>
}

export function drawOverTime(run: RunView, theme: Theme, chart: TimeChart): Chart {
  const { panels, name, text } = chart
  const lastSeconds = Math.max(run.series.timeSeconds.at(-1) ?? 0, 1)
  const time = timeUnit(lastSeconds)
  const timeAxis = roundAxis(lastSeconds / time.size)
  const rows = arrangePhaseNames(run.phases, PLOT_WIDTH_PX / (timeAxis.max * time.size))
  const hasTitles = panels.some((panel) => panel.title !== '')
  const tops = topsOf(panels, TITLE_HEIGHT_PX + rows.heightPx + (hasTitles ? PANEL_TITLE_PX : 0))
  const isLast = (index: number) => index === panels.length - 1
  const fullTitle = `${shortened(run.scenario, TITLE_CHARACTERS)}: ${chart.title}`
  const option: ChartOption = {
    ...page(theme),
    title: [
      title(theme, fullTitle, chart.subtext, LEFT_PX),
      // The first one stands above the names of the phases.
      ...panels.map((panel, index) =>
        panelTitle(theme, panel.title, LEFT_PX, tops[index]! - (index === 0 ? rows.heightPx : 0)),
      ),
    ],
    ...chart.legend(tops[0]!),
    grid: panels.map(({ heightPx }, index) => ({
      left: LEFT_PX,
      right: RIGHT_PX,
      top: tops[index]!,
      height: heightPx,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: panels.map((_, index) => {
      const style = axis(theme, isLast(index) ? `time (${time.name})` : '', 32)
      const axisLabel = { ...style.axisLabel, show: isLast(index) }
      return { ...style, ...timeAxis, axisLabel, gridIndex: index, splitLine: { show: false } }
    }),
    yAxis: panels.map(({ yAxis }, index) => ({ ...yAxis, gridIndex: index })),
    series: panels.flatMap((panel, index) =>
      [...panel.series(time), phaseSeries(theme, run.phases, index === 0 ? rows : unnamed(rows), time)].map(
        (series) => ({ ...series, xAxisIndex: index, yAxisIndex: index }),
      ),
    ),
  }
  const heightPx = tops.at(-1)! + panels.at(-1)!.heightPx + BOTTOM_PX
  return { name, title: fullTitle, text, isOverTime: true, widthPx: WIDTH_PX, heightPx, option }
}

function topsOf(panels: readonly TimePanel[], firstPx: number): number[] {
  let topPx = firstPx
  return panels.map(({ heightPx }) => {
    const ownPx = topPx
    topPx += heightPx + GAP_PX
    return ownPx
  })
}

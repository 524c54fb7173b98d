/**
 * Draws the charts of a run into a page. What they show is described elsewhere (src/charts); here they get what only a page
 * can have: tooltips and zoom, common to all charts over time.
 */
import { CustomChart, LineChart } from 'echarts/charts'
import {
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
} from 'echarts/components'
import { connect, type ECharts, type EChartsCoreOption, init, setPlatformAPI, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Chart } from '../charts/chart.js'
import type { Theme } from '../charts/theme.js'

use([
  CustomChart,
  LineChart,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  TooltipComponent,
  SVGRenderer,
])

/** The library takes its width for the height of a line; a system without Chinese letters has a narrow box for it. */
const SQUARE_LETTER = '国'
const measure = document.createElement('canvas').getContext('2d')!
setPlatformAPI({
  measureText: (text, font = '') => {
    measure.font = font
    const width = text === SQUARE_LETTER ? Number.parseFloat(measure.font.match(/[\d.]+px/)![0]) : undefined
    return { width: width ?? measure.measureText(text).width }
  },
})

/** Below a chart over time. */
const SLIDER_HEIGHT_PX = 22
const SLIDER_GAP_PX = 10
const SLIDER_ROOM_PX = SLIDER_HEIGHT_PX + 2 * SLIDER_GAP_PX

let groups = 0

export class ChartsView {
  /** Charts over time that zoom together; another view on the same page has another group. */
  private readonly group = `time-${groups++}`
  private readonly shown = new Map<string, ECharts>()

  /** @param placeOf the element that a chart is drawn into; null: it is not shown */
  constructor(private readonly placeOf: (name: string) => HTMLElement | null) {}

  /** Draws, or draws anew; what the reader has zoomed to and switched off stays. */
  draw(charts: readonly Chart[], theme: Theme): void {
    for (const chart of charts) {
      const place = this.placeOf(chart.name)
      if (place === null) continue
      const heightPx = chart.heightPx + (chart.isOverTime ? SLIDER_ROOM_PX : 0)
      place.style.width = `${chart.widthPx}px`
      place.style.height = `${heightPx}px`
      const drawn = this.shown.get(chart.name) ?? this.begin(chart, place)
      drawn.resize({ width: chart.widthPx, height: heightPx })
      drawn.setOption(forPage(chart, theme), { replaceMerge: ['series', 'title'] })
    }
  }

  /** @param from parts of the whole time, 0 to 100 */
  zoom(from: number, to: number): void {
    // The others of its group follow.
    const [first] = [...this.shown.values()].filter(({ group }) => group === this.group)
    first?.dispatchAction({ type: 'dataZoom', start: from, end: to })
  }

  private begin({ name, isOverTime }: Chart, place: HTMLElement): ECharts {
    const drawn = init(place, null, { renderer: 'svg' })
    if (isOverTime) {
      drawn.group = this.group
      connect(this.group)
    }
    this.shown.set(name, drawn)
    return drawn
  }
}

function forPage(chart: Chart, theme: Theme): EChartsCoreOption {
  const { xAxis } = chart.option
  const axes = Array.isArray(xAxis) ? xAxis : xAxis === undefined ? [] : [xAxis]
  const tooltip = {
    // Beside the cells of a heat map there is nothing to tell, and no cell at another time is meant.
    trigger: chart.isOverTime && !hasCells(chart) ? 'axis' : 'item',
    confine: true,
    backgroundColor: theme.background,
    borderColor: theme.muted,
    textStyle: { color: theme.text, fontSize: 12 },
    axisPointer: {
      lineStyle: { color: theme.muted },
      label: { formatter: ({ value }: { value: number }) => `${axes.at(-1)?.name} ${value.toFixed(2)}` },
    },
  }
  if (!chart.isOverTime) return { ...chart.option, tooltip }
  const common = {
    xAxisIndex: axes.map((_, index) => index),
    // A line goes on beyond the edge of what is shown.
    filterMode: 'none',
  }
  return {
    ...chart.option,
    tooltip,
    // The line that shows the time is common to all charts, whatever their tooltips are of.
    ...(hasCells(chart) && {
      xAxis: axes.map((axis) => ({
        ...axis,
        axisPointer: {
          show: true,
          triggerTooltip: false,
          lineStyle: { color: theme.muted },
          label: { show: false },
        },
      })),
    }),
    dataZoom: [
      // The wheel alone scrolls the page.
      { ...common, type: 'inside', zoomOnMouseWheel: 'ctrl' },
      {
        ...common,
        type: 'slider',
        bottom: SLIDER_GAP_PX,
        height: SLIDER_HEIGHT_PX,
        showDataShadow: false,
        brushSelect: false,
        labelFormatter: '',
        borderColor: theme.grid,
        fillerColor: theme.shade,
        handleStyle: { color: theme.background, borderColor: theme.muted },
        moveHandleStyle: { color: theme.muted, opacity: 0.5 },
      },
    ],
  }
}

function hasCells({ option: { series } }: Chart): boolean {
  return Array.isArray(series) && series.some(({ type }) => type === 'custom')
}

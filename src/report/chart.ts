/** Turns the description of a chart into SVG, without a browser. The one module that knows the chart library. */
import { LineChart, type LineSeriesOption } from 'echarts/charts'
import {
  GridComponent,
  type GridComponentOption,
  type LegendComponentOption,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  type TitleComponentOption,
} from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([
  LineChart,
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
])

/** A chart as plain data: what is drawn here could as well be handed to a page. */
export type ChartOption = ComposeOption<
  LineSeriesOption | GridComponentOption | LegendComponentOption | TitleComponentOption
>
export type ChartSeries = LineSeriesOption

/** @returns a complete SVG document. */
export function renderSvg(option: ChartOption, widthPx: number, heightPx: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: widthPx, height: heightPx })
  try {
    chart.setOption(option)
    return chart.renderToSVGString()
  } finally {
    // Without this its timers would keep the process alive.
    chart.dispose()
  }
}

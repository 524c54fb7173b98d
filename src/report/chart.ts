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
    return renumbered(chart.renderToSVGString())
  } finally {
    // Without this its timers would keep the process alive.
    chart.dispose()
  }
}

/** A name that the library gives to a style or a clipping path, where one stands. */
const GIVEN_NAME = /(?<=class="|id="|#|\.)zr\d+-(cls-|c)\d+/g

/** The library counts such names through a whole process; counted from 0, a chart depends on what it shows alone. */
function renumbered(svg: string): string {
  const names = new Map<string, string>()
  return svg.replace(GIVEN_NAME, (given, kind: string) => {
    const name = names.get(given) ?? `zr0-${kind}${names.size}`
    names.set(given, name)
    return name
  })
}

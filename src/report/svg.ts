/** Turns the description of a chart into SVG, without a browser. */
import { CustomChart, LineChart } from 'echarts/charts'
import {
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  VisualMapPiecewiseComponent,
} from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Drawing } from '../charts/chart.js'

use([
  CustomChart,
  LineChart,
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  VisualMapPiecewiseComponent,
  SVGRenderer,
])

/** @returns a complete SVG document. */
export function renderSvg({ option, widthPx, heightPx }: Drawing): string {
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

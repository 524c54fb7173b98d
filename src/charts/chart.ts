/** A chart as plain data, drawn into a file (report/svg.ts) or into a page, in the terms of echarts. */
import type { CustomSeriesOption, LineSeriesOption } from 'echarts/charts'
import type {
  GridComponentOption,
  LegendComponentOption,
  TitleComponentOption,
  VisualMapComponentOption,
} from 'echarts/components'
import type { ComposeOption } from 'echarts/core'

export type ChartSeries = LineSeriesOption | CustomSeriesOption

export type ChartOption = ComposeOption<
  ChartSeries | GridComponentOption | LegendComponentOption | TitleComponentOption | VisualMapComponentOption
>

/** What it takes to draw one. */
export interface Drawing {
  widthPx: number
  heightPx: number
  option: ChartOption
}

export interface Chart extends Drawing {
  /** Of its file, and of its element in a page. */
  name: string
  title: string
  /** What it shows, in words and figures. */
  text: string
  /** Its horizontal axis is the time of the run: it is zoomed and pointed at together with the others that have it. */
  isOverTime: boolean
}

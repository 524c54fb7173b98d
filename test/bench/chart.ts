/** docs/figures/performance.svg: each figure's ratio to its reference as a dot on a logarithmic scale, with its spread. */
import type { ChartOption } from '../../src/charts/chart.js'
import { page, title, WIDTH_PX } from '../../src/charts/style.js'
import { LIGHT } from '../../src/charts/theme.js'
import { renderSvg } from '../../src/report/svg.js'
import { rangeOf } from '../../src/validate/statistics.js'
import { type Figure, ratiosOf } from './measure.js'

const LEFT_PX = 170
const RIGHT_PX = 280
const TOP_PX = 70
const BOTTOM_PX = 50
const ROW_PX = 22
const DOT_PX = 9

/** @returns a complete SVG document */
export function renderRatios(figures: readonly Figure[]): string {
  // The axis counts rows from below.
  const compared = figures.filter(({ ratio }) => ratio !== null).toReversed()
  const heightPx = TOP_PX + BOTTOM_PX + ROW_PX * compared.length
  return renderSvg({ option: describe(compared), widthPx: WIDTH_PX, heightPx })
}

function describe(figures: readonly Figure[]): ChartOption {
  const spreads = figures.flatMap((figure, row) => {
    const [min, max] = rangeOf(ratiosOf(figure))
    // The gap after each keeps them apart.
    return [
      [min, row],
      [max, row],
      ['-', row],
    ] as [number | string, number][]
  })
  return {
    ...page(LIGHT),
    title: title(
      LIGHT,
      'How far ahead of its reference each figure is',
      'ratio, 1: as fast or as small; dot: median of the rounds, line: smallest to largest',
      13,
    ),
    grid: { left: LEFT_PX, right: RIGHT_PX, top: TOP_PX, bottom: BOTTOM_PX },
    xAxis: {
      type: 'log',
      logBase: 2,
      axisLabel: {
        color: LIGHT.text,
        formatter: (ratio: number) => (ratio < 1 ? `1/${1 / ratio}` : `${ratio}`),
      },
    },
    yAxis: [
      categories(figures.map(({ name }) => name)),
      categories(figures.map(({ reference }) => `against ${reference}`)),
    ],
    series: [
      {
        type: 'line',
        data: spreads,
        symbol: 'none',
        lineStyle: { color: LIGHT.series[0]!, width: 1.5 },
        markLine: {
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: LIGHT.muted, type: 'solid', width: 1.5 },
          data: [{ xAxis: 1 }],
        },
      },
      {
        type: 'line',
        data: figures.map(({ ratio }, row) => [ratio!, row]),
        symbol: 'circle',
        symbolSize: DOT_PX,
        itemStyle: { color: LIGHT.series[0]! },
        lineStyle: { width: 0 },
      },
    ],
  }
}

function categories(data: string[]) {
  return {
    type: 'category' as const,
    data,
    axisLabel: { color: LIGHT.text, interval: 0 },
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: true, lineStyle: { color: LIGHT.grid } },
  }
}

/** What all charts have in common: font, colours, axes, and how many points a line has at most. */
import type { ChartSeries } from './chart.js'

export const FONT_PX = 13

/** Okabe and Ito's colours, which colour-blind readers can tell apart; black is left for the lines. */
export const COLOURS = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442']
export const BLACK = '#000000'
export const WHITE = '#FFFFFF'
export const AXIS_COLOUR = '#666666'
const GRID_COLOUR = '#E4E4E4'

export const SOLID_ICON = 'path://M0 0h30v2h-30z'
export const DASHED_ICON = 'path://M0 0h8v2h-8z M11 0h8v2h-8z M22 0h8v2h-8z'

/** More points than the plot has pixels across would only swell the file. */
const POINTS_MAX = 1000
const TIME_TICKS_MAX = 10

export type Points = NonNullable<ChartSeries['data']>

/** Evenly spaced items, the first and the last among them. */
export function thinned<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length <= POINTS_MAX) return items
  const step = (items.length - 1) / (POINTS_MAX - 1)
  return Array.from({ length: POINTS_MAX }, (_, index) => items[Math.round(index * step)]!)
}

/** Ticks at round numbers, and an end at one too. */
export function roundAxis(largest: number): { interval: number; max: number } {
  const least = largest / TIME_TICKS_MAX
  const decade = 10 ** Math.floor(Math.log10(least))
  const interval = decade * [1, 2, 5, 10].find((step) => step * decade >= least)!
  return { interval, max: interval * Math.ceil(largest / interval) }
}

export function axis(name: string, nameGap: number) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap,
    min: 0,
    nameTextStyle: { fontSize: FONT_PX, color: BLACK },
    axisLabel: { fontSize: FONT_PX, color: BLACK },
    axisLine: { show: true, lineStyle: { color: AXIS_COLOUR } },
    axisTick: { show: true, lineStyle: { color: AXIS_COLOUR } },
    splitLine: { lineStyle: { color: GRID_COLOUR } },
  }
}

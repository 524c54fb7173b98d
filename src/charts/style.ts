/** What all charts have in common: font, axes, title, legend. */
import { shortened } from '../report/units.js'
import type { ChartOption } from './chart.js'
import type { Theme } from './theme.js'

export const WIDTH_PX = 960
export const FONT_PX = 13

export const SOLID_ICON = 'path://M0 0h30v2h-30z'
export const DASHED_ICON = 'path://M0 0h8v2h-8z M11 0h8v2h-8z M22 0h8v2h-8z'
export const AREA_ICON = 'rect'

const TICKS_MAX = 10

/** Of every chart, beside what it shows. */
export function page(theme: Theme) {
  return {
    animation: false,
    backgroundColor: theme.background,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', fontSize: FONT_PX },
  }
}

export function title(theme: Theme, text: string, subtext: string, leftPx: number) {
  return {
    text,
    subtext,
    left: leftPx - 5,
    top: 8,
    itemGap: 4,
    textStyle: { fontSize: 17, color: theme.text },
    subtextStyle: { fontSize: FONT_PX, color: theme.muted },
  }
}

/** Above the plot of one of several panels. */
export function panelTitle(theme: Theme, text: string, leftPx: number, plotTopPx: number) {
  return {
    text,
    left: leftPx - 5,
    top: plotTopPx - PANEL_TITLE_PX - 4,
    textStyle: { fontSize: FONT_PX, fontWeight: 'normal' as const, color: theme.text },
  }
}
export const PANEL_TITLE_PX = 22

export interface LegendEntry {
  name: string
  icon: string
}

/** Beside the plot, from the top. */
export function legend(
  theme: Theme,
  entries: readonly LegendEntry[],
  place: { leftPx: number; topPx: number; charactersMax: number },
): NonNullable<ChartOption['legend']> {
  return {
    orient: 'vertical',
    left: place.leftPx,
    top: place.topPx - 5,
    itemGap: 9,
    itemWidth: 30,
    textStyle: { fontSize: FONT_PX, color: theme.text },
    formatter: (name) => shortened(name, place.charactersMax),
    data: [...entries],
  }
}

/** @param label of a tick; by default its number */
export function axis(theme: Theme, name: string, nameGap: number, label?: (value: number) => string) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameMoveOverlap: false,
    min: 0,
    nameTextStyle: { fontSize: FONT_PX, color: theme.text },
    axisLabel: { show: true, fontSize: FONT_PX, color: theme.text, ...(label && { formatter: label }) },
    // It stands at its end, not where the other axis is 0.
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.muted } },
    axisTick: { show: true, lineStyle: { color: theme.muted } },
    splitLine: { lineStyle: { color: theme.grid } },
  }
}

/** Ticks at round numbers, and an end at one too. */
export function roundAxis(largest: number): { interval: number; max: number } {
  const least = largest / TICKS_MAX
  const decade = 10 ** Math.floor(Math.log10(least))
  const interval = decade * [1, 2, 5, 10].find((step) => step * decade >= least)!
  return { interval, max: interval * Math.ceil(largest / interval) }
}

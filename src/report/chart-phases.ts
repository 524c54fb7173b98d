/** The phases of a run in a chart over time: shaded bands with their names above the plot. */
import type { PhaseSummary } from '../experiment/outcome.js'
import type { ChartSeries } from './chart.js'
import { shortened, type Unit } from './units.js'

export type PhaseSpan = Pick<PhaseSummary, 'name' | 'startSeconds' | 'endSeconds'>

const NAME_CHARACTERS = 20
const FONT_PX = 12
/** Mean width of a character: what a name needs is estimated, since nothing here can measure it. */
const CHARACTER_PX = 7
/** Names that don't fit side by side move up by a row, as long as there are rows. */
const ROWS_MAX = 3
const ROW_PX = 15

/** Every second phase is shaded, through which the grid still shows. */
const COLOURS = ['rgba(0,0,0,0)', 'rgba(0,0,0,0.06)']
const BORDER_COLOUR = '#666666'

/** Where the names go: the row of each, counted from the plot upwards; undefined where no row was left. */
export interface PhaseRows {
  rowOfPhase: (number | undefined)[]
  /** What they take above the plot. */
  heightPx: number
}

/** Gives each name the lowest row in which it touches no other. */
export function arrangePhaseNames(phases: readonly PhaseSpan[], pxPerSecond: number): PhaseRows {
  const usedToPx = new Array<number>(ROWS_MAX).fill(Number.NEGATIVE_INFINITY)
  const rowOfPhase = phases.map(({ name, startSeconds, endSeconds }) => {
    const widthPx = (shortened(name, NAME_CHARACTERS).length + 1) * CHARACTER_PX
    const leftPx = ((startSeconds + endSeconds) / 2) * pxPerSecond - widthPx / 2
    const row = usedToPx.findIndex((px) => px <= leftPx)
    if (row === -1) return undefined
    usedToPx[row] = leftPx + widthPx
    return row
  })
  return { rowOfPhase, heightPx: usedToPx.filter(Number.isFinite).length * ROW_PX }
}

/** A series without a line of its own, which carries the bands, their names and the borders between them. */
export function phaseSeries(
  phases: readonly PhaseSpan[],
  { rowOfPhase }: PhaseRows,
  time: Unit,
): ChartSeries {
  const bands = phases.map(({ name, startSeconds, endSeconds }, index) => {
    const row = rowOfPhase[index]
    const label = { show: row !== undefined, position: 'top' as const, distance: 4 + (row ?? 0) * ROW_PX }
    const start = {
      name: shortened(name, NAME_CHARACTERS),
      xAxis: startSeconds / time.size,
      itemStyle: { color: COLOURS[index % COLOURS.length]! },
      label: { ...label, fontSize: FONT_PX, color: '#000000' },
    }
    return [start, { xAxis: endSeconds / time.size }] satisfies [object, object]
  })
  return {
    type: 'line',
    data: [],
    markArea: { silent: true, data: bands },
    markLine: {
      silent: true,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: BORDER_COLOUR, width: 1, type: 'dotted' },
      data: phases.slice(1).map(({ startSeconds }) => ({ xAxis: startSeconds / time.size })),
    },
  }
}

/** The phases of a run in a chart over time: shaded bands with their names above the plot. */
import type { LineSeriesOption } from 'echarts/charts'
import { shortened, type Unit } from '../report/units.js'
import type { PhaseView } from './run-view.js'
import type { Theme } from './theme.js'

export type PhaseSpan = Pick<PhaseView, 'name' | 'startSeconds' | 'endSeconds'>

const NAME_CHARACTERS = 20
const FONT_PX = 12
/** Mean width of a character: what a name needs is estimated, since nothing here can measure it. */
const CHARACTER_PX = 7
/** Names that don't fit side by side move up by a row, as long as there are rows. */
const ROWS_MAX = 3
const ROW_PX = 15

const NO_SHADE = 'rgba(0,0,0,0)'

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

/** For a panel below the one that has the names. */
export function unnamed({ rowOfPhase }: PhaseRows): PhaseRows {
  return { rowOfPhase: rowOfPhase.map(() => undefined), heightPx: 0 }
}

/** A series without a line of its own, which carries the bands, their names and the borders between them. */
export function phaseSeries(
  theme: Theme,
  phases: readonly PhaseSpan[],
  { rowOfPhase }: PhaseRows,
  time: Unit,
): LineSeriesOption {
  const bands = phases.map(({ name, startSeconds, endSeconds }, index) => {
    const row = rowOfPhase[index]
    const label = { show: row !== undefined, position: 'top' as const, distance: 4 + (row ?? 0) * ROW_PX }
    const start = {
      name: shortened(name, NAME_CHARACTERS),
      xAxis: startSeconds / time.size,
      itemStyle: { color: index % 2 === 0 ? NO_SHADE : theme.shade },
      label: { ...label, fontSize: FONT_PX, color: theme.text },
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
      lineStyle: { color: theme.muted, width: 1, type: 'dotted' },
      data: phases.slice(1).map(({ startSeconds }) => ({ xAxis: startSeconds / time.size })),
    },
  }
}

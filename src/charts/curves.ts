/** Charts of curves over time, in one panel or several: bands that lie on each other, and lines. */
import type { LineSeriesOption } from 'echarts/charts'
import type { Unit } from '../report/units.js'
import type { Chart } from './chart.js'
import { type Decades, decadeIn, ticksAt } from './decades.js'
import { drawOverTime, LEGEND_LEFT_PX, type TimePanel } from './over-time.js'
import type { RunView, TimeSeries } from './run-view.js'
import { AREA_ICON, axis, DASHED_ICON, type LegendEntry, legend, SOLID_ICON } from './style.js'
import { compact, curvesText, type Told } from './text.js'
import type { Theme } from './theme.js'
import { keptSamples, POINTS_MAX } from './thin.js'
import type { Values } from './values.js'

const LEGEND_CHARACTERS = 22
export const PLOT_HEIGHT_PX = 345

export interface CurveChart {
  name: string
  /** Behind the scenario's name. */
  title: string
  subtext: string
  panels: readonly CurvePanel[]
  told: Told
  /** A value as people read it, with its unit. */
  format: (value: number) => string
}

export interface CurvePanel {
  /** None, where there is but one. */
  title?: string
  /** From below; as many as there are colours at most. */
  bands: readonly Curve[]
  /** Their names have a space in them, which keeps them apart from guests' names. */
  lines: readonly Line[]
  /** Each value is that of the interval that ends at its sample, and not of the moment. */
  isOfIntervals?: boolean
  scale: Scale
  heightPx?: number
}

export interface Curve {
  name: string
  /** For each sample; null: not known then. */
  values: Values
  /** By default a band has the colour of its place, and a line that of text. */
  colour?: (theme: Theme) => string
}

export interface Line extends Curve {
  type: 'solid' | 'dashed'
}

/** The vertical axis: linear, by default from 0 to a round number; or logarithmic. */
export interface Scale {
  name: string
  decades?: Decades
  range?: { min: number; max: number; interval: number }
}

export function drawCurves(run: RunView, theme: Theme, chart: CurveChart): Chart {
  const { name, title, subtext, panels, told, format } = chart
  return drawOverTime(run, theme, {
    name,
    title,
    subtext,
    text: curvesText(run, told, format),
    panels: panels.map((panel) => timePanel(theme, run.series, panel, format)),
    legend: (topPx) => ({
      legend: legend(theme, entriesOf(panels), {
        leftPx: LEGEND_LEFT_PX,
        topPx,
        charactersMax: LEGEND_CHARACTERS,
      }),
    }),
  })
}

/** The lines first, then the bands as they lie on each other, the topmost first; what several panels have is named once. */
function entriesOf(panels: readonly CurvePanel[]): LegendEntry[] {
  const entries = panels.flatMap(({ lines, bands }) => [
    ...lines.map(({ name, type }) => ({ name, icon: type === 'solid' ? SOLID_ICON : DASHED_ICON })),
    ...bands.toReversed().map(({ name }) => ({ name, icon: AREA_ICON })),
  ])
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()]
}

function timePanel(
  theme: Theme,
  { timeSeconds, phase }: TimeSeries,
  panel: CurvePanel,
  format: CurveChart['format'],
): TimePanel {
  const { title = '', bands, lines, scale, heightPx = PLOT_HEIGHT_PX } = panel
  const { decades } = scale
  const common = {
    type: 'line' as const,
    // A line through one point can't be seen.
    symbol: timeSeconds.length === 1 ? 'circle' : 'none',
    ...(panel.isOfIntervals && { step: 'start' as const }),
    tooltip: {
      valueFormatter: (shown: unknown) => (typeof shown === 'number' ? read(shown, decades, format) : ''),
    },
  }
  const pointsOf = (values: Values, samples: readonly number[], time: Unit) =>
    samples.flatMap((sample) => {
      const value = values[sample] ?? null
      if (value === null) return []
      return [[timeSeconds[sample]! / time.size, decades === undefined ? value : decadeIn(decades, value)]]
    })
  const keptOfBands = keptSamples(phase, stackOf(bands), POINTS_MAX)
  return {
    title,
    heightPx,
    yAxis:
      decades === undefined
        ? { ...axis(theme, scale.name, 48, compact), ...scale.range }
        : { ...axis(theme, scale.name, 48, (decade) => compact(10 ** decade)), ...ticksAt(decades) },
    series: (time) => [
      ...bands.map(({ name, values, colour }, index): LineSeriesOption => {
        const color = colour?.(theme) ?? theme.series[index]!
        return {
          ...common,
          name,
          data: pointsOf(values, keptOfBands, time),
          stack: `bands ${title}`,
          itemStyle: { color },
          lineStyle: { color: theme.background, width: 0.5 },
          areaStyle: { color, opacity: 1 },
        }
      }),
      ...lines.map(({ name, values, type, colour }): LineSeriesOption => {
        const color = colour?.(theme) ?? theme.line
        return {
          ...common,
          name,
          data: pointsOf(values, keptSamples(phase, [values], POINTS_MAX), time),
          itemStyle: { color },
          lineStyle: { color, width: 2, type },
        }
      }),
    ],
  }
}

/** The value that stands at a place on the axis. */
function read(shown: number, decades: Decades | undefined, format: CurveChart['format']): string {
  if (decades === undefined) return format(shown)
  const value = format(10 ** shown)
  return shown > decades.min ? value : `at most ${value}`
}

/** The upper edge of each band, on those below it: what is seen of the stack. */
export function stackOf(bands: readonly Curve[]): Values[] {
  let below: Values = []
  return bands.map(({ values }) => {
    below = values.map((value, sample) => (value === null ? null : value + (below[sample] ?? 0)))
    return below
  })
}

/** Of all that is drawn. */
export function highest({ bands, lines }: Pick<CurvePanel, 'bands' | 'lines'>): number {
  const drawn = [...stackOf(bands), ...lines.map(({ values }) => values)]
  return drawn.flat().reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
}

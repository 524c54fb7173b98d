/** How fast what a run counts went on, in the interval that ends at each sample. */
import type { Curve, CurveChart, Line, Scale } from './curves.js'
import { decadesOf } from './decades.js'
import { column, type RunView, type TimeSeries } from './run-view.js'
import { plain } from './text.js'
import { isKnown, type Values } from './values.js'

/** What one column grew by since the sample before; null where either is not known. */
export function growthOf(series: TimeSeries, name: string): Values {
  const counts = column(series, name)
  return counts.map((count, sample) => {
    const before = counts[sample - 1] ?? null
    return count === null || before === null ? null : count - before
  })
}

/** Of pages, or of faults on them, per second; at full size: of the whole memory, in the scenario's time. */
function pageRateOf({ series, scale }: RunView, name: string): Values {
  const { timeSeconds } = series
  return growthOf(series, name).map((growth, sample) => {
    const seconds = timeSeconds[sample]! - timeSeconds[sample - 1]!
    return growth === null || seconds <= 0 ? null : (growth * scale.memory) / seconds
  })
}

/** Achieved is drawn first, so that what was asked for shows on it. */
export function scanChart(run: RunView): CurveChart {
  const lines: Line[] = [
    {
      name: 'pages scanned',
      type: 'solid',
      values: pageRateOf(run, 'scannedPages'),
      colour: ({ series }) => series[0]!,
    },
    { name: 'pages asked for', type: 'dashed', values: pageRateOf(run, 'pagesAsked') },
  ]
  return rateChart(run, {
    name: 'scan',
    title: 'scan rate, asked for and achieved',
    note: '; logarithmic, what is below the axis stands at its end',
    about: 'Pages that the scanners were asked to visit, and have visited, per second.',
    bands: [],
    lines: lines.filter(isKnown),
    unit: 'pages/s',
    axis: (values) => ({ decades: decadesOf(values, { min: 0, max: 4 }) }),
  })
}

export function cowChart(run: RunView): CurveChart {
  return rateChart(run, {
    name: 'cow',
    title: 'copy-on-write faults',
    note: '',
    about: 'Copy-on-write faults of all guests, per second.',
    bands: [{ name: 'CoW faults', values: pageRateOf(run, 'cowFaults') }],
    lines: [],
    unit: 'faults/s',
    axis: () => ({}),
  })
}

interface RateChart extends Pick<CurveChart, 'name' | 'title'> {
  /** In the second line of the title. */
  note: string
  about: string
  bands: readonly Curve[]
  lines: readonly Line[]
  unit: string
  axis: (values: Iterable<number | null>) => Omit<Scale, 'name'>
}

function rateChart({ scale }: RunView, chart: RateChart): CurveChart {
  const { name, title, note, about, bands, lines, unit } = chart
  const curves = [...bands, ...lines]
  const axis = { name: unit, ...chart.axis(curves.flatMap(({ values }) => values)) }
  return {
    name,
    title,
    subtext: `full size: ${scale.memory} × the pages of the run, in ${scale.time} × its time${note}`,
    panels: [{ bands, lines, isOfIntervals: true, scale: axis }],
    told: { about, curves, isOfIntervals: true },
    format: (value) => `${plain(value)} ${unit}`,
  }
}

/** Charts of memory over time, at full size: one panel, what is known of its curves. */
import { memoryUnit, pagesToMiB } from '../report/units.js'
import { type Curve, type CurveChart, type CurvePanel, highest } from './curves.js'
import { column, type RunView } from './run-view.js'
import { plain } from './text.js'
import { isKnown, scaled, type Values } from './values.js'

export interface MemoryChart extends Pick<CurveChart, 'name' | 'title'>, Pick<CurvePanel, 'bands' | 'lines'> {
  /** Of its text alternative. */
  about: string
  told: readonly Curve[]
}

/** One column in pages at full size; empty where the run has none such. */
export function memoryOf({ series, scale }: RunView, name: string): Values {
  return scaled(column(series, name), scale.memory)
}

/** What is nowhere known is left out. */
export function memoryChart({ scale }: RunView, chart: MemoryChart): CurveChart {
  const known = { bands: chart.bands.filter(isKnown), lines: chart.lines.filter(isKnown) }
  const unit = memoryUnit(pagesToMiB(highest(known)))
  const inUnit = <Kind extends Curve>(curve: Kind) => ({
    ...curve,
    values: scaled(curve.values, pagesToMiB(1) / unit.size),
  })
  return {
    name: chart.name,
    title: chart.title,
    subtext: `full size: ${scale.memory} × the memory and ${scale.time} × the time of the run`,
    panels: [
      {
        bands: known.bands.map(inUnit),
        lines: known.lines.map(inUnit),
        scale: { name: `memory (${unit.name})` },
      },
    ],
    told: { about: chart.about, curves: chart.told.filter(isKnown).map(inUnit), isOfIntervals: false },
    format: (size) => `${plain(size)} ${unit.name}`,
  }
}

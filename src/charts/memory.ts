/** Charts of memory over time, at full size: one panel, what is known of its curves. */
import { memoryUnit, pagesToMiB } from '../report/units.js'
import { type Curve, type CurveChart, type CurvePanel, highest } from './curves.js'
import { column, type RunView } from './run-view.js'
import { plain } from './text.js'
import { isKnown, type Values } from './values.js'

export interface MemoryChart extends Pick<CurveChart, 'name' | 'title'>, Pick<CurvePanel, 'bands' | 'lines'> {
  /** Of its text alternative. */
  about: string
  told: readonly Curve[]
}

/** One column in MiB at full size; empty where the run has none such. */
export function memoryOf({ series, scale }: RunView, name: string): Values {
  return column(series, name).map((pages) => (pages === null ? null : pagesToMiB(pages) * scale.memory))
}

/** What is nowhere known is left out. */
export function memoryChart({ scale }: RunView, chart: MemoryChart): CurveChart {
  const bands = chart.bands.filter(isKnown)
  const lines = chart.lines.filter(isKnown)
  const unit = memoryUnit(highest({ bands, lines }))
  const toAxis = (mebibytes: number) => mebibytes / unit.size
  return {
    name: chart.name,
    title: chart.title,
    subtext: `full size: ${scale.memory} × the memory and ${scale.time} × the time of the run`,
    panels: [{ bands, lines, scale: { name: `memory (${unit.name})`, toAxis } }],
    told: {
      about: chart.about,
      curves: chart.told.filter(isKnown),
      isOfIntervals: false,
      format: (mebibytes) => `${plain(toAxis(mebibytes))} ${unit.name}`,
    },
  }
}

/** timeseries.csv as charts see it: read as a whole, or line by line while a run goes. */
import type { TimeSeries } from './run-view.js'

/** Those that are no numbers, or no column of their own. */
const TIME = 'timeSeconds'
const PHASE = 'phase'

export function parseTimeSeries(csv: string): TimeSeries {
  const [names = [], ...samples] = parseCsv(csv)
  for (const needed of [TIME, PHASE]) {
    if (!names.includes(needed)) throw new Error(`Expected a column ${needed} in timeseries.csv`)
  }
  const series = emptyTimeSeries(names)
  for (const fields of samples) addSample(series, names, fields)
  return series
}

/** @param names of the columns, in the order in which lines have them */
export function emptyTimeSeries(names: readonly string[]): TimeSeries {
  const others = names.filter((name) => name !== TIME && name !== PHASE)
  return { timeSeconds: [], phase: [], columns: Object.fromEntries(others.map((name) => [name, []])) }
}

/** @param fields of one line, in the order of `names` */
export function addSample(series: TimeSeries, names: readonly string[], fields: readonly string[]): void {
  names.forEach((name, index) => {
    const field = fields[index] ?? ''
    if (name === PHASE) series.phase.push(field)
    else if (name === TIME) series.timeSeconds.push(Number(field))
    else series.columns[name]!.push(field === '' ? null : Number(field))
  })
}

/** A field, quoted (RFC 4180) or plain, and what ends it. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/y

/** The fields of each line. A last line that does not end, as a killed run may leave it, is left out. */
export function parseCsv(text: string): string[][] {
  const lines: string[][] = []
  let fields: string[] = []
  FIELD.lastIndex = 0
  while (FIELD.lastIndex < text.length) {
    const [, quoted, plain, end] = FIELD.exec(text) ?? []
    if (end === undefined) throw new Error('Expected CSV: a quote is not closed, or stands inside a field')
    fields.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end !== '\n') continue
    lines.push(fields)
    fields = []
  }
  return lines
}

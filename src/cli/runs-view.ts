/** How the progress of many runs, a study's or a validation's, is shown. */
import { barItem, flow, type Glyphs, type Item } from './drawing.js'
import type { ProgressView } from './terminal.js'

/** Where it is. */
export interface RunsPlace {
  stage: string
  name: string
  /** Which run of how many. */
  run: string
  place: string[]
  /** 0 to 1. */
  part: number
  /** Undefined: nobody knows yet. */
  left: string | undefined
}

export function runsView({ stage, name, run, place, part, left }: RunsPlace, glyphs: Glyphs): ProgressView {
  const { separator } = glyphs
  const items = (texts: readonly string[]): Item[] => texts.map((text) => ({ text }))
  const rest = left === undefined ? [] : [left]
  return {
    stage,
    line: [name, run, ...place, ...rest].join(separator),
    block: (columns) => {
      const width = columns - 1
      return [
        ...flow([{ text: name, style: 'bold' }, ...items([run, ...place])], width, separator),
        ...flow([barItem(part, width, glyphs), ...items(rest)], width, separator),
      ]
    },
  }
}

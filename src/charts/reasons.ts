/**
 * What is saved over the course of a run and, stacked on it, what is not, by reason: together they are the opportunity. Lost
 * opportunity, pages whose sharing a store has broken for good, is a line of its own. Policy `tps` only.
 */
import { REASONS } from '../experiment/reasons.js'
import type { CurveChart } from './curves.js'
import { memoryChart, memoryOf } from './memory.js'
import { REASON_NAMES } from './reason-names.js'
import type { RunView } from './run-view.js'

export function reasonsChart(run: RunView): CurveChart {
  const saved = { name: 'saved', values: memoryOf(run, 'savedPages') }
  const missed = REASONS.map((reason) => ({
    name: REASON_NAMES[reason],
    values: memoryOf(run, `notShared.${reason}Pages`),
  }))
  const broken = { name: 'broken by stores', values: memoryOf(run, 'brokenPages') }
  const happened = missed.filter(({ values }) => values.some((value) => value !== 0))
  return memoryChart(run, {
    name: 'reasons',
    title: 'saved, and why the rest is not',
    bands: [saved, ...missed],
    lines: [{ ...broken, type: 'dashed' }],
    about:
      'Memory saved and, stacked on it, memory that could be saved and is not, by reason; reasons not named had none.',
    told: [saved, ...happened, broken],
  })
}

/**
 * figures/RESPONSE-curve.svg: the response curve, a response over the amounts of a factor, averaged over all others; a panel
 * for each factor whose levels are amounts.
 */
import { LIGHT } from '../charts/theme.js'
import type { ResponseValues } from './analysis.js'
import { nameWithUnit } from './labels.js'
import type { Panel, PanelChart } from './panels.js'
import type { Factor, Response, Study } from './study.js'

/** Amounts that differ by more than this factor are shown by their magnitude. */
const LINEAR_RATIO_MAX = 20

/** @returns undefined where no factor has amounts */
export function curveChart(study: Study, response: Response, values: ResponseValues): PanelChart | undefined {
  const { factors } = study
  const panels = factors.flatMap((factor, place): Panel[] => {
    if (factor.amounts === undefined) return []
    const at = (level: number) => factors.map((_, index) => (index === place ? level : undefined))
    const order = [...factor.amounts.keys()].sort((a, b) => factor.amounts![a]! - factor.amounts![b]!)
    const { positions, scale } = positionsOf(factor.amounts)
    return [
      {
        title: '',
        xName: nameWithUnit(factor.name, factor.unit) + scale,
        positions: order.map((level) => positions[level]!),
        labels: order.map((level) => factor.levels[level]!.name),
        lines: [
          {
            name: '',
            color: LIGHT.series[0]!,
            offset: 0,
            means: order.map((level) => values.meanOver(values.cellsAt(at(level)))),
          },
        ],
      },
    ]
  })
  if (panels.length === 0) return undefined
  return {
    title: `${study.name}: ${response.label}`,
    subtext: `means, with bootstrap intervals of 95 %${othersOf(factors)}`,
    yName: nameWithUnit(response.label, response.unit),
    panels,
  }
}

function othersOf(factors: readonly Factor[]): string {
  return factors.length === 1 ? '' : '; averaged over all other factors'
}

function positionsOf(amounts: readonly number[]): { positions: number[]; scale: string } {
  const least = Math.min(...amounts)
  const isWide = least > 0 && Math.max(...amounts) / least > LINEAR_RATIO_MAX
  return isWide
    ? { positions: amounts.map(Math.log10), scale: ', logarithmic' }
    : { positions: [...amounts], scale: '' }
}

/**
 * figures/RESPONSE-interaction.svg: a response over the levels of one factor, with a line for each level of a second and a
 * panel for each level of a third; all other factors are averaged over. Lines that are not parallel are an interaction.
 */
import { LIGHT } from '../charts/theme.js'
import type { ResponseValues } from './analysis.js'
import { nameWithUnit } from './labels.js'
import type { PanelChart } from './panels.js'
import type { Factor, Response, Study } from './study.js'

/** Lines at a level stand side by side, this much of the distance between two levels apart. */
const LINE_OFFSET = 0.04

/** @returns undefined where there is one factor only */
export function interactionChart(
  study: Study,
  response: Response,
  values: ResponseValues,
): PanelChart | undefined {
  const { factors } = study
  if (factors.length < 2) return undefined
  const [x, lines, panels, ...pooled] = inRoles(factors)
  const panelLevels = panels === undefined ? [undefined] : [...panels.levels.keys()]
  return {
    title: `${study.name}: ${response.label} by ${x!.name} and ${lines!.name}`,
    subtext: subtextOf(pooled),
    yName: nameWithUnit(response.label, response.unit),
    panels: panelLevels.map((panel) => ({
      title: panel === undefined ? '' : `${panels!.name} ${panels!.levels[panel]!.name}`,
      xName: nameWithUnit(x!.name, x!.unit),
      positions: [...x!.levels.keys()],
      labels: x!.levels.map(({ name }) => name),
      lines: lines!.levels.map(({ name }, line) => ({
        name: `${lines!.name} ${name}`,
        color: LIGHT.series[line % LIGHT.series.length]!,
        offset: LINE_OFFSET * (line - (lines!.levels.length - 1) / 2),
        means: x!.levels.map((_, level) => {
          const at = factors.map((factor) =>
            factor === x ? level : factor === lines ? line : factor === panels ? panel : undefined,
          )
          return values.meanOver(values.cellsAt(at))
        }),
      })),
    })),
  }
}

/**
 * The first one with amounts to draw a line through, three or more, is the x axis; the others follow as the study has
 * them.
 */
function inRoles(factors: readonly Factor[]): Factor[] {
  const x = factors.find(({ amounts = [] }) => amounts.length > 2) ?? factors[0]!
  return [x, ...factors.filter((factor) => factor !== x)]
}

function subtextOf(pooled: readonly Factor[]): string {
  const bars = 'means, with bootstrap intervals of 95 %'
  return pooled.length === 0 ? bars : `${bars}; averaged over ${pooled.map(({ name }) => name).join(', ')}`
}

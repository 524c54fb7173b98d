/**
 * reasons.svg: what is saved over the course of a run and, stacked on it, what is not, by reason: together they are the
 * opportunity. Lost opportunity, pages whose sharing a store has broken for good, is a line of its own. At full size.
 */
import { REASONS, type Reason } from '../experiment/not-shared.js'
import { type ChartOption, renderSvg } from './chart.js'
import { type ChartedRun, describeMemoryChart, HEIGHT_PX, WIDTH_PX } from './memory-chart.js'
import { REASON_NAMES } from './reason-names.js'

/** @returns a complete SVG document. */
export function renderReasonsChart(run: ChartedRun): string {
  return renderSvg(describeReasonsChart(run), WIDTH_PX, HEIGHT_PX)
}

export function describeReasonsChart(run: ChartedRun): ChartOption {
  const isBrokenKnown = run.samples.some(({ brokenPages }) => brokenPages !== undefined)
  return describeMemoryChart(run, {
    title: 'saved, and why the rest is not',
    bands: [
      { name: 'saved', pages: ({ savedPages }) => savedPages },
      ...REASONS.map((reason) => ({
        name: REASON_NAMES[reason],
        pages: ({ notShared }: { notShared: Record<Reason, number> | undefined }) => notShared?.[reason],
      })),
    ],
    lines: isBrokenKnown
      ? [{ name: 'broken by stores', type: 'dashed', pages: ({ brokenPages }) => brokenPages }]
      : [],
  })
}

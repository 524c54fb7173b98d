/**
 * Heat map of CoW faults: across, the time of the run; upwards, how long they took; in colour, how many. A column is the time
 * between two samples, or of several such where they are too close together to be told apart.
 */
import type { CustomSeriesOption } from 'echarts/charts'
import { bucketStartNs, latencyBucketOf } from '../measure/latency-buckets.js'
import type { Unit } from '../report/units.js'
import type { Chart } from './chart.js'
import { PLOT_HEIGHT_PX } from './curves.js'
import { type Decades, decadeIn, decadesOf, latencyLabel, ticksAt } from './decades.js'
import { drawOverTime, LEGEND_LEFT_PX } from './over-time.js'
import type { LatencyOverTime, RunView } from './run-view.js'
import { AREA_ICON, axis, legend } from './style.js'
import { duration, phasesText } from './text.js'
import type { Theme } from './theme.js'

const COLUMNS_MAX = 160

/** All that was counted in one column and bucket. */
interface Cell {
  fromSeconds: number
  toSeconds: number
  fromNs: number
  toNs: number
  count: number
}

export function latencyOverTimeChart(run: RunView, overTime: LatencyOverTime, theme: Theme): Chart {
  const cells = cellsOf(run, overTime)
  const steps = stepsOf(cells, theme.scale.length)
  const decades = decadesOf(
    cells.flatMap(({ fromNs, toNs }) => [fromNs, toNs]),
    { min: 3, max: 6 },
  )
  return drawOverTime(run, theme, {
    name: 'latency-over-time',
    title: 'latency of CoW faults over time',
    subtext: cells.length === 0 ? 'none was timed' : 'service time, all guests; colour: faults in a cell',
    text: textOf(run, overTime),
    panels: [
      {
        title: '',
        heightPx: PLOT_HEIGHT_PX,
        yAxis: { ...axis(theme, 'latency, logarithmic', 52, latencyLabel), ...ticksAt(decades) },
        series: (time) =>
          steps.map(({ name, from, to }, step) =>
            cellSeries(
              name,
              theme.scale[colourOf(step, steps.length, theme)]!,
              cells.filter(({ count }) => from <= count && count <= to),
              time,
              decades,
            ),
          ),
      },
    ],
    legend: (topPx) => ({
      legend: legend(
        theme,
        steps.toReversed().map(({ name }) => ({ name, icon: AREA_ICON })),
        { leftPx: LEGEND_LEFT_PX, topPx, charactersMax: 22 },
      ),
    }),
  })
}

/** Samples whose columns would be narrower than the narrowest one that can be told apart are added up. */
function cellsOf({ series: { timeSeconds } }: RunView, { bucketsNs, counts }: LatencyOverTime): Cell[] {
  const narrowestSeconds = (timeSeconds.at(-1) ?? 0) / COLUMNS_MAX
  const cells: Cell[] = []
  let fromSeconds = 0
  let sums = bucketsNs.map(() => 0)
  for (const [sample, toSeconds] of timeSeconds.entries()) {
    sums = sums.map((sum, bucket) => sum + (counts[sample]?.[bucket] ?? 0))
    const isLast = sample === timeSeconds.length - 1
    if (!isLast && toSeconds - fromSeconds < narrowestSeconds) continue
    for (const [bucket, count] of sums.entries()) {
      const fromNs = bucketsNs[bucket]!
      if (count > 0) cells.push({ fromSeconds, toSeconds, fromNs, toNs: bucketEndNs(fromNs), count })
    }
    fromSeconds = toSeconds
    sums = bucketsNs.map(() => 0)
  }
  return cells
}

function bucketEndNs(startNs: number): number {
  return bucketStartNs(latencyBucketOf(startNs) + 1)
}

interface Step {
  name: string
  from: number
  to: number
}

/** From 1 to the largest count, by factors of 3 and then 10; by tens alone where that would be too many. */
function stepsOf(cells: readonly Cell[], stepsMax: number): Step[] {
  const largest = cells.reduce((most, { count }) => Math.max(most, count), 0)
  const bounds = (factors: readonly number[]) => {
    const all = Array.from({ length: 16 }, (_, decade) => factors.map((factor) => factor * 10 ** decade))
    return all.flat().filter((bound) => bound <= largest)
  }
  const byHalves = bounds([1, 3])
  const starts = byHalves.length <= stepsMax ? byHalves : bounds([1]).slice(0, stepsMax)
  return starts.map((from, index) => {
    const next = starts[index + 1]
    const to = next === undefined ? Number.POSITIVE_INFINITY : next - 1
    return { name: nameOf(from, next === undefined ? largest : to), from, to }
  })
}

function nameOf(from: number, to: number): string {
  const [first, last] = [from, to].map((count) => count.toLocaleString('en-US'))
  return from === to ? `${first}` : `${first}–${last}`
}

/** Few steps are as far apart as many: from the one end of the scale to the other. */
function colourOf(step: number, steps: number, { scale }: Theme): number {
  return steps === 1 ? scale.length - 1 : Math.round((step * (scale.length - 1)) / (steps - 1))
}

/** Of a tooltip, in HTML: when, how long, how many. */
function cellText({ fromSeconds, toSeconds, fromNs, toNs, count }: Cell, time: Unit): string {
  const [from, to] = [fromSeconds, toSeconds].map((seconds) => (seconds / time.size).toFixed(2))
  const faults = count === 1 ? '1 fault' : `${count.toLocaleString('en-US')} faults`
  return `time ${from} to ${to} ${time.name}<br>${duration(fromNs)} to ${duration(toNs)}<br>${faults}`
}

/** Places of a cell's figures in the data of its series. */
const [FROM_TIME, TO_TIME, FROM_LATENCY, TO_LATENCY] = [0, 1, 2, 3]

function cellSeries(
  name: string,
  color: string,
  cells: readonly Cell[],
  time: Unit,
  decades: Decades,
): CustomSeriesOption {
  return {
    type: 'custom',
    name,
    clip: true,
    itemStyle: { color },
    dimensions: ['from', 'to', 'latency from', 'latency to', 'faults'],
    encode: { x: [FROM_TIME, TO_TIME], y: [FROM_LATENCY, TO_LATENCY] },
    tooltip: { formatter: ({ dataIndex }) => cellText(cells[dataIndex]!, time) },
    data: cells.map(({ fromSeconds, toSeconds, fromNs, toNs, count }) => [
      fromSeconds / time.size,
      toSeconds / time.size,
      decadeIn(decades, fromNs),
      decadeIn(decades, toNs),
      count,
    ]),
    renderItem: (_, { coord, value }) => {
      const [left, top] = coord([value(FROM_TIME), value(TO_LATENCY)]) as [number, number]
      const [right, bottom] = coord([value(TO_TIME), value(FROM_LATENCY)]) as [number, number]
      const shape = { x: left, y: top, width: right - left, height: bottom - top }
      return { type: 'rect', shape, style: { fill: color } }
    },
  }
}

function textOf(run: RunView, { bucketsNs, counts }: LatencyOverTime): string {
  const about = 'How long copy-on-write faults of all guests took, over time.'
  return phasesText(run, about, ({ first, last }) => {
    const sums = bucketsNs.map((_, bucket) => {
      const own = counts.slice(Math.max(0, first), last + 1)
      return own.reduce((sum, ofSample) => sum + ofSample[bucket]!, 0)
    })
    const all = sums.reduce((sum, count) => sum + count, 0)
    if (all === 0) return ['no fault']
    const within = (part: number) => {
      let below = 0
      const bucket = sums.findIndex((count) => {
        below += count
        return below >= part * all
      })
      return duration(bucketEndNs(bucketsNs[bucket]!))
    }
    const faults = all === 1 ? '1 fault' : `${all.toLocaleString('en-US')} faults`
    return [
      `${faults}, half of them below ${within(0.5)}, 99 % below ${within(0.99)}, all below ${within(1)}`,
    ]
  })
}

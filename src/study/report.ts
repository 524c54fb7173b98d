/** report.md: what was run and where, what it says of each response, and how to repeat it. */
import type { LatencyNs } from '../measure/histograms.js'
import { markdownTable } from '../report/markdown.js'
import type { Analysis, MeanFigure, ResponseAnalysis } from './analysis.js'
import { RESAMPLES } from './bootstrap.js'
import { figure, interval, nameWithUnit, percent } from './labels.js'
import { type Environment, STUDY_FILES } from './record.js'
import type { Factor, Study } from './study.js'

export interface StudyTexts {
  /** The tables alone, for a terminal. */
  answer: string
  /** All of report.md. */
  report: string
}

export function studyMarkdown(analysis: Analysis, study: Study, environment: Environment): StudyTexts {
  const { responses } = analysis
  const head = [
    `# ${study.name}`,
    ...(study.description === '' ? [] : [study.description]),
    stateOf(analysis),
  ]
  const notes = analysis.messages.map((message) => `Note: ${message}`)
  const answer = responses.map((response) => responseBlocks(response, study, []))
  const withFigures = responses.map((response) => responseBlocks(response, study, figuresOf(study, response)))
  return {
    answer: text([...head, ...notes, ...answer.flat()]),
    report: text([
      ...head,
      ...notes,
      ...whatWasRun(study, environment),
      ...withFigures.flat(),
      ...latencyBlocks(analysis, study),
      ...HOW_TO_READ,
      ...howToRepeat(study),
    ]),
  }
}

function text(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`
}

function stateOf({ state, runs }: Analysis): string {
  return state === 'complete'
    ? `Complete: ${runs.complete} runs.`
    : `Partial: ${runs.complete} of ${runs.planned} runs.`
}

function whatWasRun({ scenario, set, factors, replicates, seed }: Study, environment: Environment): string[] {
  const { twinpage, node, cpuModel, processors, platform, kernel } = environment
  const settings = Object.entries(set).map(([key, value]) => `\`${key}=${JSON.stringify(value)}\``)
  const cells = factors.reduce((product, { levels }) => product * levels.length, 1)
  return [
    '## What was run',
    `Scenario \`${scenario}\`${settings.length === 0 ? '' : ` with ${settings.join(', ')}`}; ${cells} cells, ` +
      `${replicates} replicates, seed ${seed}. Each replicate is a block: every cell once, in random order, all with ` +
      'the same seed of their own.',
    markdownTable([['factor', 'level', 'settings'], ...factors.flatMap(levelRows)], 3).join('\n'),
    `On ${processors} × ${cpuModel}, ${platform}, kernel ${kernel}, Node.js ${node}, twinpage ${twinpage}.`,
  ]
}

function levelRows({ name, unit, levels }: Factor): string[][] {
  return levels.map((level, index) => [
    index === 0 ? nameWithUnit(name, unit) : '',
    level.name,
    Object.entries(level.settings)
      .map(([key, value]) => `\`${key}=${JSON.stringify(value)}\``)
      .join(', ') || 'as the scenario has it',
  ])
}

function responseBlocks(
  response: ResponseAnalysis,
  { factors }: Study,
  figures: readonly string[],
): string[] {
  const names = factors.map(({ name }) => name)
  return [
    `## ${nameWithUnit(response.label, response.unit)}`,
    `\`${response.path}\``,
    'What explains its variance:',
    ...varianceBlocks(response),
    "How much a factor's level differs from its first one, over all levels of the others:",
    meansTable(response.differences, ['factor', 'from', 'to'], 'difference', ({ factor, from, to }) => [
      factor,
      from,
      to,
    ]),
    ...figures,
    'The mean of each cell:',
    meansTable(response.cells, names, 'mean', ({ levels }) => names.map((name) => levels[name]!)),
  ]
}

function varianceBlocks({ variance }: ResponseAnalysis): string[] {
  if (variance === null)
    return ['Too few complete replicates to say what explains its variance; two are needed.']
  if (variance.totalSumOfSquares === 0) return ['It was the same in all runs.']
  const rows = [
    ...variance.terms.map(({ interval: ends, ...share }) => ({ ...share, ends: interval(ends, percent) })),
    { name: 'replicates', ...variance.betweenReplicates, ends: '' },
    { name: 'residual', ...variance.residual, ends: '' },
  ].map(({ name, etaSquared, omegaSquared, ends, degreesOfFreedom, sumOfSquares }) => [
    name,
    percent(omegaSquared),
    ends,
    percent(etaSquared),
    String(degreesOfFreedom),
    figure(sumOfSquares),
  ])
  const head = ['share', 'ω²', '95 % interval', 'η²', 'df', 'sum of squares']
  return [
    markdownTable([head, ...rows]).join('\n'),
    ...(variance.residual.degreesOfFreedom === 0 ? [] : [`Of ${variance.replicates} complete replicates.`]),
  ]
}

function meansTable<Row extends MeanFigure>(
  rows: readonly Row[],
  columns: readonly string[],
  what: string,
  names: (row: Row) => string[],
): string {
  const head = [...columns, 'n', what, '95 % interval']
  const body = rows.map((row) => [...names(row), String(row.count), figure(row.mean), interval(row.interval)])
  return markdownTable([head, ...body], columns.length).join('\n')
}

function figuresOf({ factors }: Study, { name, label }: ResponseAnalysis): string[] {
  const has = { curve: factors.some(({ amounts }) => amounts !== undefined), interaction: factors.length > 1 }
  return Object.entries(has).flatMap(([kind, isThere]) =>
    isThere ? [`![${label}: ${kind}](${STUDY_FILES.figures}/${name}-${kind}.svg)`] : [],
  )
}

/** By level of each factor, in µs; nothing where no fault was timed. */
function latencyBlocks({ latencies }: Analysis, { factors }: Study): string[] {
  if (latencies.length === 0) return []
  return [
    '## Latency of CoW faults',
    'Of all guests in all complete runs at a level, together. *Service* is the time from the failed store to the finished ' +
      'one; *from intended* begins when the operation that the store belongs to was to begin, so it holds what the guest ' +
      'was late as well.',
    ...factors.flatMap(({ name, unit }) => {
      const own = latencies.filter(({ factor }) => factor === name)
      const rows = own.flatMap(({ phase, level, latencyNs, fromIntendedNs }) => [
        [phase, level, 'service', ...latencyCells(latencyNs)],
        ['', '', 'from intended', ...latencyCells(fromIntendedNs)],
      ])
      const head = ['phase', nameWithUnit(name, unit), 'time', 'faults', ...LATENCY_HEADS]
      return [
        `![Latency by ${name}](${STUDY_FILES.figures}/latency-${name}.svg)`,
        markdownTable([head, ...rows], 3).join('\n'),
      ]
    }),
  ]
}

const LATENCY_HEADS = ['p50, µs', 'p90, µs', 'p99, µs', 'p99.9, µs']

function latencyCells(latency: LatencyNs | null): string[] {
  if (latency === null) return ['0', ...LATENCY_HEADS.map(() => '-')]
  const { count, p50, p90, p99, p999 } = latency
  return [String(count), ...[p50, p90, p99, p999].map((ns) => figure(ns / 1000))]
}

const HOW_TO_READ = [
  '## How to read this',
  'η² is the part of all variance between runs that goes with a factor, an interaction, the replicates or the residual; ' +
    'the parts add up to 100 %. In few replicates it is too high, for chance alone adds to each part; ω² is the same ' +
    'without what chance is expected to add, and the interval is one of ω². A share depends on the levels that were ' +
    'chosen: a factor varied further explains more.',
  `Intervals hold 95 %; they are bootstrap intervals of ${RESAMPLES.toLocaleString('en-US')} resamples, made wider for few replicates as Student's t is. ` +
    'Differences are taken within replicates, where all cells have the same seed: that of two means may be certain ' +
    'though their own intervals overlap.',
]

function howToRepeat({ name, given, seed }: Study): string[] {
  return [
    '## How to repeat it',
    `\`twinpage study ${given} --out NEW\` makes the same runs in the same order; \`--seed\` other than ${seed}, others in ` +
      `another. The analysis alone: the same command without \`--out\`, where \`results/studies/${name}\` is. Every run's own ` +
      'results are in `runs/`, all of their responses in `runs.csv`.',
  ]
}

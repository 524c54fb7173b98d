/** analysis.json: what the runs of a study say of each response. Pure: runs in, figures out. */
import { Prng, seedOf } from '../random/prng.js'
import { Factorial, type Share, varianceTable } from './anova.js'
import { meanInterval, shareIntervals } from './bootstrap.js'
import { type Cell, levelName } from './design.js'
import type { LatencyFigure } from './latency.js'
import { type Interval, mean } from './statistics.js'
import type { Factor, Response, Study } from './study.js'

/** A complete run. */
export interface Observation {
  /** Index. */
  cell: number
  /** From 1. */
  replicate: number
  /** In the order of the study's responses; null: the run has no such value. */
  values: readonly (number | null)[]
}

export interface MeanFigure {
  /** Of how many replicates. */
  count: number
  /** Null: of none. */
  mean: number | null
  /** Null: of fewer than two. */
  interval: Interval | null
}

/** By factor, the level's name. */
export type LevelNames = Record<string, string>

export interface ShareFigure extends Share {
  /** `churn`, `churn × scanRate`, `higher interactions`. */
  name: string
  /** Of ω². */
  interval: Interval | null
}

export interface ResponseAnalysis extends Response {
  cells: (MeanFigure & { levels: LevelNames })[]
  /** Of each level of each factor, over all levels of the others. */
  levels: (MeanFigure & { factor: string; level: string })[]
  /** How much a level differs from its factor's first one, over all levels of the others, within replicates. */
  differences: (MeanFigure & { factor: string; from: string; to: string })[]
  /** Null: too few complete replicates. */
  variance: {
    /** Complete replicates: only those are analysed. */
    replicates: number
    terms: ShareFigure[]
    betweenReplicates: Share
    residual: Share
    totalSumOfSquares: number
  } | null
}

export interface Analysis {
  study: string
  description: string
  /** `partial`: runs are missing. */
  state: 'complete' | 'partial'
  runs: { planned: number; complete: number }
  /** What the reader must know, a line each. */
  messages: string[]
  responses: ResponseAnalysis[]
  /** Of CoW faults, by phase and by level of each factor. */
  latencies: LatencyFigure[]
}

/** The values of one response by cell and replicate, and means over any cells of theirs. */
export class ResponseValues {
  /** By cell, then by replicate, from 0. */
  private readonly values: (number | undefined)[][]

  constructor(
    private readonly study: Study,
    readonly cells: readonly Cell[],
    private readonly response: number,
    observations: readonly Observation[],
  ) {
    this.values = cells.map(() => new Array<undefined>(study.replicates).fill(undefined))
    for (const { cell, replicate, values } of observations)
      this.values[cell]![replicate - 1] = values[response] ?? undefined
  }

  /** The cells that have these levels of these factors; factors that are undefined may have any. */
  cellsAt(levels: readonly (number | undefined)[]): number[] {
    const isThere = (cell: Cell) =>
      levels.every((level, factor) => level === undefined || cell.levels[factor] === level)
    return this.cells.filter(isThere).map(({ index }) => index)
  }

  /** Over these cells, by the replicates that have a value in all of them. */
  meanOver(cells: readonly number[]): MeanFigure {
    return this.figure(['mean', ...cells], this.replicateMeans(cells).filter(isKnown))
  }

  /** How much the mean over some cells exceeds that over others, by the replicates that have all of both. */
  difference(cells: readonly number[], from: readonly number[]): MeanFigure {
    const before = this.replicateMeans(from)
    const differences = this.replicateMeans(cells).map((value, replicate) => {
      const other = before[replicate]
      return value === undefined || other === undefined ? undefined : value - other
    })
    return this.figure(['difference', ...cells, ...from], differences.filter(isKnown))
  }

  /** By cell, those of the replicates that have a value in every cell. */
  completeReplicates(): number[][] {
    const whole = this.replicateMeans(this.cells.map(({ index }) => index))
    return this.values.map((ofCell) =>
      ofCell.filter((_, replicate) => isKnown(whole[replicate])),
    ) as number[][]
  }

  random(...purpose: (string | number)[]): Prng {
    return new Prng(seedOf('bootstrap', this.study.seed, this.response, ...purpose))
  }

  /** By replicate; undefined where a value is missing. */
  private replicateMeans(cells: readonly number[]): (number | undefined)[] {
    return Array.from({ length: this.study.replicates }, (_, replicate) => {
      const values = cells.map((cell) => this.values[cell]![replicate]).filter(isKnown)
      return values.length < cells.length ? undefined : mean(values)
    })
  }

  private figure(purpose: (string | number)[], values: readonly number[]): MeanFigure {
    return {
      count: values.length,
      mean: values.length === 0 ? null : mean([...values]),
      interval: meanInterval(values, this.random(...purpose)) ?? null,
    }
  }
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined
}

/** @param values of each response */
export function analyse(
  study: Study,
  values: readonly ResponseValues[],
  runs: Analysis['runs'],
  messages: readonly string[],
  latencies: readonly LatencyFigure[],
): Analysis {
  return {
    study: study.name,
    description: study.description,
    state: runs.complete === runs.planned ? 'complete' : 'partial',
    runs,
    messages: [...messages],
    responses: study.responses.map((response, index) => analyseResponse(study, response, values[index]!)),
    latencies: [...latencies],
  }
}

function analyseResponse({ factors }: Study, response: Response, values: ResponseValues): ResponseAnalysis {
  return {
    ...response,
    cells: values.cells.map(({ index, levels }) => ({
      levels: namesOf(factors, levels),
      ...values.meanOver([index]),
    })),
    levels: atEachLevel(factors, (factor, level, at) => ({
      factor: factor.name,
      level: levelName(factor, level),
      ...values.meanOver(values.cellsAt(at(level))),
    })),
    differences: atEachLevel(factors, (factor, level, at) =>
      level === 0
        ? []
        : {
            factor: factor.name,
            from: levelName(factor, 0),
            to: levelName(factor, level),
            ...values.difference(values.cellsAt(at(level)), values.cellsAt(at(0))),
          },
    ),
    variance: varianceOf(factors, values),
  }
}

type LevelsAt = (level: number) => (number | undefined)[]

function atEachLevel<Figure>(
  factors: readonly Factor[],
  figureOf: (factor: Factor, level: number, at: LevelsAt) => Figure | [],
): Figure[] {
  return factors.flatMap((factor, place) => {
    const at: LevelsAt = (level) => factors.map((_, index) => (index === place ? level : undefined))
    return factor.levels.flatMap((_, level) => figureOf(factor, level, at))
  })
}

function namesOf(factors: readonly Factor[], levels: readonly number[]): LevelNames {
  return Object.fromEntries(factors.map((factor, index) => [factor.name, levelName(factor, levels[index]!)]))
}

function varianceOf(factors: readonly Factor[], values: ResponseValues): ResponseAnalysis['variance'] {
  const observations = values.completeReplicates()
  const replicates = observations[0]!.length
  if (replicates < 2) return null
  const factorial = new Factorial(factors.map(({ levels }) => levels.length))
  const table = varianceTable(factorial.terms, factorial.decompose(observations))
  const intervals =
    table.totalSumOfSquares === 0
      ? undefined
      : shareIntervals(factorial, observations, values.random('shares'))
  return {
    replicates,
    terms: factorial.terms.map((term, index) => ({
      name: termName(factors, term.factors),
      ...table.terms[index]!,
      interval: intervals?.[index] ?? null,
    })),
    betweenReplicates: table.replicates,
    residual: table.residual,
    totalSumOfSquares: table.totalSumOfSquares,
  }
}

function termName(factors: readonly Factor[], ofTerm: readonly number[]): string {
  return ofTerm.length === 0
    ? 'higher interactions'
    : ofTerm.map((factor) => factors[factor]!.name).join(' × ')
}

/**
 * The design of a study: a full factorial in randomised complete blocks. Each replicate is a block: all cells, once, in
 * an order of its own. What drifts on the machine, such as its temperature, so meets all cells alike, and a study that is
 * interrupted is balanced as far as it got.
 *
 * All runs of a replicate have the same seed (common random numbers): their guests make the same choices, and two cells
 * of a replicate differ by their levels, not by luck. Comparisons within replicates are the sharper for it.
 */
import { Prng, seedOf } from '../random/prng.js'
import { SEEDS_PER_STUDY } from './limits.js'
import type { Factor, Study } from './study.js'

/** One combination of levels. */
export interface Cell {
  /** From 0; the last factor varies fastest. */
  index: number
  /** Of each factor, by index. */
  levels: number[]
  /** `churn=high, scanRate=256`. */
  name: string
}

export interface StudyRun {
  /** From 1, in the order of the runs. */
  number: number
  /** From 1. */
  replicate: number
  /** Index. */
  cell: number
  seed: number
  /** Below the study's, with `/`. */
  directory: string
}

export function cellsOf({ factors }: Pick<Study, 'factors'>): Cell[] {
  const count = factors.reduce((product, { levels }) => product * levels.length, 1)
  return Array.from({ length: count }, (_, index) => {
    const levels = levelsOf(index, factors)
    const name = factors
      .map((factor, place) => `${factor.name}=${levelName(factor, levels[place]!)}`)
      .join(', ')
    return { index, levels, name }
  })
}

function levelsOf(cell: number, factors: readonly Factor[]): number[] {
  const levels: number[] = []
  let rest = cell
  for (const factor of factors.toReversed()) {
    const level = rest % factor.levels.length
    rest = (rest - level) / factor.levels.length
    levels.unshift(level)
  }
  return levels
}

export function levelName({ levels }: Factor, level: number): string {
  return levels[level]!.name
}

/** Of a replicate: it depends on nothing else, so more replicates can be added to a study that was run. */
export function seedOfReplicate(studySeed: number, replicate: number): number {
  return SEEDS_PER_STUDY * studySeed + replicate
}

/** All runs in their order, block after block. */
export function scheduleOf(study: Study, cells: readonly Cell[]): StudyRun[] {
  return Array.from({ length: study.replicates }, (_, index) => index + 1).flatMap((replicate) =>
    shuffled(cells, new Prng(seedOf('order of runs', study.seed, replicate))).map((cell, place) => {
      const number = (replicate - 1) * cells.length + place + 1
      const levels = study.factors.map((factor, index) => levelName(factor, cell.levels[index]!))
      return {
        number,
        replicate,
        cell: cell.index,
        seed: seedOfReplicate(study.seed, replicate),
        directory: `runs/${fileName([String(number).padStart(3, '0'), `r${replicate}`, ...levels])}`,
      }
    }),
  )
}

/** Fisher and Yates' shuffle. */
function shuffled<Item>(items: readonly Item[], random: Prng): Item[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.nextBelow(last + 1)
    ;[order[last], order[other]] = [order[other]!, order[last]!]
  }
  return order
}

const FILE_NAME_LETTERS_MAX = 100

function fileName(parts: readonly string[]): string {
  return parts
    .join('-')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .slice(0, FILE_NAME_LETTERS_MAX)
}

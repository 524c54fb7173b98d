/**
 * A figure beside its reference: both are measured in turn, round after round, so that what the machine does meanwhile
 * (its clock, its neighbours) hits both; who goes first alternates. Each round has a ratio of its own, and a figure's is
 * their median.
 */
import { median } from '../../src/validate/statistics.js'

/** One of the two that are compared. */
export interface Side<Result> {
  /** Rounds before the first that do not count: until code is compiled, and memory is there. */
  warmUps: number
  /** One round. It times what counts by itself, and makes ready for the next one outside of that. */
  measure: () => Result | Promise<Result>
}

export interface Pair<Ours, Theirs> {
  ours: Ours
  /** Undefined where there is no reference, or it is missing on this machine. */
  theirs: Theirs | undefined
}

export async function interleave<Ours, Theirs = never>(
  rounds: number,
  ours: Side<Ours>,
  theirs: Side<Theirs> | undefined,
): Promise<Pair<Ours, Theirs>[]> {
  for (let round = 0; round < ours.warmUps; round++) await ours.measure()
  for (let round = 0; theirs !== undefined && round < theirs.warmUps; round++) await theirs.measure()
  const pairs: Pair<Ours, Theirs>[] = []
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await ours.measure()
      pairs.push({ ours: first, theirs: await theirs?.measure() })
    } else {
      const first = await theirs?.measure()
      pairs.push({ ours: await ours.measure(), theirs: first })
    }
  }
  return pairs
}

export interface Round {
  value: number
  /** Null where there is no reference. */
  reference: number | null
}

/** What the bench finds out, as `--json` prints it. */
export interface Figure {
  name: string
  /** The median of the rounds. */
  value: number
  /** Of a rate (…/s) more is better; of anything else, less. */
  unit: string
  /** What it is compared with, in words; null where there is nothing, or it is missing on this machine. */
  reference: string | null
  referenceValue: number | null
  /** The median of the rounds' ratios. Above 1: we are ahead of the reference. */
  ratio: number | null
  rounds: Round[]
}

export function figureOf(
  name: string,
  unit: string,
  reference: string | null,
  pairs: readonly Pair<number, number>[],
): Figure {
  const rounds = pairs.map(({ ours, theirs }) => ({ value: ours, reference: theirs ?? null }))
  const references = rounds.flatMap((round) => round.reference ?? [])
  const isCompared = references.length > 0
  return {
    name,
    value: median(rounds.map(({ value }) => value)),
    unit,
    reference: isCompared ? reference : null,
    referenceValue: isCompared ? median(references) : null,
    ratio: isCompared ? median(ratiosOf({ unit, rounds })) : null,
    rounds,
  }
}

/** A part of what each round gave. */
export function partOf<Ours, Theirs>(
  pairs: readonly Pair<Ours, Theirs>[],
  part: (result: Ours | Theirs) => number,
): Pair<number, number>[] {
  return pairs.map(({ ours, theirs }) => ({
    ours: part(ours),
    theirs: theirs === undefined ? undefined : part(theirs),
  }))
}

/** Of the rounds that have a reference. */
export function ratiosOf({ unit, rounds }: Pick<Figure, 'unit' | 'rounds'>): number[] {
  const isRate = unit.endsWith('/s')
  return rounds.flatMap(({ value, reference }) => {
    if (reference === null) return []
    return [isRate ? value / reference : reference / value]
  })
}

const NS_PER_SECOND = 1e9

export function perSecond(count: number, elapsedNs: number): number {
  return (count * NS_PER_SECOND) / elapsedNs
}

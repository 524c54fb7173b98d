/**
 * Analysis of variance of a full factorial in complete blocks: what part of a response's variance goes with each factor,
 * with each pair of factors together, with the replicates (the blocks), and with nothing of these (the residual).
 *
 * Every observation is the sum of the grand mean, an effect of each term at its cell, the effect of its replicate, and a
 * residual. All are orthogonal in a balanced design, so their sums of squares add up to the total.
 */

/** Observations by cell (the last factor varies fastest), and within it by replicate; all of the same length. */
export type Observations = readonly ArrayLike<number>[]

export interface Term {
  /** Indices of its factors: one, or two for an interaction; empty: all higher interactions together. */
  factors: number[]
  degreesOfFreedom: number
}

/** The sum that each observation is. */
export interface Decomposition {
  grandMean: number
  /** Of each term, by cell. */
  effects: Float64Array[]
  /** By replicate. */
  replicateEffects: Float64Array
  /** By cell and replicate. */
  residuals: Float64Array[]
}

export interface Share {
  sumOfSquares: number
  degreesOfFreedom: number
  /** Its part of the total sum of squares (η²). All parts add up to 1. Null: the response did not vary. */
  etaSquared: number | null
  /**
   * The same without what chance alone is expected to add to it (ω²). Negative: it is less than chance would give. All
   * parts add up to 1. Null: unknown without a residual.
   */
  omegaSquared: number | null
}

export interface VarianceTable {
  terms: Share[]
  replicates: Share
  residual: Share
  totalSumOfSquares: number
}

/** Main effects, interactions of two factors, and, of three factors or more, the higher ones together. */
export function termsOf(levelCounts: readonly number[]): Term[] {
  const main = levelCounts.map((count, factor) => ({ factors: [factor], degreesOfFreedom: count - 1 }))
  const pairs = main.flatMap((one, index) =>
    main.slice(index + 1).map((other) => ({
      factors: [...one.factors, ...other.factors],
      degreesOfFreedom: one.degreesOfFreedom * other.degreesOfFreedom,
    })),
  )
  const terms = [...main, ...pairs]
  if (levelCounts.length < 3) return terms
  const cells = levelCounts.reduce((product, count) => product * count, 1)
  const used = terms.reduce((sum, { degreesOfFreedom }) => sum + degreesOfFreedom, 0)
  return [...terms, { factors: [], degreesOfFreedom: cells - 1 - used }]
}

/** A full factorial of factors with so many levels each. */
export class Factorial {
  readonly terms: readonly Term[]
  private readonly cells: number
  /** Of each term but the higher interactions: the group that a cell belongs to, and how many there are. */
  private readonly groups: { ofCell: Int32Array; count: number }[]

  constructor(private readonly levelCounts: readonly number[]) {
    this.terms = termsOf(levelCounts)
    this.cells = levelCounts.reduce((product, count) => product * count, 1)
    this.groups = this.terms.filter(({ factors }) => factors.length > 0).map((term) => this.groupsOf(term))
  }

  decompose(observations: Observations): Decomposition {
    const replicates = observations[0]!.length
    const cellMeans = new Float64Array(this.cells)
    const replicateMeans = new Float64Array(replicates)
    for (let cell = 0; cell < this.cells; cell++) {
      const values = observations[cell]!
      for (let replicate = 0; replicate < replicates; replicate++) {
        cellMeans[cell]! += values[replicate]! / replicates
        replicateMeans[replicate]! += values[replicate]! / this.cells
      }
    }
    const grandMean = cellMeans.reduce((sum, cellMean) => sum + cellMean, 0) / this.cells
    const residuals = observations.map((values, cell) => {
      const rest = new Float64Array(replicates)
      for (let replicate = 0; replicate < replicates; replicate++)
        rest[replicate] = values[replicate]! - cellMeans[cell]! - (replicateMeans[replicate]! - grandMean)
      return rest
    })
    return {
      grandMean,
      effects: this.effects(cellMeans, grandMean),
      replicateEffects: replicateMeans.map((replicateMean) => replicateMean - grandMean),
      residuals,
    }
  }

  /** Of each term at each cell: means over all other factors, less what terms of fewer factors explain. */
  private effects(cellMeans: Float64Array, grandMean: number): Float64Array[] {
    const effects: Float64Array[] = []
    const main: Float64Array[] = []
    const rest = cellMeans.map((cellMean) => cellMean - grandMean)
    for (const [index, { ofCell, count }] of this.groups.entries()) {
      const { factors } = this.terms[index]!
      const sums = new Float64Array(count)
      for (let cell = 0; cell < this.cells; cell++) sums[ofCell[cell]!]! += cellMeans[cell]!
      const size = this.cells / count
      const effect = new Float64Array(this.cells)
      for (let cell = 0; cell < this.cells; cell++) {
        let value = sums[ofCell[cell]!]! / size - grandMean
        if (factors.length === 2) value -= main[factors[0]!]![cell]! + main[factors[1]!]![cell]!
        effect[cell] = value
        rest[cell]! -= value
      }
      if (factors.length === 1) main.push(effect)
      effects.push(effect)
    }
    return this.terms.length > this.groups.length ? [...effects, rest] : effects
  }

  private groupsOf({ factors }: Term): { ofCell: Int32Array; count: number } {
    const strides = this.levelCounts.map((_, factor) =>
      this.levelCounts.slice(factor + 1).reduce((product, count) => product * count, 1),
    )
    const ofCell = Int32Array.from({ length: this.cells }, (_, cell) =>
      factors.reduce((group, factor) => {
        const count = this.levelCounts[factor]!
        return group * count + (Math.floor(cell / strides[factor]!) % count)
      }, 0),
    )
    return { ofCell, count: factors.reduce((product, factor) => product * this.levelCounts[factor]!, 1) }
  }
}

/** What arithmetic adds to equal observations, as a part of them: more than that is variance. */
const ROUNDING = 1e-13

/** @param terms those of the factorial that it was decomposed by */
export function varianceTable(
  terms: readonly Term[],
  { grandMean, effects, replicateEffects, residuals }: Decomposition,
): VarianceTable {
  const cells = residuals.length
  const replicates = replicateEffects.length
  const sums = effects.map((effect) => replicates * sumOfSquares(effect))
  const ofReplicates = cells * sumOfSquares(replicateEffects)
  const ofResidual = residuals.reduce((sum, values) => sum + sumOfSquares(values), 0)
  const sum = sums.reduce((sum, value) => sum + value, ofReplicates + ofResidual)
  const total = sum > cells * replicates * (ROUNDING * grandMean) ** 2 ? sum : 0
  const residualDegrees = (cells - 1) * (replicates - 1)
  const meanSquare = ofResidual / residualDegrees
  const share = (sumOfSquares: number, degreesOfFreedom: number, beyondChance: number): Share => ({
    sumOfSquares,
    degreesOfFreedom,
    etaSquared: total === 0 ? null : sumOfSquares / total,
    omegaSquared: total === 0 || residualDegrees === 0 ? null : beyondChance / (total + meanSquare),
  })
  const explained = (sumOfSquares: number, degreesOfFreedom: number) =>
    share(sumOfSquares, degreesOfFreedom, sumOfSquares - degreesOfFreedom * meanSquare)
  return {
    terms: terms.map(({ degreesOfFreedom }, index) => explained(sums[index]!, degreesOfFreedom)),
    replicates: explained(ofReplicates, replicates - 1),
    residual: share(ofResidual, residualDegrees, cells * replicates * meanSquare),
    totalSumOfSquares: total,
  }
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]! ** 2
  return sum
}

/** Figures over time: a value for each sample, null where it is not known. */

export type Values = readonly (number | null)[]

export function isKnown({ values }: { values: Values }): boolean {
  return values.some((value) => value !== null)
}

/** Known where all of them are: the host's kernel, for one, is not asked at every sample whose its shared pages are. */
export function summed(all: readonly Values[]): Values {
  return all[0]!.map((_, sample) =>
    all.reduce<number | null>((sum, values) => {
      const value = values[sample] ?? null
      return sum === null || value === null ? null : sum + value
    }, 0),
  )
}

export function scaled(values: Values, factor: number): Values {
  return values.map((value) => (value === null ? null : value * factor))
}

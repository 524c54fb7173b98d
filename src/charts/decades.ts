/** Logarithmic axes, in whole decades: values stand at their decimal logarithm. */

export interface Decades {
  min: number
  max: number
}

/** One decade at least, around all positive values; where there are none, `otherwise`. */
export function decadesOf(values: Iterable<number | null>, otherwise: Decades): Decades {
  let lowest = Number.POSITIVE_INFINITY
  let highest = 0
  for (const value of values) {
    if (value === null || value <= 0) continue
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  if (highest === 0) return otherwise
  const min = Math.floor(Math.log10(lowest))
  return { min, max: Math.max(min + 1, Math.ceil(Math.log10(highest))) }
}

/** What lies below the axis is drawn at its lower end. */
export function decadeIn({ min }: Decades, value: number): number {
  return Math.log10(Math.max(10 ** min, value))
}

/** A tick at each decade. */
export function ticksAt({ min, max }: Decades) {
  return { min, max, interval: 1 }
}

export const LATENCY_UNITS = ['ns', 'µs', 'ms', 's']

/** Of a latency: 1 µs, 10 µs, 100 µs, 1 ms … */
export function latencyLabel(decade: number): string {
  const unit = Math.min(LATENCY_UNITS.length - 1, Math.floor(decade / 3))
  return `${10 ** (decade - 3 * unit)} ${LATENCY_UNITS[unit]}`
}

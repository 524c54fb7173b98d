/** How names, units and figures of a study are written in its report and charts. */
import type { Interval } from './statistics.js'

export function nameWithUnit(name: string, unit: string): string {
  return unit === '' ? name : `${name} (${unit})`
}

/** Four significant digits. */
export function figure(value: number | null): string {
  if (value === null) return '-'
  // Without the sign that a small negative number leaves on 0.
  return (value + 0).toLocaleString('en-US', { maximumSignificantDigits: 4 }).replace(/^-0$/, '0')
}

export function interval(ends: Interval | null, format: (value: number) => string = figure): string {
  return ends === null ? '-' : `${format(ends[0])} to ${format(ends[1])}`
}

/** A share of the variance; what is less than chance would give is none. */
export function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * Math.max(0, share)).toFixed(1)} %`
}

/**
 * Sizes, durations, percentages and rates as text: `8GiB`, `90s`, `25%`, `1000/s`. Base units are kept
 * everywhere else (bytes, seconds, percent, operations per second); only this file knows the spelling.
 *
 * Parsing expects text that matches its pattern. Formatting gives text that parses to the same number.
 */

/** A part of a guest's memory: so many bytes at full size, or so many percent. */
export type Portion = { bytes: number } | { percent: number }

/** At most 6 decimals, so that no accepted number needs an exponent when it is printed again. */
const NUMBER = String.raw`\d{1,15}(?:\.\d{1,6})?`

const BYTES_OF = { TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 } as const
const MICROSECONDS_OF = { h: 3_600_000_000, min: 60_000_000, s: 1_000_000, ms: 1000 } as const

export const SIZE_TEXT = new RegExp(`^${NUMBER}(?:TiB|GiB|MiB|KiB|B)$`)
export const DURATION_TEXT = new RegExp(`^${NUMBER}(?:h|min|s|ms)$`)
export const PERCENTAGE_TEXT = new RegExp(`^${NUMBER}%$`)
export const RATE_TEXT = new RegExp(`^${NUMBER}/s$`)

function quantityOf<Unit extends string>(text: string, factors: Record<Unit, number>): number {
  const unit = text.replace(/^[\d.]+/, '') as Unit
  return Number.parseFloat(text) * factors[unit]
}

/** Whole bytes; a fraction of a byte is dropped. */
export function parseSize(text: string): number {
  return Math.floor(quantityOf(text, BYTES_OF))
}

/** In the largest unit that needs no more than two decimals. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of Object.entries(BYTES_OF)) {
    const hundredths = (bytes / factor) * 100
    if (bytes >= factor && Number.isInteger(hundredths)) return `${bytes / factor}${unit}`
  }
  return `${bytes}B`
}

/** Seconds, to the microsecond. */
export function parseDuration(text: string): number {
  return Math.round(quantityOf(text, MICROSECONDS_OF)) / 1e6
}

/** In whole minutes, else in seconds, or milliseconds below one second. */
export function formatDuration(seconds: number): string {
  const us = Math.round(seconds * 1e6)
  if (us === 0) return '0s'
  if (us % MICROSECONDS_OF.min === 0) return `${us / MICROSECONDS_OF.min}min`
  return us >= MICROSECONDS_OF.s ? `${us / MICROSECONDS_OF.s}s` : `${us / MICROSECONDS_OF.ms}ms`
}

/** Operations per second. */
export function parseRate(text: string): number {
  return Number.parseFloat(text)
}

export function formatRate(perSecond: number): string {
  return `${perSecond}/s`
}

export function parsePortion(text: string): Portion {
  return text.endsWith('%') ? { percent: Number.parseFloat(text) } : { bytes: parseSize(text) }
}

export function formatPortion(portion: Portion): string {
  return 'percent' in portion ? `${portion.percent}%` : formatSize(portion.bytes)
}

/** The size that the writer of `8GB`, `8G` or `8 gib` most likely meant, or undefined. */
export function binarySizeMeant(text: string): string | undefined {
  const [, number, prefix] = /^([\d.]+)\s*([KMGT])i?B?$/i.exec(text) ?? []
  const meant = `${number}${prefix?.toUpperCase()}iB`
  return SIZE_TEXT.test(meant) ? meant : undefined
}

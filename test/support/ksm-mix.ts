/**
 * Random memories for KSM, the same from the same seed on every machine: groups of identical pages of 1 to 1,000 pages,
 * within one guest or across all of them, zero pages, and pages like no other.
 */
import { Prng, seedOf } from '../../src/random/prng.js'
import type { KsmCase } from './ksm-cases.js'

/** Those that are played. */
export const MIX_SEEDS: readonly number[] = Array.from({ length: 20 }, (_, i) => i + 1)

const GUESTS_MAX = 6
const PAGES_MIN = 2000
const PAGES_MAX = 20_000
const ZERO_PAGES_MAX = 500
const GROUP_PAGES_MAX = 1000
const MAX_PAGE_SHARING = { min: 2, max: 256 }
const FULL_SCANS = { min: 2, max: 6 }

/** The mix of a seed: all its settings, one layout, and a number of full scans. */
export function ksmMix(seed: number): KsmCase {
  const prng = new Prng(seedOf('ksm mix', seed))
  const guestCount = between(prng, 1, GUESTS_MAX)
  const settings = {
    use_zero_pages: bit(prng),
    max_page_sharing: logUniform(prng, MAX_PAGE_SHARING.min, MAX_PAGE_SHARING.max),
    smart_scan: bit(prng),
  }
  const scan = between(prng, FULL_SCANS.min, FULL_SCANS.max)
  const pages = between(prng, PAGES_MIN, PAGES_MAX)
  const uniqueFraction = prng.nextFraction() / 2

  const guests: number[][] = Array.from({ length: guestCount }, () => [])
  let placed = 0
  let contents = 0
  const place = (content: number, count: number, guest: number | undefined) => {
    for (let i = 0; i < count; i++) guests[guest ?? prng.nextBelow(guestCount)]!.push(content)
    placed += count
  }
  place(0, prng.nextBelow(ZERO_PAGES_MAX + 1), undefined)
  for (let unique = Math.floor(pages * uniqueFraction); unique > 0; unique--) place(++contents, 1, undefined)
  while (placed < pages) {
    const group = Math.min(pages - placed, logUniform(prng, 1, GROUP_PAGES_MAX))
    place(++contents, group, bit(prng) === 1 ? prng.nextBelow(guestCount) : undefined)
  }
  for (const layout of guests) shuffle(prng, layout)
  return { name: `mix ${seed}`, settings, guests, steps: [{ scan }] }
}

/** A number that changes with any page of a layout: for noticing that a generator no longer makes what was recorded. */
export function layoutDigest(guests: KsmCase['guests']): number {
  return seedOf(...guests.flatMap((layout) => [layout.length, ...layout])) >>> 0
}

function between(prng: Prng, min: number, max: number): number {
  return min + prng.nextBelow(max - min + 1)
}

function bit(prng: Prng): 0 | 1 {
  return prng.nextInt32() < 0 ? 1 : 0
}

/** An integer whose logarithm is about uniform. */
function logUniform(prng: Prng, min: number, max: number): number {
  return Math.floor(min * ((max + 1) / min) ** prng.nextFraction())
}

/** Fisher and Yates. */
function shuffle(prng: Prng, layout: number[]): void {
  for (let last = layout.length - 1; last > 0; last--) {
    const other = prng.nextBelow(last + 1)
    ;[layout[last], layout[other]] = [layout[other]!, layout[last]!]
  }
}

/**
 * Stands in for src/sync/atomics.ts under the package-import condition `twinpage-mutant`: the same operations, but one
 * drop of a reference to a shared frame, the first of a frame that many pages share, is skipped. Its caller believes
 * that it was done.
 *
 *   TWINPAGE_MUTANT_FRAMES  frames of the host: tells the frame table, by its length, from other arrays
 *   TWINPAGE_MUTANT_CLAIM   a file that does not exist yet: the thread that makes it skips its drop, and writes the MPN
 */
import { writeFileSync } from 'node:fs'
import { FRAME_WORDS, STATE } from '../../src/machine/frames.js'
import { load, sub as soundSub } from '../../src/sync/atomics.js'

export * from '../../src/sync/atomics.js'

const frames = Number(process.env.TWINPAGE_MUTANT_FRAMES)
const claim = process.env.TWINPAGE_MUTANT_CLAIM ?? ''
/** So many references that pages are left at the end of a run that map the frame, and can be named. */
const MANY = 64
/** What a drop returns when another reference is left. */
const NOT_THE_LAST = 2

let isClaimed = false

export function sub(words: Int32Array, index: number, value: number): number {
  if (isClaimed || !isDrop(words, index)) return soundSub(words, index, value)
  isClaimed = true
  if (!isFirstOfAllThreads(index / FRAME_WORDS)) return soundSub(words, index, value)
  return NOT_THE_LAST
}

function isDrop(words: Int32Array, index: number): boolean {
  return words.length === frames * FRAME_WORDS && index % FRAME_WORDS === STATE && load(words, index) >= MANY
}

function isFirstOfAllThreads(mpn: number): boolean {
  try {
    writeFileSync(claim, String(mpn), { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

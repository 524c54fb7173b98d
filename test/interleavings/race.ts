/** What a race is: a small machine in some state, and two or three threads with a few operations each. */
import { mpnOf, SWAPPED_PTE } from '../../src/machine/pte.js'
import type { HostOptions, TestHost } from '../support/host.js'

export type Operation =
  /** A guest's, on its own pages. */
  | { do: 'store'; ppn: number; word: number; value: number }
  | { do: 'load'; ppn: number; word: number; expected: number }
  | { do: 'fill'; ppn: number; content: number }
  | { do: 'zero'; ppn: number }
  /** A scanner's, of its own pages: visits a page. Any visitor's: the same, but leaves no hint. */
  | { do: 'visit'; guest: number; ppn: number; leaveHint: boolean }
  /** That of policy `ksm`: begins another full scan; goes once over all pages to unmerge them. */
  | { do: 'begin full scan' }
  | { do: 'unmerge' }
  /** The reclaimer's: shares a page, unless the policy is `ksm`, or swaps it out; so with all of its cluster. */
  | { do: 'reclaim'; guest: number; ppn: number }
  /** Anyone's, of the allocator alone: takes a frame and holds it; gives back the one held longest. */
  | { do: 'take' }
  | { do: 'give' }

export interface Actor {
  /** Threads are numbered as in a run: guests first, then a scanner, then another scanner or the reclaimer. */
  thread: number
  program: Operation[]
}

export type Hashes = 'equal' | 'in one bucket'

export interface Race {
  /** As it is printed, and named to replay a schedule. */
  name: string
  /** Its row of the table of races in docs/protocol.md. */
  row: string
  host: HostOptions
  setUp: (host: TestHost) => void
  actors: Actor[]
  /**
   * `equal`: every page hashes to the same, so each look-up finds a page, and mostly the wrong one; `in one bucket`: every
   * entry is in the same chain of the share table.
   */
  hashes?: Hashes | undefined
  /** How many pages the reclaimer takes at once, beginning with a multiple of it; else one. */
  clusterPages?: number | undefined
  /** Explored again with each actor dying at each of its steps. */
  withDeaths?: boolean
}

export const store = (ppn: number, word: number, value: number): Operation => ({
  do: 'store',
  ppn,
  word,
  value,
})
export const load = (ppn: number, word: number, expected: number): Operation => ({
  do: 'load',
  ppn,
  word,
  expected,
})
export const fill = (ppn: number, content: number): Operation => ({ do: 'fill', ppn, content })
export const zero = (ppn: number): Operation => ({ do: 'zero', ppn })
export const visit = (guest: number, ppn: number): Operation => ({
  do: 'visit',
  guest,
  ppn,
  leaveHint: true,
})
export const visitInPassing = (guest: number, ppn: number): Operation => ({
  do: 'visit',
  guest,
  ppn,
  leaveHint: false,
})
export const beginFullScan: Operation = { do: 'begin full scan' }
export const unmerge: Operation = { do: 'unmerge' }
export const reclaim = (guest: number, ppn: number): Operation => ({ do: 'reclaim', guest, ppn })
export const take: Operation = { do: 'take' }
export const give: Operation = { do: 'give' }

export function guest(thread: number, ...program: Operation[]): Actor {
  return { thread, program }
}

/** Guests come first in the numbering of threads: these are right for a race with so many of them. */
export function hypervisor(guests: number) {
  return {
    scanner: (...program: Operation[]): Actor => ({ thread: guests, program }),
    /** Of which there is one in a race: the reclaimer, or a second scanner with pages of its own. */
    other: (...program: Operation[]): Actor => ({ thread: guests + 1, program }),
  }
}

/** Key of the bytes of a content, for `Mmu.fill`: its low half is the number itself. */
export const CONTENT_KEY_HIGH = 0x7477_696e

/** A guest's page holds a content. */
export function hold(host: TestHost, guest: number, ppn: number, content: number): void {
  host.guests[guest]!.mmu.fill(ppn, content, CONTENT_KEY_HIGH, content)
}

/** Takes a page out to the swap file. */
export function swapOut(host: TestHost, guest: number, ppn: number): void {
  const machine = host.reclaimerView
  const page = host.page(guest, ppn)
  const pte = host.pte(guest, ppn)
  machine.tryLock(page, pte)
  machine.swap!.gather(0, mpnOf(pte))
  machine.swap!.writeGathered(page, 1)
  machine.unlock(page, SWAPPED_PTE)
  machine.releasePrivate(mpnOf(pte))
}

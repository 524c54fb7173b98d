/**
 * The guests' memories on the host's kernel: each its own, of pages of 4 KiB that ksmd may merge. ksmd scans a process by
 * address, so guests of one size get their memories in the order of the addresses: the first guest the lowest.
 */

import {
  addressOf,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_UNMERGEABLE,
  madvise,
} from '../host/libc.js'
import { allocateMemory, type MachineMemory } from '../machine/memory.js'
import type { GuestPlan } from '../scenario/plan.js'

export interface GuestMemory {
  memory: MachineMemory
  /** Where each segment begins in the address space. */
  addresses: number[]
}

/**
 * In the order of the guests.
 * @throws ResourceError when the system does not give them
 */
export function allocateGuests(guests: readonly Pick<GuestPlan, 'pages' | 'share'>[]): GuestMemory[] {
  const byAddress = guests
    .map(({ pages }) => {
      const memory = allocateMemory(pages)
      return { memory, addresses: memory.segments.map(addressOf) }
    })
    .sort((a, b) => a.addresses[0]! - b.addresses[0]!)
  return guests.map(({ pages, share }) => {
    const lowest = byAddress.findIndex(({ memory }) => memory.frames === pages)
    const [guest] = byAddress.splice(lowest, 1)
    for (const segment of guest!.memory.segments) {
      madvise(segment, MADV_NOHUGEPAGE)
      // A child process would leave every page write-protected: each next store would fault.
      madvise(segment, MADV_DONTFORK)
      if (share) madvise(segment, MADV_MERGEABLE)
    }
    return guest!
  })
}

/** Gives the pages back to the system, whoever still holds the memories: ksmd is to have no more to do with them. */
export function releaseGuests(guests: readonly GuestMemory[]): void {
  for (const { memory } of guests) {
    for (const segment of memory.segments) {
      madvise(segment, MADV_DONTNEED)
      madvise(segment, MADV_UNMERGEABLE)
    }
  }
}

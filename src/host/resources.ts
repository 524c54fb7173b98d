/** Has this machine what a plan asks for? Asked before a run, so that it fails early and clearly. */
import { ResourceError } from '../errors.js'
import { FRAME_WORDS } from '../machine/frames.js'
import { PAGE_BYTES } from '../machine/layout.js'
import type { Plan } from '../scenario/plan.js'

/** PTE, tag and digest. */
const BYTES_PER_GUEST_PAGE = 12
/** Frame table entry, up to two bucket heads, and a share of the bitmap. */
const BYTES_PER_FRAME = FRAME_WORDS * 4 + 8 + 1
/** ksmd's rmap_item (ksm/counters.ts); page tables are small beside it. */
const BYTES_PER_RMAP_ITEM = 64
/** A worker thread with its heap, stack and histograms, roughly. */
const BYTES_PER_WORKER = 10 * 2 ** 20

/** @throws ResourceError */
export function checkResources(plan: Plan): void {
  const guestPages = guestPagesOf(plan)
  const isLab = plan.backend === 'lab'
  const workers = plan.engine === 'threads' ? plan.guests.length + (isLab ? plan.scanner.count + 1 : 0) : 0
  const memoryBytes = isLab
    ? plan.host.frames * (PAGE_BYTES + BYTES_PER_FRAME)
    : guestPages * (PAGE_BYTES + BYTES_PER_RMAP_ITEM)
  const neededBytes = memoryBytes + guestPages * BYTES_PER_GUEST_PAGE + workers * BYTES_PER_WORKER
  const freeBytes = process.availableMemory()
  if (neededBytes <= freeBytes) return
  throw new ResourceError(
    `the run needs ${mebibytes(neededBytes)} MiB of memory (host.memory ${mebibytes(plan.host.frames * PAGE_BYTES)} MiB, ` +
      `${plan.guests.length} guests), and this machine has ${mebibytes(freeBytes)} MiB free; a larger scale makes it smaller`,
  )
}

/** Does machine memory, as far as guests can use it, leave the system less than as much again, for its page cache? */
export function crowdsOutPageCache(plan: Plan): boolean {
  return Math.min(plan.host.frames, guestPagesOf(plan)) * PAGE_BYTES > process.availableMemory() / 2
}

function guestPagesOf({ guests }: Plan): number {
  return guests.reduce((sum, { pages }) => sum + pages, 0)
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}

/** What must be true of a quiet machine after a round of stress. */
import { auditMachine } from '../../src/machine/audit.js'
import { PRESENT, SHARED, SWAPPED } from '../../src/machine/pte.js'
import type { GuestReport } from './stress.js'
import type { StressCounts } from './stress-counts.js'
import type { StressMachine } from './stress-machine.js'
import type { StressSetting } from './stress-settings.js'

/** What the audit finds, and free frames that somebody wrote to. */
export function auditFindings(machine: StressMachine, { pagesPerGuest }: StressSetting): string[] {
  const { findings, violations, leakedFrames } = auditMachine(machine.handle.machine, (page) => {
    return `guest g${Math.floor(page / pagesPerGuest)} PPN ${page % pagesPerGuest}`
  })
  const spoiled = machine.spoiledFrames().map((mpn) => `MPN ${mpn} is free and was written to`)
  const total = `audit: ${violations} violations, ${leakedFrames} leaked frames`
  return violations + leakedFrames > 0 ? [total, ...findings, ...spoiled] : spoiled
}

/** Pages that do not hold what their guest last wrote, or were not looked at. */
export function verificationFindings(
  guests: readonly GuestReport[],
  { pagesPerGuest }: StressSetting,
): string[] {
  return guests.flatMap(({ verification: { pagesVerified, mismatches, findings } }, guest) => {
    const total = `guest g${guest}: ${mismatches} mismatches in ${pagesVerified} of ${pagesPerGuest} pages`
    return mismatches > 0 || pagesVerified !== pagesPerGuest ? [total, ...findings] : []
  })
}

/** Counts that contradict each other, the PTEs, or the guests' own accounts. */
export function inconsistencies(
  { handle }: StressMachine,
  guests: readonly GuestReport[],
  counts: StressCounts,
): string[] {
  const pagesThatAre = (flag: number) =>
    handle.machine.ptes.reduce((pages, pte) => pages + ((pte & flag) === 0 ? 0 : 1), 0)
  const swapped = pagesThatAre(SWAPPED)
  const sum = (of: (guest: GuestReport) => number) => guests.reduce((total, guest) => total + of(guest), 0)
  const truths: [string, boolean][] = [
    ['swapped pages = swap-outs − swap-ins', swapped === counts.swapOuts - counts.swapIns],
    [
      'present pages = first touches − swapped pages',
      pagesThatAre(PRESENT) === counts.firstTouches - swapped,
    ],
    ['shared pages + CoW faults ≥ merges', pagesThatAre(SHARED) + counts.cowFaults >= counts.merges],
    ['words counted as stored = words stored', counts.stores === sum((guest) => guest.wordsStored)],
    ['words counted as loaded = words loaded', counts.loads === sum((guest) => guest.wordsLoaded)],
    ['stalls ≥ accesses given up', counts.stalls >= sum((guest) => guest.accessesGivenUp)],
  ]
  return truths.filter(([, holds]) => !holds).map(([truth]) => `expected ${truth}: ${JSON.stringify(counts)}`)
}

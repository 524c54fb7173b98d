/** What must be true of a quiet machine after a round of stress. */
import { ksmCountersOf } from '../../src/ksm/sample.js'
import { auditMachine } from '../../src/machine/audit.js'
import { mpnOf, PRESENT, SHARED, SWAPPED } from '../../src/machine/pte.js'
import { counterRow, KSM, KSM_STAT } from '../../src/measure/counters.js'
import type { GuestReport } from './stress.js'
import type { StressCounts } from './stress-counts.js'
import type { StressMachine } from './stress-machine.js'
import { GUESTS, KSMD, type StressSetting } from './stress-settings.js'

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
  { ksm }: StressSetting,
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
    [
      'shared pages + CoW faults ≥ merges, where nothing is unmerged',
      ksm !== undefined || pagesThatAre(SHARED) + counts.cowFaults >= counts.merges,
    ],
    ['words counted as stored = words stored', counts.stores === sum((guest) => guest.wordsStored)],
    ['words counted as loaded = words loaded', counts.loads === sum((guest) => guest.wordsLoaded)],
    ['stalls ≥ accesses given up', counts.stalls >= sum((guest) => guest.accessesGivenUp)],
  ]
  return truths.filter(([, holds]) => !holds).map(([truth]) => `expected ${truth}: ${JSON.stringify(counts)}`)
}

/** What ksmd counted of a machine that is quiet by now, while its guests stored: its account is late, but never short. */
export function ksmInconsistencies({ handle }: StressMachine, counters: Float64Array): string[] {
  const row = counterRow(counters, KSMD)
  const counted = ksmCountersOf(row, handle.machine)
  const zeroFrame = row[KSM.zeroFrame]! - 1
  const shared = handle.machine.ptes.filter((pte) => (pte & SHARED) !== 0)
  const zeroPages = shared.filter((pte) => mpnOf(pte) === zeroFrame).length
  const sumOfGuests = (field: number) => {
    const rows = Array.from({ length: GUESTS }, (_, guest) => counterRow(counters, guest))
    return rows.reduce((sum, guestRow) => sum + guestRow[field]!, 0)
  }
  const { pages_shared, pages_sharing, pages_unshared, ksm_zero_pages } = counted
  const merging = pages_shared + pages_sharing
  const truths: [string, boolean][] = [
    ['ksm_zero_pages = pages that map the zero page', ksm_zero_pages === zeroPages],
    ['pages_shared + pages_sharing ≥ pages that share', merging >= shared.length - zeroPages],
    ['items ≥ those in the trees', row[KSM.rmapItems]! >= merging + pages_unshared],
    ['items = those of the guests', row[KSM.rmapItems] === sumOfGuests(KSM_STAT.ksm_rmap_items)],
    ['merging pages = those of the guests', merging === sumOfGuests(KSM_STAT.ksm_merging_pages)],
  ]
  return truths
    .filter(([, holds]) => !holds)
    .map(([truth]) => `expected ${truth}: ${JSON.stringify(counted)}`)
}

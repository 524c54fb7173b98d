/**
 * timeseries.csv: a line for each sample. Pages are pages of the scaled memory; everything from `scannedPages`
 * to `scannerWaitingSeconds`, and all of processors and threads, counts up from the start of the run. What does not exist is
 * an empty field.
 */

import type { GuestSample, HostSample, KsmSample, Sample, ThreadSample } from '../experiment/outcome.js'
import { REASONS } from '../experiment/reasons.js'
import type { Plan } from '../scenario/plan.js'

/** The columns before those of the guests: name and value. */
const COLUMNS: readonly (readonly [string, (sample: Sample) => string | number | undefined])[] = [
  ['timeSeconds', (sample) => decimals3(sample.timeSeconds)],
  ['phase', (sample) => quoted(sample.phase)],
  ['snapshot', (sample) => sample.snapshot],
  ['sharedPages', (sample) => sample.sharedPages],
  ['sharedCommonPages', (sample) => sample.sharedCommonPages],
  ['savedPages', (sample) => sample.savedPages],
  ['zeroPages', (sample) => sample.zeroPages],
  ['swappedPages', (sample) => sample.swappedPages],
  ['opportunityPages', (sample) => sample.opportunityPages],
  ['footprintPages', (sample) => sample.footprintPages],
  ['presentPages', (sample) => sample.presentPages],
  ['captureRatio', (sample) => captureRatio(sample)],
  ...REASONS.map(
    (reason) => [`notShared.${reason}Pages`, (sample: Sample) => sample.notShared?.[reason]] as const,
  ),
  ['brokenPages', (sample) => sample.brokenPages],
  ['scannedPages', (sample) => sample.scan.pagesScanned],
  ['pagesAsked', (sample) => optional(sample.scan.pagesAsked)],
  ['pagesHashed', (sample) => sample.scan.pagesHashed],
  ['pagesCompared', (sample) => sample.scan.pagesCompared],
  ['merges', (sample) => sample.scan.merges],
  ['staleHints', (sample) => sample.scan.staleHints],
  ['falseMatches', (sample) => sample.scan.falseMatches],
  ['lockFailures', (sample) => sample.scan.lockFailures],
  ['passes', (sample) => sample.scan.passes],
  ['cowFaults', (sample) => sample.cowFaults],
  ['swapOuts', (sample) => sample.swapOuts],
  ['swapIns', (sample) => sample.swapIns],
  ['reclaimMerges', (sample) => sample.reclaimMerges],
  ['stores', (sample) => sample.stores],
  ['scannerCpuSeconds', (sample) => optional(sample.scan.cpuSeconds)],
  ['scannerWaitingSeconds', (sample) => optional(sample.scan.waitingSeconds)],
]

/** After those: each for all guests, as NAME.GUEST. */
const GUEST_COLUMNS: readonly (readonly [string, (guest: GuestSample) => number | undefined])[] = [
  ['sharedPages', (guest) => guest.sharedPages],
  ['savedPages', (guest) => optional(guest.savedPages)],
  ['zeroPages', (guest) => guest.zeroPages],
  ['cowHintPages', (guest) => guest.cowHintPages],
]

/**
 * Under policy `ksm`, after those of the guests, by the kernel's names. pages_scanned, pages_skipped and cow_ksm count from
 * the start of the run; full_scans from the last unmerge; the others are as they are.
 */
const KSM_COLUMNS: readonly (keyof KsmSample)[] = [
  'pages_shared',
  'pages_sharing',
  'pages_unshared',
  'pages_volatile',
  'pages_scanned',
  'pages_skipped',
  'full_scans',
  'ksm_zero_pages',
  'general_profit',
  'pages_to_scan',
  'cow_ksm',
]

/** Last, where the run has threads of the system: of the processors that it may use, of the whole host, of each thread. */
const HOST_COLUMNS: readonly (readonly [string, (host: HostSample) => number])[] = [
  ['runBusySeconds', ({ run }) => run.busy],
  ['runIdleSeconds', ({ run }) => run.idle],
  ['runStolenSeconds', ({ run }) => run.stolen],
  ['hostBusySeconds', ({ whole }) => whole.busy],
  ['hostIdleSeconds', ({ whole }) => whole.idle],
  ['hostStolenSeconds', ({ whole }) => whole.stolen],
]
const THREAD_COLUMNS: readonly (keyof ThreadSample)[] = [
  'cpuSeconds',
  'waitingSeconds',
  'asleepSeconds',
  'slices',
  'voluntarySwitches',
  'involuntarySwitches',
]

/**
 * @param guests names in the order of `Sample.guests`
 * @param threads names in the order of `Sample.threads`; none in a run without
 */
export function timeSeriesHeader(
  guests: readonly string[],
  policy: Plan['scanner']['policy'],
  threads: readonly string[],
): string {
  const names = COLUMNS.map(([name]) => name)
  const ksm = policy === 'ksm' ? KSM_COLUMNS.map((name) => `ksm.${name}`) : []
  const host = threads.length > 0 ? HOST_COLUMNS.map(([name]) => name) : []
  const ofThreads = threads.flatMap((thread) => THREAD_COLUMNS.map((name) => quoted(`${name}.${thread}`)))
  const ofGuests = GUEST_COLUMNS.flatMap(([name]) => guests.map((guest) => quoted(`${name}.${guest}`)))
  return csvLine([...names, ...ofGuests, ...ksm, ...host, ...ofThreads])
}

export function timeSeriesLine(sample: Sample): string {
  const values = COLUMNS.map(([, value]) => value(sample) ?? '')
  const { ksm, guests } = sample
  const ksmValues = ksm === undefined ? [] : KSM_COLUMNS.map((name) => ksm[name] ?? '')
  return csvLine([
    ...values,
    ...GUEST_COLUMNS.flatMap(([, value]) => guests.map((guest) => value(guest) ?? '')),
    ...ksmValues,
    ...accountValues(sample),
  ])
}

function accountValues({ threads, host }: Sample): (string | number)[] {
  if (threads === undefined) return []
  return [
    ...HOST_COLUMNS.map(([, value]) => (host === undefined ? '' : decimals3(value(host)))),
    ...threads.flatMap((thread) =>
      THREAD_COLUMNS.map((name) => (thread === undefined ? '' : decimals3(thread[name]))),
    ),
  ]
}

/** A line of CSV. */
export function csvLine(fields: readonly (string | number)[]): string {
  return `${fields.join(',')}\n`
}

/** At most three decimals, and no trailing zeros. */
export function decimals3(value: number): number {
  return Number(value.toFixed(3))
}

/** Empty when nothing could be saved. */
function captureRatio({ savedPages, opportunityPages }: Sample): number | undefined {
  return opportunityPages === 0 ? undefined : Number((savedPages / opportunityPages).toFixed(4))
}

function optional(value: number | undefined): number | undefined {
  return value === undefined ? undefined : decimals3(value)
}

/** RFC 4180: a field with a comma, quote or line break stands in quotes. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A plan cut into the tasks of its actors: the guests, and in the lab then the scanners, then the reclaimer. */
import { guestTraceOf } from '../guest/guest-trace.js'
import { readTrace } from '../guest/trace.js'
import type { MachineHandle } from '../machine/machine.js'
import type { Plan } from '../scenario/plan.js'
import { createScanHands } from '../sharing/scan-hands.js'
import type {
  GuestBacking,
  GuestPages,
  GuestTask,
  ReclaimerTask,
  ScannerTask,
  WorkerTask,
} from './messages.js'

/** What all actors have in common. */
export type Shared = Omit<WorkerTask, 'thread'>

export interface Tasks {
  guests: GuestTask[]
  /** Where the lab is the hypervisor. */
  hypervisor: HypervisorTasks | undefined
}

export interface HypervisorTasks {
  scanners: ScannerTask[]
  reclaimer: ReclaimerTask
}

/** @param enoughFrames how many available frames the reclaimer works for */
export function hypervisorTasks(
  plan: Plan,
  shared: Shared,
  machine: MachineHandle,
  enoughFrames: number,
): HypervisorTasks {
  const { seed, host, scanner, phases } = plan
  const hypervisor = { ...shared, machine, plan: { seed, host, scanner, phases }, guests: pagesOf(plan) }
  const firstScanner = plan.guests.length
  const scanHands = createScanHands(scanner.count * plan.guests.length)
  return {
    scanners: Array.from({ length: scanner.count }, (_, index) => ({
      ...hypervisor,
      thread: firstScanner + index,
      index,
      scanHands,
    })),
    reclaimer: { ...hypervisor, thread: firstScanner + scanner.count, enoughFrames },
  }
}

/** What messages call a scanner. */
export function scannerName({ index, plan }: ScannerTask): string {
  const { count } = plan.scanner
  return count === 1 ? 'the scanner' : `scanner ${index + 1} of ${count}`
}

/** @param backingOf what the memory of the guest of that index lies in */
export function guestTasks(
  plan: Plan,
  shared: Shared,
  backingOf: (guest: number) => GuestBacking,
): GuestTask[] {
  const guestPages = pagesOf(plan)
  const trace = plan.trace === undefined ? undefined : readTrace(plan.trace.file)
  const phases = plan.phases.map(({ name, seconds, ends }) => ({
    name,
    seconds,
    endsByTime: ends.when === 'time',
  }))
  return plan.guests.map((guestPlan, guest) => ({
    ...shared,
    backing: backingOf(guest),
    thread: guest,
    guest,
    plan: guestPlan,
    firstPage: guestPages[guest]!.firstPage,
    seed: plan.seed,
    phases,
    scaleTime: plan.scale.time,
    stallLimitSeconds: plan.host.stallLimitSeconds,
    trace: trace && guestTraceOf(trace, guestPlan.traceGuest!),
  }))
}

function pagesOf(plan: Plan): GuestPages[] {
  let firstPage = 0
  return plan.guests.map(({ pages, share, salt }) => {
    const guest = { firstPage, pages, share, salt }
    firstPage += pages
    return guest
  })
}

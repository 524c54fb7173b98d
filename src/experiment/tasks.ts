/** A plan cut into the tasks of its actors: the guests, and in the lab then the scanner, then the reclaimer. */
import { guestTraceOf } from '../guest/guest-trace.js'
import { readTrace } from '../guest/trace.js'
import type { MachineHandle } from '../machine/machine.js'
import type { Plan } from '../scenario/plan.js'
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
  scanner: ScannerTask
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
  return {
    scanner: { ...hypervisor, thread: plan.guests.length },
    reclaimer: { ...hypervisor, thread: plan.guests.length + 1, enoughFrames },
  }
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

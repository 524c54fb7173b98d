/**
 * Backend `linux-ksm`: the guests' memories are this process's, the kernel's KSM merges them, and the processor's MMU guards
 * them. There is no machine of ours, so no frames to run out of, no swap file, and nothing but the pages to verify.
 */
import { compileKernels } from '../kernels/kernels.js'
import { allocateGuests, type GuestMemory, releaseGuests } from '../linux/guest-memories.js'
import { requireKsm } from '../linux/ksm-available.js'
import { findKsmd } from '../linux/ksmd.js'
import { KsmdScan } from '../linux/ksmd-scan.js'
import { openPageFaultEvents } from '../linux/page-fault-events.js'
import { type KsmTakeOver, putBack, restoreAtExit, takeOverKsm } from '../linux/take-over.js'
import { measureClockCostNs } from '../measure/clock.js'
import { createCounters } from '../measure/counters.js'
import type { KsmPlan, Plan } from '../scenario/plan.js'
import { Control, createControl } from '../sync/control.js'
import type { Backend } from './backend.js'
import type { Engine } from './engine.js'
import type { HostControl } from './host-control.js'
import { LinuxSampler } from './linux-sampler.js'
import type { RunOutcome } from './run.js'
import { RunAccounts } from './run-accounts.js'
import { guestTasks } from './tasks.js'
import { Workers } from './workers.js'

/** PTE word, tag and digest; what the kernel needs for a page stands in its own account, general_profit. */
const METADATA_BYTES_PER_PAGE = 12

/**
 * Runs on the kernel, whose settings are put back at every end that a process can see.
 * @throws ResourceError when it is not to be had; then nothing has changed
 */
export async function onLinuxKsm(
  plan: Plan,
  host: HostControl,
  run: (backend: Backend) => Promise<RunOutcome>,
): Promise<RunOutcome> {
  const { scanner } = plan
  if (scanner.policy !== 'ksm') throw new Error('the scanner of linux-ksm is ksmd')
  requireKsm()
  openPageFaultEvents().close()
  const ksm = takeOverKsm({ ...scanner.fixed, ...scanner.rates[0]!, run: 0 })
  const stopWatching = restoreAtExit(ksm)
  try {
    refuseUnknownRates(ksm, scanner)
    await host.applyToScanner(ksm.schedule)
    const outcome = await withMemories(plan, (memories) => run(new LinuxKsm(plan, scanner, memories, ksm)))
    return { ...outcome, messages: [...outcome.messages, ...putBack(ksm)] }
  } finally {
    putBack(ksm)
    stopWatching()
  }
}

async function withMemories<Result>(
  { guests }: Plan,
  use: (memories: readonly GuestMemory[]) => Promise<Result>,
): Promise<Result> {
  const memories = allocateGuests(guests)
  try {
    return await use(memories)
  } finally {
    releaseGuests(memories)
  }
}

/** A kernel that is too old for a setting of some phase is to say so before the first. */
function refuseUnknownRates(ksm: KsmTakeOver, { rates }: KsmPlan): void {
  for (const { run: _run, ...settings } of rates) ksm.set(settings)
}

class LinuxKsm implements Backend {
  readonly control: Control
  readonly engine: Engine
  readonly sampler: LinuxSampler
  readonly accounts: RunAccounts
  readonly scan: KsmdScan
  readonly clockCostNs = measureClockCostNs()
  readonly memory = { metadataBytesPerPage: METADATA_BYTES_PER_PAGE, swapIsDirect: null }

  constructor(plan: Plan, { rates }: KsmPlan, memories: readonly GuestMemory[], ksm: KsmTakeOver) {
    const guests = plan.guests.length
    const pages = plan.guests.reduce((sum, guest) => sum + guest.pages, 0)
    const control = createControl(guests, guests, plan.phases.length)
    const counters = createCounters(guests)
    const kernels = compileKernels()
    const ptes = new Int32Array(new SharedArrayBuffer(pages * 4))
    const tags = new Int32Array(new SharedArrayBuffer(pages * 4))
    this.control = new Control(control)
    this.engine = new Workers(plan, this.control, () => ({
      guests: guestTasks(plan, { control, counters }, (guest) => ({
        backend: 'linux-ksm',
        memory: { ...memories[guest]!, kernels, ptes, tags },
      })),
      hypervisor: undefined,
    }))
    this.scan = new KsmdScan(ksm, rates)
    this.accounts = new RunAccounts(this.control, { pid: findKsmd() })
    this.sampler = new LinuxSampler(plan, { ptes, tags }, memories, counters, this.scan, this.accounts)
  }

  /** The frames are the kernel's: nothing is known of them. */
  audit() {
    return { leakedFrames: null, violations: null, findings: [] }
  }
}

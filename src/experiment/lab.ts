/** Backend `lab`: a machine of our own, with its scanners, reclaimer and swap file, in threads or stepped. */
import { crowdsOutPageCache } from '../host/resources.js'
import { compileKernels } from '../kernels/kernels.js'
import { RMAP_BYTES } from '../ksm/rmap-items.js'
import { NODE_BYTES } from '../ksm/unstable-tree.js'
import { type AuditReport, auditMachine } from '../machine/audit.js'
import { createMachine, type MachineHandle, metadataBytesPerPage } from '../machine/machine.js'
import { closeSwapFile, type OpenSwapFile, openSwapFile } from '../machine/swap.js'
import { measureClockCostNs } from '../measure/clock.js'
import { createCounters } from '../measure/counters.js'
import type { Plan } from '../scenario/plan.js'
import { Control, createControl } from '../sync/control.js'
import type { Backend } from './backend.js'
import type { Engine } from './engine.js'
import { LabSampler } from './lab-sampler.js'
import { LabScan } from './lab-scan.js'
import type { Summary } from './outcome.js'
import type { RunOptions, RunOutcome } from './run.js'
import { type Accounts, NO_ACCOUNTS, RunAccounts } from './run-accounts.js'
import { Stepped } from './stepped.js'
import { guestTasks, hypervisorTasks } from './tasks.js'
import { Workers } from './workers.js'

/** Frames that a thread may hold beside those that pages are mapped to: its reserve, and one that it is filling. */
const FRAMES_IN_FLIGHT = 16

/** Runs on a lab that is there for as long as that takes. */
export async function onLab(
  plan: Plan,
  options: RunOptions,
  run: (backend: Backend) => Promise<RunOutcome>,
): Promise<RunOutcome> {
  if (!plan.host.swap.enabled) return run(new Lab(plan, options, undefined))
  const swapFile = openSwapFile(options.swapDirectory, crowdsOutPageCache(plan))
  try {
    return await run(new Lab(plan, options, swapFile))
  } finally {
    closeSwapFile(swapFile.fd)
  }
}

class Lab implements Backend {
  readonly control: Control
  readonly engine: Engine
  readonly sampler: LabSampler
  readonly accounts: Accounts
  readonly scan: LabScan
  readonly clockCostNs: number | null
  readonly memory: Summary['memory']
  private readonly machine: MachineHandle

  constructor(
    private readonly plan: Plan,
    private readonly options: RunOptions,
    swapFile: OpenSwapFile | undefined,
  ) {
    const threads = plan.guests.length + plan.scanner.count + 1
    const guestPages = plan.guests.reduce((sum, guest) => sum + guest.pages, 0)
    const { swap } = plan.host
    // Frames beyond what the guests can ever use stay free for sure: they need no tables, and count in the percentages.
    const frames = Math.min(plan.host.frames, guestPages + threads * FRAMES_IN_FLIGHT)
    const spareFrames = plan.host.frames - frames
    const freeFrames = (percent: number) =>
      Math.max(0, Math.ceil((plan.host.frames * percent) / 100) - spareFrames)
    const lowFrames = freeFrames(swap.startFreePercent)
    const machine = createMachine({ frames, guestPages, threads, lowFrames }, compileKernels(), swapFile?.fd)
    const control = createControl(plan.guests.length, threads, plan.phases.length)
    const counters = createCounters(threads)
    this.machine = machine
    this.control = new Control(control)
    const shared = { control, counters }
    const guests = () => guestTasks(plan, shared, () => ({ backend: 'lab', machine }))
    const hypervisor = hypervisorTasks(plan, shared, machine, freeFrames(swap.stopFreePercent))
    const isThreaded = plan.engine === 'threads'
    this.accounts = isThreaded ? new RunAccounts(this.control) : NO_ACCOUNTS
    this.scan = new LabScan(hypervisor.scanners)
    const { scanners } = hypervisor
    const phaseNs = (phase: number) => this.engine.nowNs() - this.control.phaseStartNs(phase)
    this.sampler = new LabSampler(plan, machine, counters, this.scan, this.accounts, scanners, phaseNs)
    this.engine = isThreaded
      ? new Workers(plan, this.control, () => ({ guests: guests(), hypervisor }))
      : new Stepped(plan, guests(), hypervisor)
    this.clockCostNs = isThreaded ? measureClockCostNs() : null
    const ofKsm = plan.scanner.policy === 'ksm' ? ksmBytes(guestPages, frames) / guestPages : 0
    this.memory = {
      metadataBytesPerPage: metadataBytesPerPage(machine) + ofKsm,
      swapIsDirect: swapFile?.isDirect ?? null,
    }
  }

  beforeVerify(): void {
    this.options.beforeVerify?.(this.machine)
  }

  audit(): AuditReport {
    const { guests } = this.plan
    const nameOf = (page: number) => {
      let ppn = page
      let guest = 0
      while (ppn >= guests[guest]!.pages) ppn -= guests[guest++]!.pages
      return `guest ${guests[guest]!.name} PPN ${ppn}`
    }
    return auditMachine(this.machine, nameOf)
  }
}

/** What a scanner of policy `ksm` keeps to itself. */
function ksmBytes(guestPages: number, frames: number): number {
  return guestPages * (RMAP_BYTES.page + NODE_BYTES) + frames * RMAP_BYTES.frame
}

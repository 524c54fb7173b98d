/** What a guest's thread makes of the memory that it is given: the lab's machine, or the host's kernel. */
import type { GuestTask } from '../experiment/messages.js'
import { openPageFaultEvents } from '../linux/page-fault-events.js'
import { LinuxRam } from '../linux/ram.js'
import { Machine } from '../machine/machine.js'
import { type AwaitFrame, Mmu } from '../machine/mmu.js'
import { MachinePages } from '../machine/pages-at-rest.js'
import { ScratchPages } from '../machine/scratch.js'
import type { GuestHistograms } from '../measure/guest-histograms.js'
import type { GuestRam, PagesAtRest } from './ram.js'

export interface AttachedRam {
  ram: GuestRam
  atRest: PagesAtRest
  /** Gives back what the thread holds of the system; the memory must not be stored to after it. */
  detach(): void
}

export interface Attachment {
  counters: Float64Array
  histograms: GuestHistograms
  /** Asked while stalled. */
  isStopping: () => boolean
  /** How it waits for a frame when none is free; by default asleep. */
  awaitFrame: AwaitFrame | undefined
}

export function attachRam(task: GuestTask, attachment: Attachment): AttachedRam {
  const { backing, firstPage } = task
  if (backing.backend === 'linux-ksm') {
    const { ring, close } = openPageFaultEvents()
    const ram = new LinuxRam(backing.memory, { ...attachment, firstPage, ring })
    return { ram, atRest: ram, detach: close }
  }
  const machine = new Machine(backing.machine, task.thread)
  const { stallLimitSeconds } = task
  const ram = new Mmu(machine, { ...attachment, firstPage, pages: task.plan.pages, stallLimitSeconds })
  const { swapFd, kernels } = backing.machine
  const atRest = new MachinePages(machine, firstPage, swapFd, new ScratchPages(kernels))
  return { ram, atRest, detach: () => {} }
}

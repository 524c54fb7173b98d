/** What scanner and reclaimer set up alike: their view of the machine, and the policy that acts on it. */

import type { ScannerTask } from '../experiment/messages.js'
import { threadId } from '../host/threads.js'
import { Machine } from '../machine/machine.js'
import { zeroPageHash } from '../machine/scratch.js'
import { counterRow } from '../measure/counters.js'
import { Control } from '../sync/control.js'
import { saltKeys } from './salt.js'
import { TpsPolicy } from './tps.js'

/** Sets one of them up on a thread of its own. */
export function attachHypervisor(task: ScannerTask) {
  const control = new Control(task.control)
  const hypervisor = hypervisorOf(task)
  control.attach(task.thread, threadId())
  return { ...hypervisor, control }
}

export function hypervisorOf(task: ScannerTask) {
  const machine = new Machine(task.machine, task.thread)
  const counters = counterRow(task.counters, task.thread)
  const salts = saltKeys(
    task.guests.map((guest) => guest.salt),
    task.plan.scanner.ShareForceSalting,
  )
  const policy = new TpsPolicy(machine, salts, counters, zeroPageHash(task.machine.kernels))
  return { machine, policy, counters }
}

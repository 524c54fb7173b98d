/** What the hypervisor does on threads of its own, or step by step: the scanners of the scenario's policy, and the reclaimer. */

import type { ReclaimerTask, ScannerTask } from '../experiment/messages.js'
import { Ksmd } from '../ksm/ksmd.js'
import { Machine } from '../machine/machine.js'
import { zeroPageHash } from '../machine/scratch.js'
import { counterRow } from '../measure/counters.js'
import { Prng, seedOf } from '../random/prng.js'
import type { TpsPlan } from '../scenario/plan.js'
import type { Actor } from '../sync/actor.js'
import type { Control } from '../sync/control.js'
import type { Policy } from './policy.js'
import { Reclaimer } from './reclaimer.js'
import { saltKeys } from './salt.js'
import { ScanPart } from './scan-part.js'
import { Scanner } from './scanner.js'
import { TpsPolicy } from './tps.js'

/** @param batchPages pages that one step visits at most */
export function scannerOf(task: ScannerTask, control: Control, batchPages?: number): Actor {
  const { scanner } = task.plan
  const machine = new Machine(task.machine, task.thread)
  if (scanner.policy === 'ksm') return new Ksmd(machine, task, scanner, control, batchPages)
  const plan = { ...task.plan, scanner }
  const counters = counterRow(task.counters, task.thread)
  const policy = tpsPolicy(task, scanner, machine)
  const part = new ScanPart(task.index, scanner.count)
  return new Scanner(
    policy,
    control,
    counters,
    plan,
    task.guests,
    machine.ptes,
    task.scanHands,
    part,
    batchPages,
  )
}

/**
 * ESX tries to share a page before it swaps it out; Linux does not.
 * @param clusterPages pages that one step tries at most
 */
export function reclaimerOf(task: ReclaimerTask, control: Control, clusterPages?: number): Reclaimer {
  const { scanner, seed } = task.plan
  const machine = new Machine(task.machine, task.thread)
  const policy: Policy | undefined = scanner.policy === 'tps' ? tpsPolicy(task, scanner, machine) : undefined
  const counters = counterRow(task.counters, task.thread)
  const prng = new Prng(seedOf('reclaimer', seed))
  return new Reclaimer(machine, policy, control, counters, task.guests, prng, task.enoughFrames, clusterPages)
}

function tpsPolicy(task: ScannerTask | ReclaimerTask, scanner: TpsPlan, machine: Machine): TpsPolicy {
  const salts = saltKeys(
    task.guests.map((guest) => guest.salt),
    scanner.ShareForceSalting,
  )
  const counters = counterRow(task.counters, task.thread)
  return new TpsPolicy(machine, salts, counters, zeroPageHash(task.machine.kernels))
}

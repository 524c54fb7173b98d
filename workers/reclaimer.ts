/** Worker: the hypervisor's reclaimer, which shares or swaps pages out when memory runs low. */
import type { ReclaimerResult, ReclaimerTask } from '../src/experiment/messages.js'
import { Prng, seedOf } from '../src/random/prng.js'
import { attachHypervisor } from '../src/sharing/attach.js'
import { Reclaimer } from '../src/sharing/reclaimer.js'

export default function runReclaimer(task: ReclaimerTask): ReclaimerResult {
  const { machine, policy, control, counters } = attachHypervisor(task)
  const prng = new Prng(seedOf('reclaimer', task.plan.seed))
  const reclaimer = new Reclaimer(machine, policy, control, counters, task.guests, prng, task.enoughFrames)
  reclaimer.run()
  control.arriveQuiet(task.thread)
  return { swapError: reclaimer.swapError }
}

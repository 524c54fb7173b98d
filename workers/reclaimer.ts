/** Worker: the hypervisor's reclaimer, which shares or swaps pages out when memory runs low. */
import type { ReclaimerResult, ReclaimerTask } from '../src/experiment/messages.js'
import { threadId } from '../src/host/threads.js'
import { commitMemory } from '../src/machine/memory.js'
import { reclaimerOf } from '../src/sharing/attach.js'
import { Control } from '../src/sync/control.js'

export default function runReclaimer(task: ReclaimerTask): ReclaimerResult {
  const control = new Control(task.control)
  const reclaimer = reclaimerOf(task, control)
  commitMemory(task.machine.memory, task.thread, control.workers)
  control.attach(task.thread, threadId())
  reclaimer.run()
  control.arriveQuiet(task.thread)
  return { swapError: reclaimer.swapError }
}

/** Worker: the hypervisor's page-sharing scanner. */
import type { ScannerTask } from '../src/experiment/messages.js'
import { attachHypervisor } from '../src/sharing/attach.js'
import { Scanner } from '../src/sharing/scanner.js'

function scan(task: ScannerTask): void {
  const { machine, policy, control, counters } = attachHypervisor(task)
  new Scanner(policy, control, counters, task.plan, task.guests, machine.ptes).run()
  control.arriveQuiet(task.thread)
}

/** A scanner that fails takes its thread with it, so that one in its place starts on a new one. */
export default function runScanner(task: ScannerTask): Promise<void> {
  return new Promise((resolve) => {
    try {
      scan(task)
      resolve()
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  })
}

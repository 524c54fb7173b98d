/** Worker: the hypervisor's page-sharing scanner. */
import type { ScannerTask } from '../src/experiment/messages.js'
import { attachHypervisor } from '../src/sharing/attach.js'
import { Scanner } from '../src/sharing/scanner.js'

export default function runScanner(task: ScannerTask): void {
  const { machine, policy, control, counters } = attachHypervisor(task)
  new Scanner(policy, control, counters, task.plan, task.guests, machine.ptes).run()
  control.arriveQuiet()
}

/** Worker: the hypervisor's page-sharing scanner. */
import type { ScannerTask } from '../src/experiment/messages.js'
import { threadId } from '../src/host/threads.js'
import { commitMemory } from '../src/machine/memory.js'
import { scannerOf } from '../src/sharing/attach.js'
import { drive } from '../src/sync/actor.js'
import { Control } from '../src/sync/control.js'

function scan(task: ScannerTask): void {
  const control = new Control(task.control)
  const scanner = scannerOf(task, control)
  commitMemory(task.machine.memory, task.thread, control.workers)
  control.attach(task.thread, threadId())
  drive(scanner, control)
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

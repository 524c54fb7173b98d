/** One guest VM from its first page to its last: set-up, phases, verification. Runs on the guest's own thread. */

import type { GuestFailure, GuestResult, GuestTask } from '../experiment/messages.js'
import type { GuestPhaseHistograms } from '../experiment/outcome.js'
import { threadId } from '../host/threads.js'
import { Machine } from '../machine/machine.js'
import { Mmu, OutOfFramesError, RunStopped } from '../machine/mmu.js'
import { ScratchPage } from '../machine/scratch.js'
import { SwapReadError } from '../machine/swap.js'
import { counterRow } from '../measure/counters.js'
import { GuestHistograms } from '../measure/guest-histograms.js'
import { mix32 } from '../random/prng.js'
import { Control } from '../sync/control.js'
import { LockTimeoutError } from '../sync/spin.js'
import { PageContents } from './contents.js'
import { PhaseRecorder } from './phase-recorder.js'
import { Replay } from './replay.js'
import { verifyPages } from './verify.js'
import { Workload } from './workload.js'

/** How long a quiet guest waits for the others before it gives the verification up. */
const QUIET_LIMIT_MS = 120_000

export function runGuest(task: GuestTask): GuestResult {
  const control = new Control(task.control)
  const machine = new Machine(task.machine, task.thread)
  const counters = counterRow(task.counters, task.thread)
  const histograms = new GuestHistograms()
  const mmu = new Mmu(machine, {
    firstPage: task.firstPage,
    pages: task.plan.pages,
    counters,
    histograms,
    stallLimitSeconds: task.stallLimitSeconds,
    isStopping: () => control.isStopping(),
  })
  const contents = new PageContents(mmu, task.seed, task.guest)
  const recorder = new PhaseRecorder(task, control, histograms)
  const scratch = new ScratchPage(task.machine.kernels)
  control.attach(task.thread, threadId())

  const live = () => {
    if (task.trace !== undefined) {
      const onProgress = () => recorder.follow()
      new Replay(control, contents, task.guest, task.trace, task.scaleTime, onProgress).run()
      recorder.followToEnd()
      return
    }
    const memory = { mmu, contents, image: task.plan.image }
    const workload = new Workload(control, memory, counters, task.guest, task.plan.activities, task.seed)
    for (let phase = 0; phase < task.phases.length && recorder.awaitPhase(phase); phase++) {
      workload.runPhase(phase, task.phases[phase]!)
      recorder.endPhase()
    }
  }
  let failure: GuestFailure | undefined
  try {
    live()
  } catch (error) {
    failure = failureOf(error)
    if (failure !== undefined) control.fail(task.thread)
  }

  const phases: GuestPhaseHistograms[] = recorder.finish()
  control.arriveQuiet()
  const verification = control.awaitVerify(QUIET_LIMIT_MS)
    ? verifyPages(machine, mmu, task.plan.name, task.machine.swapFd, scratch)
    : { pagesVerified: 0, mismatches: 0, findings: [] }
  return { phases, verification, contentDigest: contentDigest(mmu.digests), failure }
}

/** What of a run's ends is a failure that the guest survives to tell of. Anything else is a defect, and thrown on. */
function failureOf(error: unknown): GuestFailure | undefined {
  if (error instanceof RunStopped) return undefined
  if (error instanceof OutOfFramesError) return { kind: 'outOfFrames', message: error.message }
  if (error instanceof SwapReadError || error instanceof LockTimeoutError) {
    return { kind: 'other', message: error.message }
  }
  throw error
}

function contentDigest(digests: Int32Array): string {
  let digest = 0
  for (let ppn = 0; ppn < digests.length; ppn++) digest = mix32(digest ^ digests[ppn]!)
  return (digest >>> 0).toString(16).padStart(8, '0')
}

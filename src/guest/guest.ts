/** One guest VM from its first page to its last: set-up, phases, verification. */

import type { GuestFailure, GuestResult, GuestTask } from '../experiment/messages.js'
import { OwnProcessorTime, threadId } from '../host/threads.js'
import { commitMemory } from '../machine/memory.js'
import { type AwaitFrame, OutOfFramesError, RunStopped } from '../machine/mmu.js'
import { SwapReadError } from '../machine/swap.js'
import { counterRow } from '../measure/counters.js'
import { GuestHistograms } from '../measure/guest-histograms.js'
import { mix32 } from '../random/prng.js'
import { type Actor, drive, OVER } from '../sync/actor.js'
import { Control } from '../sync/control.js'
import { LockTimeoutError } from '../sync/spin.js'
import { type AttachedRam, attachRam } from './attach.js'
import { PageContents } from './contents.js'
import { PhaseRecorder } from './phase-recorder.js'
import { Replay } from './replay.js'
import { verifyPages } from './verify.js'
import { Workload } from './workload.js'

/** How long a quiet guest waits for the others before it gives the verification up. */
const QUIET_LIMIT_MS = 120_000

/** A guest on the calling thread. */
export function runGuest(task: GuestTask): GuestResult {
  const control = new Control(task.control)
  const guest = new Guest(task, control)
  try {
    if (task.backing.backend === 'lab')
      commitMemory(task.backing.machine.memory, task.thread, control.workers)
    control.attach(task.thread, threadId())
    drive(guest, control)
    control.arriveQuiet(task.thread)
    return guest.result(control.awaitVerify(QUIET_LIMIT_MS))
  } finally {
    guest.detach()
  }
}

export interface GuestOptions {
  /** How it waits for a frame when none is free; by default asleep. */
  awaitFrame?: AwaitFrame
  /** Operations of one step, at most. */
  batchOperations?: number
  /** What it has had of its processor, in ns; by default what the kernel counts of the calling thread. */
  processorNs?: () => number
}

export class Guest implements Actor {
  private readonly attached: AttachedRam
  private readonly recorder: PhaseRecorder
  /** What it does, until it is over. */
  private readonly life: Actor
  private readonly ownTime = new OwnProcessorTime()
  private failure: GuestFailure | undefined

  constructor(
    private readonly task: GuestTask,
    private readonly control: Control,
    { awaitFrame, batchOperations, processorNs }: GuestOptions = {},
  ) {
    const histograms = new GuestHistograms()
    const counters = counterRow(task.counters, task.thread)
    this.attached = attachRam(task, {
      counters,
      histograms,
      isStopping: () => control.isStopping() || control.hasFailure(),
      awaitFrame,
    })
    this.recorder = new PhaseRecorder(task, control, histograms)
    const { ram } = this.attached
    const contents = new PageContents(ram, task.seed, task.guest)
    const memory = { ram, contents, image: task.plan.image }
    const ofThread = processorNs ?? (() => this.ownTime.readNs())
    this.life =
      task.trace === undefined
        ? new Workload(control, this.recorder, memory, counters, task, {
            batchOperations,
            processorNs: ofThread,
          })
        : new Replay(control, this.recorder, contents, task, task.trace, ofThread)
  }

  step(): number {
    let wakeNs = OVER
    try {
      wakeNs = this.life.step()
    } catch (error) {
      this.failure = failureOf(error)
      if (this.failure !== undefined) this.control.fail(this.task.thread)
    }
    if (wakeNs === OVER) this.recorder.close()
    return wakeNs
  }

  /** What it has to tell when it is over; `isQuiet`: nobody touches the machine any more, so its pages can be verified. */
  result(isQuiet: boolean): GuestResult {
    const { ram, atRest } = this.attached
    return {
      phases: this.recorder.recorded,
      verification: isQuiet
        ? verifyPages(ram, atRest, this.task.plan.name)
        : { pagesVerified: 0, mismatches: 0, findings: [] },
      contentDigest: contentDigest(ram.digests),
      failure: this.failure,
    }
  }

  /** It is not stepped any more, and has told its result. */
  detach(): void {
    this.attached.detach()
    this.ownTime.close()
  }
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

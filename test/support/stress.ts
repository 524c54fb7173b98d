/** One run of real threads at full speed on few pages and fewer frames: what they share, and what each gets to do. */

import type { GuestPages, PageVerification } from '../../src/experiment/messages.js'
import type { MachineHandle } from '../../src/machine/machine.js'
import type { ControlHandle } from '../../src/sync/control.js'

export interface StressTask {
  role: 'guest' | 'scanner' | 'reclaimer'
  machine: MachineHandle
  control: ControlHandle
  counters: Float64Array
  /** Guests first, then scanners, then the reclaimer. */
  thread: number
  guests: GuestPages[]
  forceSalting: 0 | 1 | 2
  seed: number
  enoughFrames: number
}

export interface GuestReport {
  verification: PageVerification
  /** Loads that did not return what the guest had stored. */
  wrongLoads: string[]
}

/** Contents that the guests know, few enough that each is in many pages. */
export const CONTENTS = 6

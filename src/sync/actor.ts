/**
 * Actors: who acts on the machine in a run, each guest, each scanner and the reclaimer, as something that is stepped. An
 * actor does an operation, or a small batch of them, and never sleeps, so its loop can be driven in two ways: by a
 * thread of its own, which `drive` is all of, or by one thread that steps all actors in turn (experiment/stepped.ts).
 */
import { nowNs } from '../measure/clock.js'
import type { Control } from './control.js'

export interface Actor {
  /**
   * Does what is due, at most a batch, and holds no lock when it returns.
   * @returns AT_ONCE after a whole batch: there may be more. Else when to call it again: in ns on the clock, or ON_EVENT;
   * in either case sooner if the control block changes. OVER: it must not be called again. So an actor with a batch of
   * one has done nothing if it says anything but AT_ONCE.
   */
  step(): number
}

export const AT_ONCE = 0
export const ON_EVENT = Number.POSITIVE_INFINITY
export const OVER = -1

/**
 * Drives an actor on the calling thread until it is over.
 * @param sleep how the thread sleeps until a time on the clock, or until `event`, which was read before, is history
 */
export function drive(actor: Actor, control: Control, sleep = sleepOn(control)): void {
  for (;;) {
    const event = control.event()
    const wakeNs = actor.step()
    if (wakeNs === OVER) return
    if (wakeNs !== AT_ONCE) sleep(event, wakeNs)
  }
}

function sleepOn(control: Control): (event: number, wakeNs: number) => void {
  return (event, wakeNs) => control.sleep(event, (wakeNs - nowNs()) / 1e6)
}

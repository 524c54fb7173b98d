/**
 * A rota of actors that share a few processors: whose turn it is, on one thread. It goes round in a fixed order. In a
 * round as many actors as there are processors do one operation each; who has nothing to do takes no processor. Of
 * more actors than processors each gets its turn, and none twice before the others.
 */
import { type Actor, AT_ONCE, ON_EVENT, OVER } from '../sync/actor.js'

/** An actor's place in a rota, or in several. */
export class Turn {
  /** When it wants to be stepped: in ns on the clock, AT_ONCE, ON_EVENT, or OVER. */
  wakeNs = AT_ONCE
  /** How many operations it has done. */
  operations = 0

  /** @param onDeath called when an error ends the actor */
  constructor(
    private readonly actor: Actor,
    private readonly onDeath: (error: unknown) => void,
  ) {}

  isOver(): boolean {
    return this.wakeNs === OVER
  }

  isDue(nowNs: number): boolean {
    return this.wakeNs <= nowNs && !this.isOver()
  }

  step(): void {
    try {
      this.wakeNs = this.actor.step()
      if (this.wakeNs === AT_ONCE) this.operations++
    } catch (error) {
      this.wakeNs = OVER
      this.onDeath(error)
    }
  }

  /** Something has changed that the actor may be waiting for. */
  wake(): void {
    if (!this.isOver()) this.wakeNs = AT_ONCE
  }
}

export class Rota {
  private next = 0

  constructor(
    private readonly turns: readonly Turn[],
    private readonly processors: number,
  ) {}

  /** One round; false if nobody had anything to do. */
  round(nowNs: number): boolean {
    const { turns, processors } = this
    let busy = 0
    for (let looked = 0; looked < turns.length && busy < processors; looked++) {
      const turn = turns[this.next]!
      this.next = this.next + 1 === turns.length ? 0 : this.next + 1
      if (!turn.isDue(nowNs)) continue
      turn.step()
      if (turn.wakeNs === AT_ONCE) busy++
    }
    return busy > 0
  }

  /** When the next actor wants to be stepped; ON_EVENT if none does. */
  earliestNs(): number {
    let earliestNs = ON_EVENT
    for (const { wakeNs } of this.turns) if (wakeNs !== OVER && wakeNs < earliestNs) earliestNs = wakeNs
    return earliestNs
  }
}

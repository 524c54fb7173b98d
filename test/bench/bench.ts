/** What the bench is made of: each measures a figure, or a few that come of the same rounds. */
import type { Figure } from './measure.js'

export interface Bench {
  /** Names of its figures: NAME, or FAMILY.NAME. */
  names: readonly string[]
  run: (notes: Notes) => Promise<Figure[]>
}

/** What the reader must know of what is missing. Said twice, it is noted once. */
export class Notes {
  private readonly said = new Set<string>()

  constructor(private readonly say: (line: string) => void) {}

  add(line: string): void {
    if (this.said.has(line)) return
    this.said.add(line)
    this.say(line)
  }
}

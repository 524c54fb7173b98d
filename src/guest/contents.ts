/**
 * What pages hold, by name: each content is the page that the fill kernel makes of a 64-bit key. Pages with the same
 * key are byte-identical, so nothing is stored on disk, and guests make "the same file" without speaking to each other.
 *
 *   known content number c ≥ 1   key (K, c)                            the same for every guest
 *   private                       key (K' ⊕ fill count, guest | PPN)     never the same twice
 *
 * K and K' come from the run's seed.
 */
import { UNIQUE_TAG, ZERO_TAG } from '../machine/machine.js'
import { mix32, seedOf } from '../random/prng.js'
import type { GuestRam } from './ram.js'

/** A PPN has 24 bits, a guest's index the 8 above them. */
const GUEST_SHIFT = 24

export class PageContents {
  private readonly knownKey: number
  private readonly privateKey: number
  private readonly guestBits: number
  private fills = 0

  constructor(
    readonly ram: GuestRam,
    seed: number,
    guest: number,
  ) {
    this.knownKey = seedOf('known content', seed)
    this.privateKey = seedOf('private content', seed)
    this.guestBits = guest << GUEST_SHIFT
  }

  /** Writes known content `number` to a page; number 0 is the zero page. */
  writeKnown(ppn: number, number: number): void {
    if (number === ZERO_TAG) this.ram.zero(ppn)
    else this.ram.fill(ppn, this.knownKey, number, number)
  }

  /** Writes contents to a page that no page has held before. */
  writePrivate(ppn: number): void {
    this.ram.fill(ppn, this.privateKey ^ mix32(this.fills++), this.guestBits | ppn, UNIQUE_TAG)
  }
}

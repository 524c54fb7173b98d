/**
 * The same pages in the real kernel: memory that ksmd may merge, and ksmd as fast as it can. KSM is taken over for the rest of
 * the process, by the product's own code, which puts everything back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, ResourceError } from '../../src/errors.js'
import { compileKernels, PageKernels } from '../../src/kernels/kernels.js'
import { allocateGuests, type GuestMemory, releaseGuests } from '../../src/linux/guest-memories.js'
import { readKsmCounter } from '../../src/linux/ksm-counters.js'
import { type HostKsmSettings, writeKsmSettings } from '../../src/linux/ksm-settings.js'
import { nowNs } from '../../src/measure/clock.js'
import { takeKsm } from '../support/kernel-ksm.js'
import type { Notes } from './bench.js'
import { type Mix, saveablePages, writeContents } from './mix.js'

/**
 * As fast as it can, and free to share whatever is equal: a batch is a whole pass, a frame has any number of sharers, no page
 * is left out, and pages of zeros count as all others do.
 */
const FLAT_OUT: Partial<HostKsmSettings> = {
  pages_to_scan: 2 ** 30,
  sleep_millisecs: 0,
  max_page_sharing: 2 ** 20,
  use_zero_pages: 0,
  smart_scan: 0,
  advisor_mode: 'none',
}
const POLL_MS = 1
/** Far more than any of the mixes takes. */
const MERGE_LIMIT_SECONDS = 60

let taken: Promise<unknown> | undefined

/** Guests' memories with this mix; undefined, and a note, where KSM can't be had. */
export async function ksmMemory(mix: Mix, notes: Notes): Promise<KsmMemory | undefined> {
  try {
    taken ??= takeKsm()
    await taken
    return new KsmMemory(mix)
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error
    notes.add(`without the kernel's KSM: ${messageOf(error)}`)
    return undefined
  }
}

export class KsmMemory {
  private readonly memories: GuestMemory[]
  private readonly saveable: number

  constructor(private readonly mix: Mix) {
    this.memories = allocateGuests(mix.guests.map(({ length }) => ({ pages: length, share: true })))
    this.saveable = saveablePages(mix)
    writeKsmSettings(FLAT_OUT)
    this.write()
  }

  /** Writes every page anew: none is merged after it. */
  write(): void {
    const modules = compileKernels()
    this.memories.forEach(({ memory: { segments, segmentShift } }, guest) => {
      writeContents(new PageKernels(modules, segments, segmentShift), this.mix.guests[guest]!)
    })
  }

  /** The words of a guest, which has no more than one segment. */
  words(guest: number): Int32Array {
    return new Int32Array(this.memories[guest]!.memory.segments[0]!.buffer)
  }

  /** Unmerges whatever is merged, and forgets it; each page then is what it was, in a frame of its own. */
  unmerge(): void {
    writeKsmSettings({ run: 2 })
  }

  /**
   * Lets ksmd merge until all that can be is, and stops it.
   * @returns how long that took, ns
   */
  async merge(): Promise<number> {
    const startNs = nowNs()
    writeKsmSettings({ run: 1 })
    let elapsedNs = 0
    do {
      await sleep(POLL_MS)
      elapsedNs = nowNs() - startNs
      if (elapsedNs > MERGE_LIMIT_SECONDS * 1e9) throw new Error('ksmd has not merged what it could')
    } while (readKsmCounter('pages_sharing')! < this.saveable)
    writeKsmSettings({ run: 0 })
    return elapsedNs
  }

  /** Gives all of it back. */
  release(): void {
    this.unmerge()
    releaseGuests(this.memories)
  }
}

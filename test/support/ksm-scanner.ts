/**
 * A scanner of policy `ksm` that goes where a test tells it to: what Ksmd (src/ksm/ksmd.ts) does, without its clock.
 * All that it knows of the pages lies in shared memory, so that a test can look at it, and set it back, whichever thread
 * it runs on.
 */
import type { GuestPages } from '../../src/experiment/messages.js'
import type { KernelModules } from '../../src/kernels/kernels.js'
import { KsmPolicy } from '../../src/ksm/policy.js'
import { RmapItems } from '../../src/ksm/rmap-items.js'
import type { KsmSettings } from '../../src/ksm/settings.js'
import { Unmerge } from '../../src/ksm/unmerge.js'
import type { Machine } from '../../src/machine/machine.js'
import { zeroPageHash } from '../../src/machine/scratch.js'
import { counterRow } from '../../src/measure/counters.js'

export type KsmScannerSettings = Pick<KsmSettings, 'use_zero_pages' | 'max_page_sharing' | 'smart_scan'>

/** The arrays of RmapItems, then those of UnstableTree, each in the order of the fields. */
export type KsmMemory = (Int32Array | Uint8Array)[]

export class KsmScanner {
  readonly items: RmapItems
  readonly policy: KsmPolicy
  readonly memory: KsmMemory
  readonly counters: Float64Array
  private readonly pages: number
  readonly unmerge: Unmerge

  /**
   * @param counters all rows; the scanner's comes after the guests'
   * @param memory of another, which it goes on from
   */
  constructor(
    machine: Machine,
    kernels: KernelModules,
    private readonly guests: readonly GuestPages[],
    counters: Float64Array,
    readonly settings: KsmScannerSettings,
    memory?: KsmMemory,
  ) {
    const rows = guests.map((_, guest) => counterRow(counters, guest))
    this.counters = counterRow(counters, guests.length)
    this.pages = machine.ptes.length
    const { frames, frameTable } = machine
    this.items = new RmapItems(this.pages, frames, frameTable, this.counters, guests, rows)
    const ofItems = shareArrays(this.items, memory)
    const { max_page_sharing } = settings
    const zeroHash = zeroPageHash(kernels)
    this.policy = new KsmPolicy(machine, this.items, this.counters, max_page_sharing, zeroHash, settings)
    // biome-ignore lint/complexity/useLiteralKeys: it is private, and part of what the scanner knows
    const ofUnstable = shareArrays(this.policy['unstable'], memory?.slice(ofItems.length))
    this.memory = [...ofItems, ...ofUnstable]
    this.unmerge = new Unmerge(machine, guests)
  }

  /** Begins a full scan, and visits every page of the guests that share. */
  fullScan(): void {
    this.policy.beginFullScan()
    for (const { firstPage, pages, share } of this.guests) {
      for (let page = firstPage; share && page < firstPage + pages; page++) this.policy.visit(page)
    }
  }

  /** One round of an unmerge, from the first page to the last. */
  unmergeRound(): 'done' | 'again' | 'rest' {
    this.unmerge.begin()
    // One more, for the end of the round.
    return this.unmerge.step(this.pages + 1)
  }
}

/** Puts the arrays of its own that an object has into shared memory; or gives it those of another of its kind. */
function shareArrays(object: object, given: KsmMemory | undefined): KsmMemory {
  const own = Object.entries(object).filter(isOwnArray)
  return own.map(([field, array], index) => {
    const shared = given?.[index] ?? sharedCopy(array)
    Object.assign(object, { [field]: shared })
    return shared
  })
}

function isOwnArray(entry: [string, unknown]): entry is [string, Int32Array | Uint8Array] {
  return ArrayBuffer.isView(entry[1]) && entry[1].buffer instanceof ArrayBuffer
}

function sharedCopy(array: Int32Array | Uint8Array): Int32Array | Uint8Array {
  const memory = new SharedArrayBuffer(array.byteLength)
  const copy = array instanceof Int32Array ? new Int32Array(memory) : new Uint8Array(memory)
  copy.set(array)
  return copy
}

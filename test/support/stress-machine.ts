/**
 * A small machine on which mistakes show:
 *
 *   weak hash   4 bits, so that equal hashes of unequal pages are the rule, and only the comparison tells them apart
 *   poison      a frame is filled with bytes of its own the moment it is freed; who still uses it sees wrong bytes
 *   suspicion   a frame that is handed out must hold its poison (nobody wrote to it while it was free), belong to
 *               nobody, and be in no chain of the share table; a hint that is shared must be filed where it is found
 *   lingering   now and then a thread sleeps for a moment between what it saw and what it does about it, as if it had
 *               just lost its processor: whatever a lock should have kept from changing meanwhile, changes
 *
 * All of it is done by each thread's own view, so production code knows nothing of it.
 */
import { type KernelModules, PageKernels } from '../../src/kernels/kernels.js'
import { freeFrameMap } from '../../src/machine/allocator.js'
import { FRAME_WORDS, FREE_STATE, NEXT, STATE, UNLINKED } from '../../src/machine/frames.js'
import { createMachine, Machine, type MachineHandle } from '../../src/machine/machine.js'
import { zeroPageHash } from '../../src/machine/scratch.js'
import { Prng } from '../../src/random/prng.js'
import { GUESTS, type StressSetting, THREADS } from './stress-settings.js'

/** Segments of 16 frames, so that even small machines have seams. */
const SEGMENT_SHIFT = 4
const WEAK_HASH_MASK = 0xf
/** With the MPN the key of a frame's poison; no page of a guest is made from it. */
const POISON_KEY = 0x0dead000

/** One call in so many lingers: often enough to be met in every race, seldom enough to leave the threads at speed. */
const LINGER_ONE_IN = 256
const LINGER_MS = 0.05

/** What the threads are given of it. */
export interface StressMachineHandle {
  machine: MachineHandle
  /** Digest of each frame's poison, by MPN. */
  poison: Int32Array
}

/** The main thread's side: makes it, and makes it new for each round. */
export class StressMachine {
  readonly handle: StressMachineHandle
  private readonly kernels: PageKernels
  /** Every table, and what it held when the machine was new. */
  private readonly tables: { words: Int32Array; pristine: Int32Array }[]

  constructor({ frames, pagesPerGuest }: StressSetting, kernels: KernelModules, swapFd: number | undefined) {
    // Frames are asked for when there are none, so that allocation fails first.
    const size = { frames, guestPages: GUESTS * pagesPerGuest, threads: THREADS, lowFrames: 0 }
    const machine = createMachine({ ...size, segmentShift: SEGMENT_SHIFT }, kernels, swapFd)
    const { memory, frameTable, buckets, allocator, ptes, tags } = machine
    this.handle = { machine, poison: new Int32Array(new SharedArrayBuffer(frames * 4)) }
    this.kernels = new PageKernels(kernels, memory.segments, memory.segmentShift)
    this.tables = [frameTable, buckets, allocator.words, ptes, tags].map((words) => ({
      words,
      pristine: words.slice(),
    }))
  }

  /** As new, every frame poisoned. For a quiet machine only. */
  reset(): void {
    for (const { words, pristine } of this.tables) words.set(pristine)
    const { poison } = this.handle
    for (let mpn = 0; mpn < poison.length; mpn++) poison[mpn] = fillWithPoison(this.kernels, mpn)
  }

  /** Free frames of a quiet machine that do not hold their poison. */
  spoiledFrames(): number[] {
    const { machine, poison } = this.handle
    const free = freeFrameMap(machine.allocator)
    return [...poison.keys()].filter((mpn) => free[mpn] !== 0 && this.kernels.digest(mpn) !== poison[mpn])
  }
}

/** One thread's view of it. */
export function viewOf({ machine: handle, poison }: StressMachineHandle, thread: number): Machine {
  const machine = new Machine(handle, thread)
  weakenHash(machine.kernels)
  poisonFreed(machine)
  suspectAllocated(machine, poison)
  suspectPromoted(machine)
  const lingering = new Lingering(thread)
  lingering.after(machine.kernels, ['hash', 'equal', 'isZero', 'copy'])
  lingering.after(machine.shareTable, ['find', 'findOrFile', 'findShared', 'remove'])
  lingering.after(machine.allocator, ['allocate'])
  return machine
}

/** What a zero page hashes to in such a view. */
export function weakZeroPageHash(kernels: KernelModules): { low: number; high: number } {
  return { low: zeroPageHash(kernels).low & WEAK_HASH_MASK, high: 0 }
}

function weakenHash(kernels: PageKernels): void {
  const hash = kernels.hash.bind(kernels)
  kernels.hash = (mpn) => {
    hash(mpn)
    kernels.hashLow &= WEAK_HASH_MASK
    kernels.hashHigh = 0
  }
}

function poisonFreed({ allocator, kernels }: Machine): void {
  const free = allocator.free.bind(allocator)
  allocator.free = (mpn) => {
    fillWithPoison(kernels, mpn)
    free(mpn)
  }
}

function suspectAllocated({ allocator, kernels, frameTable }: Machine, poison: Int32Array): void {
  const allocate = allocator.allocate.bind(allocator)
  allocator.allocate = () => {
    const mpn = allocate()
    if (mpn < 0) return mpn
    const state = frameTable[mpn * FRAME_WORDS + STATE]
    if (state !== FREE_STATE) throw new Error(`MPN ${mpn} was handed out with STATE ${state}`)
    const next = frameTable[mpn * FRAME_WORDS + NEXT]
    if (next !== UNLINKED) throw new Error(`MPN ${mpn} was handed out while in the share table`)
    if (kernels.digest(mpn) !== poison[mpn]) throw new Error(`MPN ${mpn} was written to while it was free`)
    return mpn
  }
}

function suspectPromoted({ shareTable }: Machine): void {
  const promote = shareTable.promote.bind(shareTable)
  shareTable.promote = (mpn, low, high, references) => {
    if (!shareTable.isFiledUnder(mpn, low, high)) throw new Error(`MPN ${mpn} was shared under another hash`)
    promote(mpn, low, high, references)
  }
}

type Method = (this: object, a?: number, b?: number, c?: number, d?: number) => unknown

class Lingering {
  private readonly prng: Prng
  private readonly word = new Int32Array(new SharedArrayBuffer(4))

  constructor(seed: number) {
    this.prng = new Prng(seed)
  }

  /** Makes these methods of an object, with at most four parameters, linger before they return. */
  after<Name extends string>(object: Record<Name, unknown>, names: readonly Name[]): void {
    for (const name of names) {
      const method = object[name] as Method
      object[name] = (a?: number, b?: number, c?: number, d?: number) => {
        const result = method.call(object, a, b, c, d)
        if (this.prng.nextBelow(LINGER_ONE_IN) === 0) Atomics.wait(this.word, 0, 0, LINGER_MS)
        return result
      }
    }
  }
}

/** @returns the digest of what it wrote */
function fillWithPoison(kernels: PageKernels, mpn: number): number {
  return kernels.fill(mpn, POISON_KEY, mpn)
}

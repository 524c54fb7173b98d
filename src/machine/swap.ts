/**
 * The swap file: a real file that takes guest pages when machine memory runs low.
 *
 * Slot = global page number, so there is nothing to allocate and a PTE need not say where; the file is sparse and
 * never larger than the guests' memory. Page `p` of the file is written only by the holder of PTE p's lock after it
 * found the page private, and read only by the holder who found it swapped: a slot has one user at a time.
 *
 * The file loses its name as soon as it is open: the system takes its blocks back when the process ends, however
 * it ends. All threads use the one descriptor, with positions given at each call.
 *
 * The system's page cache makes a swap-in cheap, and costs as much memory as is swapped out. Where machine memory leaves no
 * room for that, the file is opened past it (O_DIRECT). The system then moves whole pages between aligned places alone: frames
 * are aligned, and so is what pages are gathered in, since WebAssembly memories are.
 *
 * Pages are written in clusters: adjacent slots by one call, whatever frames their pages are in. The frames are
 * copied side by side first, which costs less than the calls that it saves.
 */
import { closeSync, constants, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isDiskError, messageOf, ResourceError, UserError } from '../errors.js'
import { PAGE_BYTES, PAGE_WORDS, PAGE_WORDS_SHIFT, WASM_PAGE_BYTES } from './layout.js'
import type { MachineMemory } from './memory.js'

/** Most pages that are written, or read ahead, by one call: 512 KiB. */
export const CLUSTER_PAGES = 128

export interface OpenSwapFile {
  fd: number
  /** Whether it does without the system's page cache. */
  isDirect: boolean
}

/**
 * @param pastCache whether to do without the system's page cache, if the filesystem can
 * @throws UserError when the directory takes no file, ResourceError when its disk doesn't
 */
export function openSwapFile(directory: string, pastCache = false): OpenSwapFile {
  const path = join(directory, `.swap-${process.pid}-${process.hrtime.bigint()}`)
  try {
    const directFd = pastCache ? openDirect(path) : undefined
    const fd = directFd ?? openSync(path, CREATE, MODE)
    unlinkSync(path)
    return { fd, isDirect: directFd !== undefined }
  } catch (error) {
    const message = `can't create the swap file: ${messageOf(error)}`
    throw isDiskError(error) ? new ResourceError(message) : new UserError(message, { file: directory })
  }
}

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL
const MODE = 0o600

/** Undefined: this system or filesystem has no such files. */
function openDirect(path: string): number | undefined {
  if (constants.O_DIRECT === undefined) return undefined
  try {
    return openSync(path, CREATE | constants.O_DIRECT, MODE)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
    // Refused only after it was made.
    rmSync(path, { force: true })
    return undefined
  }
}

export function closeSwapFile(fd: number): void {
  closeSync(fd)
}

/** A page that lies in the swap file can't be brought back: its guest can't go on. */
export class SwapReadError extends Error {
  override name = 'SwapReadError'
}

/** One thread's access to the swap file. */
export class SwapFile {
  /** Why the last write was not done, or not wholly; undefined if it was. */
  writeError: string | undefined
  private readonly segments: Int32Array[]
  private readonly segmentShift: number
  /** Where pages are gathered; only the thread that writes has it. */
  private cluster: Int32Array | undefined

  constructor(
    private readonly fd: number,
    memory: MachineMemory,
  ) {
    this.segments = memory.segments.map((segment) => new Int32Array(segment.buffer))
    this.segmentShift = memory.segmentShift
  }

  /** Copies a frame to a place of the cluster that is to be written, 0 … CLUSTER_PAGES − 1. */
  gather(place: number, mpn: number): void {
    this.cluster ??= new Int32Array(clusterMemory().buffer)
    const { cluster } = this
    const segment = this.segments[mpn >>> this.segmentShift]!
    const from = this.frameInSegment(mpn) << PAGE_WORDS_SHIFT
    cluster.set(segment.subarray(from, from + PAGE_WORDS), place << PAGE_WORDS_SHIFT)
  }

  /**
   * Writes what lies in the first places of the cluster to the slots from a page's on.
   * @returns how many pages are safely there: all of them, or `writeError` says why not
   */
  writeGathered(page: number, pages: number): number {
    const cluster = this.cluster!
    const bytes = pages * PAGE_BYTES
    let done = 0
    this.writeError = undefined
    try {
      while (done < bytes) {
        const written = writeSync(this.fd, cluster, done, bytes - done, page * PAGE_BYTES + done)
        if (written === 0) throw new Error('the file takes no more')
        done += written
      }
    } catch (error) {
      this.writeError = messageOf(error)
    }
    return Math.floor(done / PAGE_BYTES)
  }

  /** @throws SwapReadError */
  read(mpn: number, page: number): void {
    const bytes = this.segments[mpn >>> this.segmentShift]!
    const offset = this.frameInSegment(mpn) * PAGE_BYTES
    try {
      for (let done = 0; done < PAGE_BYTES; ) {
        const read = readSync(this.fd, bytes, offset + done, PAGE_BYTES - done, page * PAGE_BYTES + done)
        if (read === 0) throw new Error('the file ends before the page does')
        done += read
      }
    } catch (error) {
      throw new SwapReadError(`can't read page ${page} back from the swap file: ${messageOf(error)}`)
    }
  }

  private frameInSegment(mpn: number): number {
    return mpn & ((1 << this.segmentShift) - 1)
  }
}

/** Room for a cluster, aligned as a file that is used past the page cache wants it. */
export function clusterMemory(): WebAssembly.Memory {
  const wasmPages = (CLUSTER_PAGES * PAGE_BYTES) / WASM_PAGE_BYTES
  return new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true })
}

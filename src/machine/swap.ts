/**
 * The swap file: a real file that takes guest pages when machine memory runs low.
 *
 * Slot = global page number, so there is nothing to allocate and a PTE need not say where; the file is sparse and
 * never larger than the guests' memory. Page `p` of the file is written only by the holder of PTE p's lock after it
 * found the page private, and read only by the holder who found it swapped: a slot has one user at a time.
 *
 * The file loses its name as soon as it is open: the system takes its blocks back when the process ends, however
 * it ends. All threads use the one descriptor, with positions given at each call.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isDiskError, messageOf, ResourceError, UserError } from '../errors.js'
import { PAGE_BYTES } from './layout.js'
import type { MachineMemory } from './memory.js'

/** @throws UserError when the directory takes no file, ResourceError when its disk doesn't */
export function openSwapFile(directory: string): number {
  const path = join(directory, `.swap-${process.pid}-${process.hrtime.bigint()}`)
  try {
    const fd = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    return fd
  } catch (error) {
    const message = `can't create the swap file: ${messageOf(error)}`
    throw isDiskError(error) ? new ResourceError(message) : new UserError(message, { file: directory })
  }
}

export function closeSwapFile(fd: number): void {
  closeSync(fd)
}

/** A page that lies in the swap file can't be brought back: its guest can't go on. */
export class SwapReadError extends Error {
  override name = 'SwapReadError'
}

type Move = (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => number

/** One thread's access to the swap file. */
export class SwapFile {
  private readonly segments: Uint8Array[]
  private readonly segmentShift: number

  constructor(
    private readonly fd: number,
    memory: MachineMemory,
  ) {
    this.segments = memory.segments.map((segment) => new Uint8Array(segment.buffer))
    this.segmentShift = memory.segmentShift
  }

  /** Writes a frame to a page's slot. Undefined when it is safely there, else why it is not. */
  write(mpn: number, page: number): string | undefined {
    try {
      this.transfer(writeSync, mpn, page)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** @throws SwapReadError */
  read(mpn: number, page: number): void {
    try {
      this.transfer(readSync, mpn, page)
    } catch (error) {
      throw new SwapReadError(`can't read page ${page} back from the swap file: ${messageOf(error)}`)
    }
  }

  private transfer(move: Move, mpn: number, page: number): void {
    const bytes = this.segments[mpn >>> this.segmentShift]!
    const offset = (mpn & ((1 << this.segmentShift) - 1)) * PAGE_BYTES
    for (let done = 0; done < PAGE_BYTES; ) {
      const moved = move(this.fd, bytes, offset + done, PAGE_BYTES - done, page * PAGE_BYTES + done)
      if (moved === 0) throw new Error('the file ends before the page does')
      done += moved
    }
  }
}

/**
 * Huge pages for the memory and the tables of a large machine, where the system gives them for the asking (Linux, with
 * transparent_hugepage `madvise`, and the optional package koffi to ask): 2 MiB are then one entry of the processor's TLB, and
 * one fault to back. Whoever scans gigabytes would else wait for a page walk at almost every table word.
 */
import { ResourceError } from '../errors.js'
import { MADV_HUGEPAGE, madvise } from '../host/libc.js'

/** Of less a TLB has entries enough, and it is not worth loading koffi for. */
const LEAST_BYTES = 2 ** 22

/** To be called before the memory is written to. Where huge pages can't be had, all is as it was. */
export function adviseHugePages(memory: { readonly buffer: ArrayBufferLike }): void {
  if (process.platform !== 'linux' || memory.buffer.byteLength < LEAST_BYTES) return
  try {
    madvise(memory, MADV_HUGEPAGE)
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error
  }
}

/** Words of zero that threads can share. */
export function createTable(words: number): Int32Array {
  const table = new Int32Array(new SharedArrayBuffer(words * 4))
  adviseHugePages(table)
  return table
}

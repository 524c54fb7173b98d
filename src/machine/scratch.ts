/**
 * A page of a thread's own, outside machine memory, with the kernels to look at it: for a page that was read back
 * from the swap file to be checked, and for what a zero page hashes to.
 */
import { readSync } from 'node:fs'
import { type KernelModules, PageKernels } from '../kernels/kernels.js'
import { PAGE_BYTES } from './layout.js'

export class ScratchPage {
  private readonly bytes: Uint8Array
  private readonly kernels: PageKernels

  constructor(modules: KernelModules) {
    const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    this.bytes = new Uint8Array(segment.buffer, 0, PAGE_BYTES)
    this.kernels = new PageKernels(modules, [segment], 4)
  }

  /** Digest of what lies in a page's slot of the swap file; undefined if it can't be read whole. */
  digestOfSlot(swapFd: number, page: number): number | undefined {
    const read = readSync(swapFd, this.bytes, 0, PAGE_BYTES, page * PAGE_BYTES)
    return read === PAGE_BYTES ? this.kernels.digest(0) : undefined
  }
}

/** The hash of a page of zeros. */
export function zeroPageHash(modules: KernelModules): { low: number; high: number } {
  const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const kernels = new PageKernels(modules, [segment], 4)
  kernels.hash(0)
  return { low: kernels.hashLow, high: kernels.hashHigh }
}

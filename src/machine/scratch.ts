/**
 * Pages of a thread's own, outside machine memory, with the kernels to look at them: for pages that were read back
 * from the swap file to be checked, and for what a zero page hashes to.
 */
import { readSync } from 'node:fs'
import { type KernelModules, PageKernels } from '../kernels/kernels.js'
import { PAGE_BYTES } from './layout.js'
import { CLUSTER_PAGES, clusterMemory } from './swap.js'

/** As many as a cluster has. */
export class ScratchPages {
  private readonly bytes: Uint8Array
  private readonly kernels: PageKernels

  constructor(modules: KernelModules) {
    const segment = clusterMemory()
    this.bytes = new Uint8Array(segment.buffer)
    this.kernels = new PageKernels(modules, [segment], Math.log2(CLUSTER_PAGES))
  }

  /** Reads the slots of the swap file from a page's on; how many whole ones there were. */
  readSlots(swapFd: number, page: number): number {
    return Math.floor(readSync(swapFd, this.bytes, 0, this.bytes.length, page * PAGE_BYTES) / PAGE_BYTES)
  }

  /** Digest of the page that was read into this place. */
  digest(place: number): number {
    return this.kernels.digest(place)
  }
}

/** The hash of a page of zeros. */
export function zeroPageHash(modules: KernelModules): { low: number; high: number } {
  const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const kernels = new PageKernels(modules, [segment], 4)
  kernels.hash(0)
  return { low: kernels.hashLow, high: kernels.hashHigh }
}

/**
 * Page kernels that go over a page in two halves, each a step of its own: so a page may change under a hash, a comparison or a
 * copy, and be seen half-written, as it may on real processors.
 */
import type { KernelModules } from '../../src/kernels/kernels.js'
import { PageKernels } from '../../src/kernels/kernels.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import type { Machine } from '../../src/machine/machine.js'
import { stepAt } from './atomics.js'

const HALF = PAGE_WORDS / 2

/** Gives every page the same hash. */
export function equateHashes(kernels: PageKernels): void {
  kernels.hash = () => {
    kernels.hashLow = 1
    kernels.hashHigh = 1
  }
}

/** Replaces the kernels of one thread's machine. */
export function tearKernels(machine: Machine, modules: KernelModules): void {
  const { kernels } = machine
  const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const scratchKernels = new PageKernels(modules, [segment], 4)
  const scratch = new Int32Array(segment.buffer, 0, PAGE_WORDS)

  /** Does something to the words of each half of a page. */
  const inHalves = (operation: string, mpn: number, act: (from: number, to: number) => void) => {
    const words = machine.words[mpn >>> machine.segmentShift]!
    const base = machine.wordBase(mpn)
    for (let from = 0; from < PAGE_WORDS; from += HALF) {
      stepAt(operation, words, base + from)
      act(from, from + HALF)
    }
  }
  const pageOf = (mpn: number) => {
    const base = machine.wordBase(mpn)
    return machine.words[mpn >>> machine.segmentShift]!.subarray(base, base + PAGE_WORDS)
  }
  const read = (operation: string, mpn: number) => {
    const page = pageOf(mpn)
    inHalves(operation, mpn, (from, to) => scratch.set(page.subarray(from, to), from))
  }
  const write = (operation: string, mpn: number, source: Int32Array) => {
    const page = pageOf(mpn)
    inHalves(operation, mpn, (from, to) => page.set(source.subarray(from, to), from))
  }

  kernels.hash = (mpn) => {
    read('hash', mpn)
    scratchKernels.hash(0)
    kernels.hashLow = scratchKernels.hashLow
    kernels.hashHigh = scratchKernels.hashHigh
  }
  kernels.equal = (a, b) => {
    const [one, other] = [pageOf(a), pageOf(b)]
    let equal = true
    inHalves(`compare with MPN ${b}`, a, (from, to) => {
      for (let word = from; word < to; word++) if (one[word] !== other[word]) equal = false
    })
    return equal
  }
  kernels.isZero = (mpn) => {
    read('compare with zeros', mpn)
    return scratchKernels.isZero(0)
  }
  kernels.copy = (to, from) => write(`copy from MPN ${from}`, to, pageOf(from))
  kernels.zero = (mpn) => write('zero', mpn, new Int32Array(PAGE_WORDS))
  kernels.fill = (mpn, keyLow, keyHigh) => {
    const digest = scratchKernels.fill(0, keyLow, keyHigh)
    write('fill', mpn, scratch)
    return digest
  }
}

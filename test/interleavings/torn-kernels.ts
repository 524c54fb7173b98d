/**
 * Bytes in steps. Page kernels go over a page in two halves, each a step of its own: so a page may change under a hash, a
 * comparison or a copy, and be seen half-written, as it may on real processors. A guest's loads and stores do a word a step.
 */
import type { KernelModules } from '../../src/kernels/kernels.js'
import { PageKernels } from '../../src/kernels/kernels.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import type { Machine } from '../../src/machine/machine.js'
import { stepAt } from './atomics.js'
import type { Hashes } from './race.js'

const HALF = PAGE_WORDS / 2

/** What of a hash chooses the bucket of a small share table. */
const BUCKET_OF_LOW = 0xff
const BUCKET_OF_HIGH = 0x7fff

/** Weakens the hashes of one thread. */
export function weakenHashes(kernels: PageKernels, hashes: Hashes | undefined): void {
  if (hashes === undefined) return
  const hash = kernels.hash.bind(kernels)
  kernels.hash = (mpn) => {
    hash(mpn)
    kernels.hashLow = hashes === 'equal' ? 1 : kernels.hashLow & ~BUCKET_OF_LOW
    kernels.hashHigh = hashes === 'equal' ? 1 : kernels.hashHigh & ~BUCKET_OF_HIGH
  }
}

/** Replaces the kernels of one thread's machine, and the words that its guest loads and stores. */
export function tearMemory(machine: Machine, modules: KernelModules): void {
  const { kernels } = machine
  const segments = [...machine.words]
  for (const [index, words] of segments.entries()) machine.words[index] = wordByWord(words)
  const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const scratchKernels = new PageKernels(modules, [segment], 4)
  const scratch = new Int32Array(segment.buffer, 0, PAGE_WORDS)

  /** Does something to the words of each half of a page. */
  const inHalves = (operation: string, mpn: number, act: (from: number, to: number) => void) => {
    const words = segments[mpn >>> machine.segmentShift]!
    const base = machine.wordBase(mpn)
    for (let from = 0; from < PAGE_WORDS; from += HALF) {
      stepAt(operation, words, base + from)
      act(from, from + HALF)
    }
  }
  const pageOf = (mpn: number) => {
    const base = machine.wordBase(mpn)
    return segments[mpn >>> machine.segmentShift]!.subarray(base, base + PAGE_WORDS)
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

/** The same words; to read or to write one is a step. */
function wordByWord(words: Int32Array): Int32Array {
  return new Proxy(words, {
    get: (_, key) => {
      stepAt('read', words, Number(key))
      return words[Number(key)]
    },
    set: (_, key, value) => {
      stepAt(`write(${value})`, words, Number(key))
      words[Number(key)] = value
      return true
    },
  })
}

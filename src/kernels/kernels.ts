/**
 * Page kernels by MPN: loads the WebAssembly modules and links them to the segments of machine memory.
 *
 * Every segment has its own instance of page.wasm. A kernel over two pages is taken from a square table with a row
 * for each segment: on its diagonal are the kernels within one segment, elsewhere those of a cross.wasm instance
 * for that ordered pair. So a call is two shifts, an addition and a call into WebAssembly: nothing is allocated.
 */
import { readFileSync } from 'node:fs'

/** Compiled kernels; can be posted to worker threads. */
export interface KernelModules {
  page: WebAssembly.Module
  cross: WebAssembly.Module
}

/** Compiles page.wasm and cross.wasm, which the build leaves beside this file. */
export function compileKernels(): KernelModules {
  return { page: compile('page.wasm'), cross: compile('cross.wasm') }
}

function compile(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(name, import.meta.url)))
}

const PAGE_SHIFT = 12

/** Pages are byte offsets in the instance's segment: 32 bits, taken as unsigned. Truths are 1 and 0. */
interface PageExports {
  hash: (page: number) => number
  hashHigh: () => number
  equal: (one: number, other: number) => number
  order: (one: number, other: number) => number
  copy: (to: number, from: number) => void
  zero: (page: number) => void
  isZero: (page: number) => number
  fill: (page: number, keyLow: number, keyHigh: number) => number
  digest: (page: number) => number
  /** For cross.wasm alone: their v128 and 64-bit values can't come from JavaScript as they are. */
  equal64: unknown
  load64: unknown
  store64: unknown
}

/** `own` pages are in the instance's own segment, `peer` pages in its peer's. */
interface CrossExports {
  equal: (own: number, peer: number) => number
  order: (own: number, peer: number) => number
  copy: (peerTo: number, ownFrom: number) => void
}

/**
 * The kernels over all of machine memory. They take no locks: bytes that another thread stores meanwhile may be
 * seen or not, word by word. An MPN beyond the segments throws (TypeError or WebAssembly.RuntimeError).
 * The 32-bit results are signed.
 */
export class PageKernels {
  /** Low half of the last hash, signed. */
  hashLow = 0
  /** High half of the last hash, signed. */
  hashHigh = 0

  private readonly segmentShift: number
  private readonly segmentCount: number
  private readonly frameMask: number
  /** By segment. */
  private readonly pages: PageExports[]
  /** By segment of the first page (equal) or source (copy) × segment count + segment of the other page. */
  private readonly pairs: CrossExports[]

  /**
   * @param segments memory of the frames, in order of MPN; each at most 4 GiB
   * @param segmentShift log2 of the frames in a segment, at most 20; the last segment may have fewer
   */
  constructor(modules: KernelModules, segments: readonly WebAssembly.Memory[], segmentShift: number) {
    this.segmentShift = segmentShift
    this.segmentCount = segments.length
    this.frameMask = 2 ** segmentShift - 1
    this.pages = segments.map((memory) => instantiatePage(modules.page, memory))
    this.pairs = segments.flatMap((memory, own) =>
      this.pages.map((peer, index) => (index === own ? peer : instantiateCross(modules.cross, memory, peer))),
    )
  }

  /** Hashes a page, see assembly/hash.ts. The result is left in hashLow and hashHigh. */
  hash(mpn: number): void {
    const page = this.pages[mpn >>> this.segmentShift]!
    this.hashLow = page.hash((mpn & this.frameMask) << PAGE_SHIFT)
    this.hashHigh = page.hashHigh()
  }

  /** Do the two pages hold the same bytes? */
  equal(a: number, b: number): boolean {
    const pair = (a >>> this.segmentShift) * this.segmentCount + (b >>> this.segmentShift)
    const aPage = (a & this.frameMask) << PAGE_SHIFT
    const bPage = (b & this.frameMask) << PAGE_SHIFT
    return this.pairs[pair]!.equal(aPage, bPage) !== 0
  }

  /** Below 0, 0 or above 0: the bytes of page `a` come before, are the same as, or come after those of `b` (memcmp). */
  order(a: number, b: number): number {
    const pair = (a >>> this.segmentShift) * this.segmentCount + (b >>> this.segmentShift)
    const aPage = (a & this.frameMask) << PAGE_SHIFT
    const bPage = (b & this.frameMask) << PAGE_SHIFT
    return this.pairs[pair]!.order(aPage, bPage)
  }

  copy(to: number, from: number): void {
    const pair = (from >>> this.segmentShift) * this.segmentCount + (to >>> this.segmentShift)
    const toPage = (to & this.frameMask) << PAGE_SHIFT
    const fromPage = (from & this.frameMask) << PAGE_SHIFT
    this.pairs[pair]!.copy(toPage, fromPage)
  }

  zero(mpn: number): void {
    this.pages[mpn >>> this.segmentShift]!.zero((mpn & this.frameMask) << PAGE_SHIFT)
  }

  isZero(mpn: number): boolean {
    return this.pages[mpn >>> this.segmentShift]!.isZero((mpn & this.frameMask) << PAGE_SHIFT) !== 0
  }

  /**
   * Writes the contents made from a 64-bit key; two keys never give the same page, and none the zero page.
   * @returns the digest of what was to be written, see digest.ts
   */
  fill(mpn: number, keyLow: number, keyHigh: number): number {
    const page = this.pages[mpn >>> this.segmentShift]!
    return page.fill((mpn & this.frameMask) << PAGE_SHIFT, keyLow, keyHigh)
  }

  /** Digest of what the page holds, see digest.ts. */
  digest(mpn: number): number {
    return this.pages[mpn >>> this.segmentShift]!.digest((mpn & this.frameMask) << PAGE_SHIFT)
  }
}

function instantiatePage(module: WebAssembly.Module, memory: WebAssembly.Memory): PageExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as PageExports
}

function instantiateCross(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  { equal64, load64, store64 }: PageExports,
): CrossExports {
  const imports = { env: { memory }, peer: { equal64, load64, store64 } }
  return new WebAssembly.Instance(module, imports).exports as unknown as CrossExports
}

/**
 * A guest's memory as the guest itself sees it, by PPN, on its own thread: what it loads and stores, whoever is the
 * hypervisor below it. The lab's is `Mmu` (machine/mmu.ts), that of the host's kernel `LinuxRam` (linux/ram.ts).
 *
 * Beside each store it keeps two truths: the page's digest, private to this thread (what the bytes must be at the end), and
 * its tag (what others would find equal to it).
 */
export interface GuestRam {
  /** What each page's bytes must digest to, by PPN: nobody but this guest knows. */
  readonly digests: Int32Array
  readonly pages: number
  /**
   * When the operation whose stores come next was to begin; Infinity: whenever it does. Written before each operation by whoever
   * paces them: the latency of a CoW fault is counted from there as well.
   */
  intendedNs: number

  load(ppn: number, word: number): number

  /** Stores `count` adjacent words, from `values`, beginning at word `word` of the page. */
  store(ppn: number, word: number, values: Int32Array, count: number): void

  /**
   * Reads what a store to a word will need, so that it is near by then. Nobody waits, and nothing is faulted in; the value means
   * nothing, but the caller must use it, or it would not be read.
   */
  prefetch(ppn: number, word: number): number

  /** Overwrites a page with the content of a 64-bit key; `tag` says what that is. */
  fill(ppn: number, keyLow: number, keyHigh: number, tag: number): void

  /** Overwrites a page with zeros. */
  zero(ppn: number): void

  /** What a page holds, by the guest's own account. */
  tagOf(ppn: number): number
}

/** The same pages when nobody touches them any more. */
export interface PagesAtRest {
  /** Digest of what a page holds; undefined if it can't be read. */
  digestOf(ppn: number): number | undefined
  /** Where it is, for a finding. */
  placeOf(ppn: number): string
}

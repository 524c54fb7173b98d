/** A guest's memory access that keeps what it stores in a plain array as well, and compares what it loads. */
import { type KernelModules, PageKernels } from '../../src/kernels/kernels.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import type { Machine } from '../../src/machine/machine.js'
import { Mmu, type MmuOptions } from '../../src/machine/mmu.js'

/** The plain arrays, and a page to make contents in: one set serves all rounds of a guest's thread. */
export class PlainPages {
  readonly pages: Int32Array[]
  private readonly kernels: PageKernels
  private readonly scratch: Int32Array

  constructor(pages: number, modules: KernelModules) {
    const segment = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    this.pages = Array.from({ length: pages }, () => new Int32Array(PAGE_WORDS))
    this.kernels = new PageKernels(modules, [segment], 4)
    this.scratch = new Int32Array(segment.buffer, 0, PAGE_WORDS)
  }

  fill(ppn: number, keyLow: number, keyHigh: number): void {
    this.kernels.fill(0, keyLow, keyHigh)
    this.pages[ppn]!.set(this.scratch)
  }
}

export class CheckedMmu extends Mmu {
  wordsStored = 0
  wordsLoaded = 0
  /** Where each page was last stored to. */
  private readonly lastWord: Int32Array

  constructor(
    machine: Machine,
    options: MmuOptions,
    private readonly plain: PlainPages,
  ) {
    super(machine, options)
    this.lastWord = new Int32Array(options.pages)
    for (const page of plain.pages) page.fill(0)
  }

  /** @throws Error when the word is not what was stored */
  override load(ppn: number, word: number): number {
    const value = super.load(ppn, word)
    const stored = this.plain.pages[ppn]![word]!
    if (value !== stored) {
      throw new Error(`page ${this.firstPage + ppn} word ${word}: stored ${stored}, loaded ${value}`)
    }
    this.wordsLoaded++
    return value
  }

  /** Loads what was stored last to this page: a store that got lost is seen before another one covers it up. */
  loadLast(ppn: number): void {
    this.load(ppn, this.lastWord[ppn]!)
  }

  override store(ppn: number, word: number, values: Int32Array, count: number): void {
    super.store(ppn, word, values, count)
    for (let i = 0; i < count; i++) this.plain.pages[ppn]![word + i] = values[i]!
    this.lastWord[ppn] = word
    this.wordsStored += count
  }

  override fill(ppn: number, keyLow: number, keyHigh: number, tag: number): void {
    super.fill(ppn, keyLow, keyHigh, tag)
    this.plain.fill(ppn, keyLow, keyHigh)
    this.wordsStored += PAGE_WORDS
  }

  override zero(ppn: number): void {
    super.zero(ppn)
    this.plain.pages[ppn]!.fill(0)
    this.wordsStored += PAGE_WORDS
  }
}

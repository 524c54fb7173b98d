/** Guests, scanner and reclaimer in any order, one step at a time, beside plain arrays of what was written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import { PRESENT, SHARED, SWAPPED } from '../../src/machine/pte.js'
import { GUEST, RECLAIM, SCAN } from '../../src/measure/counters.js'
import { type HostOptions, TestHost } from '../support/host.js'

const GUESTS = 2
const PAGES = 12
/** More frames than segments hold, fewer than the guests' pages. */
const FRAMES = 20
const ENOUGH_FRAMES = 4

interface Step {
  what: 'store' | 'known' | 'private' | 'zero' | 'load' | 'visit' | 'pass' | 'reclaim'
  guest: number
  ppn: number
  word: number
  value: number
  content: number
}

const step = fc.record<Step>({
  what: fc.constantFrom(
    ...(['store', 'known', 'private', 'zero', 'load', 'visit', 'pass', 'reclaim'] as const),
  ),
  guest: fc.nat(GUESTS - 1),
  ppn: fc.nat(PAGES - 1),
  word: fc.constantFrom(0, 1, 511, PAGE_WORDS - 1),
  // Few values, so that pages become equal, and equal to zero, by stores as well.
  value: fc.constantFrom(0, 1, 2),
  content: fc.nat(2),
})

/** The lab beside what each page must hold. */
class Model {
  readonly host: TestHost
  private readonly pages = Array.from({ length: GUESTS * PAGES }, () => new Int32Array(PAGE_WORDS))
  private readonly contents = new Map<number, Int32Array>([[0, new Int32Array(PAGE_WORDS)]])

  constructor(options: HostOptions) {
    this.host = new TestHost({
      frames: FRAMES,
      guests: new Array(GUESTS).fill(PAGES),
      swap: true,
      ...options,
    })
  }

  take(step: Step): void {
    const { host } = this
    if (step.what === 'visit') host.visit(step.guest, step.ppn)
    else if (step.what === 'pass') host.pass()
    else if (step.what === 'reclaim') host.reclaim(ENOUGH_FRAMES, step.word)
    else this.access(step)
  }

  /** Every word of every page, by way of the guest's own loads. */
  check(): void {
    this.host.assertIntact()
    this.pages.forEach((expected, page) => {
      const [guest, ppn] = [Math.floor(page / PAGES), page % PAGES]
      this.makeRoom()
      const { mmu } = this.host.guests[guest]!
      for (let word = 0; word < PAGE_WORDS; word++) {
        if (mmu.load(ppn, word) !== expected[word]) assert.fail(`guest ${guest} PPN ${ppn} word ${word}`)
      }
    })
    this.checkCounts()
    this.host.assertIntact()
  }

  /** What came in less what went out is what is there. */
  private checkCounts(): void {
    const { host } = this
    const sum = (field: number) => host.guests.reduce((total, { counters }) => total + counters[field]!, 0)
    const pagesWith = (flag: number) => host.handle.ptes.filter((pte) => (pte & flag) !== 0).length
    const swapOuts = host.reclaimRow[RECLAIM.swapOuts]!
    assert.equal(pagesWith(SWAPPED), swapOuts - sum(GUEST.swapIns))
    assert.equal(pagesWith(PRESENT), sum(GUEST.firstTouches) - swapOuts + sum(GUEST.swapIns))
    const merges = host.scanRow[SCAN.merges]! + host.reclaimRow[SCAN.merges]!
    const sharedPages = pagesWith(SHARED)
    const sharedFrames = new Set(
      [...host.handle.ptes].filter((pte) => (pte & SHARED) !== 0).map((pte) => pte >>> 8),
    )
    assert.ok(sharedPages - sharedFrames.size <= merges)
  }

  private access({ what, guest, ppn, word, value, content }: Step): void {
    this.makeRoom()
    const { mmu, contents } = this.host.guests[guest]!
    const page = this.pages[guest * PAGES + ppn]!
    if (what === 'store') {
      mmu.store(ppn, word, Int32Array.of(value), 1)
      page[word] = value
    } else if (what === 'known') {
      contents.writeKnown(ppn, content)
      page.set(this.wordsOf(content, guest, ppn))
    } else if (what === 'private') {
      contents.writePrivate(ppn)
      page.set(this.read(guest, ppn))
    } else if (what === 'zero') {
      mmu.zero(ppn)
      page.fill(0)
    } else {
      assert.equal(mmu.load(ppn, word), page[word])
    }
  }

  /** What a content is by the first page it was written to: from then on the same everywhere. */
  private wordsOf(content: number, guest: number, ppn: number): Int32Array {
    const words = this.contents.get(content) ?? this.read(guest, ppn)
    this.contents.set(content, words)
    return words
  }

  private read(guest: number, ppn: number): Int32Array {
    const { mmu } = this.host.guests[guest]!
    return Int32Array.from({ length: PAGE_WORDS }, (_, word) => mmu.load(ppn, word))
  }

  /** A guest must not stall here: there is nobody who could help it while it waits. */
  private makeRoom(): void {
    if (this.host.freeFrames() < 2) this.host.reclaim(ENOUGH_FRAMES)
  }
}

for (const options of [{}, { salts: [1, 2], forceSalting: 2 }, { share: [true, false] }] as HostOptions[]) {
  const which = JSON.stringify(options)
  test(`whatever sharing and swapping do, each page reads as it was last written: ${which}`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const model = new Model(options)
        try {
          for (const each of steps) model.take(each)
          model.check()
        } finally {
          model.host.close()
        }
      }),
      { numRuns: 60 },
    )
  })
}

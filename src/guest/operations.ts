/**
 * What the activities of a workload do, one operation at a time. Which page, which word, which value: all of it comes
 * from the activity's own pseudo-random stream, so what a guest stores depends on the seed and not on the machine.
 */

import { CACHE_LINE_WORDS, PAGE_WORDS } from '../machine/layout.js'
import { ZERO_TAG } from '../machine/machine.js'
import { Permutation } from '../random/permutation.js'
import { Prng } from '../random/prng.js'
import { Zipf } from '../random/zipf.js'
import type { Activity, ImageExtent, PageRange } from '../scenario/plan.js'
import type { PageContents } from './contents.js'
import type { GuestRam } from './ram.js'

/** An activity at work. `operations`: how many there are in all, Infinity if it has no end. */
export interface Operation {
  readonly operations: number
  run(): void
}

export interface GuestMemory {
  ram: GuestRam
  contents: PageContents
  image: readonly ImageExtent[]
}

export function operationOf(
  activity: Exclude<Activity, { do: 'busy' }>,
  memory: GuestMemory,
  seed: number,
): Operation {
  switch (activity.do) {
    case 'boot':
      return new Boot(memory)
    case 'fill':
      return new Fill(memory, activity.ranges)
    case 'update':
      return new Update(memory, activity, seed)
    case 'read':
      return new Read(memory, activity, seed)
    case 'reload':
      return new Reload(memory, activity.ranges, seed)
    case 'zero':
      return new Zero(memory, activity.ranges, seed)
    case 'tick':
      return new Tick(memory, activity.ranges, activity.pages, seed)
  }
}

/** Pages of several ranges, numbered through from 0. */
class Pages {
  readonly count: number

  constructor(private readonly ranges: readonly PageRange[]) {
    this.count = ranges.reduce((sum, range) => sum + range.pages, 0)
  }

  at(index: number): number {
    let rest = index
    let range = 0
    while (rest >= this.ranges[range]!.pages) rest -= this.ranges[range++]!.pages
    return this.ranges[range]!.first + rest
  }
}

/** Random pages: uniform, or Zipf-distributed with the popular ones scattered over the ranges. */
class PageChooser {
  private readonly zipf: Zipf | undefined
  private readonly scatter: Permutation

  constructor(
    private readonly pages: Pages,
    zipf: number,
    private readonly prng: Prng,
    seed: number,
  ) {
    this.zipf = zipf > 0 ? new Zipf(pages.count, zipf, prng) : undefined
    this.scatter = new Permutation(pages.count, seed)
  }

  next(): number {
    if (this.zipf === undefined) return this.pages.at(this.prng.nextBelow(this.pages.count))
    return this.pages.at(this.scatter.at(this.zipf.next()))
  }
}

/** Writes the image, page by page. */
class Boot implements Operation {
  readonly operations: number
  private extent = 0
  private index = 0

  constructor(private readonly memory: GuestMemory) {
    this.operations = memory.image.reduce((sum, extent) => sum + extent.pages, 0)
  }

  run(): void {
    while (this.index === this.memory.image[this.extent]!.pages) {
      this.extent++
      this.index = 0
    }
    const extent = this.memory.image[this.extent]!
    const ppn = extent.first + this.index
    const { contents } = this.memory
    if (extent.class === 'private') contents.writePrivate(ppn)
    else if (extent.class === 'zero') contents.writeKnown(ppn, ZERO_TAG)
    else contents.writeKnown(ppn, extent.firstContent + (this.index % extent.contents))
    this.index++
  }
}

/** Fills pages with new private contents, one after the other. */
class Fill implements Operation {
  readonly operations: number
  private readonly pages: Pages
  private next = 0

  constructor(
    private readonly memory: GuestMemory,
    ranges: readonly PageRange[],
  ) {
    this.pages = new Pages(ranges)
    this.operations = this.pages.count
  }

  run(): void {
    this.memory.contents.writePrivate(this.pages.at(this.next++))
  }
}

/** Places that an update chooses ahead. */
const LOOK_AHEAD = 16

/**
 * Stores random values to adjacent words at a random place, under one of the block's lock words. Places are chosen, and prefetched,
 * some visits ahead: the locks of a store keep the processor from fetching what the next needs, so each would wait for
 * its own words; read together before, they are fetched together.
 */
class Update implements Operation {
  readonly operations = Number.POSITIVE_INFINITY
  private readonly prng: Prng
  private readonly pages: Pages
  private readonly chooser: PageChooser
  private readonly values: Int32Array
  private readonly lockValue = new Int32Array(1)
  private readonly words: number
  private readonly locks: number
  private readonly ppns = new Int32Array(LOOK_AHEAD)
  private readonly firstWords = new Int32Array(LOOK_AHEAD)
  private visited = LOOK_AHEAD
  /** What was read only to have it near. */
  prefetched = 0

  constructor(
    private readonly memory: GuestMemory,
    { ranges, words, locks, zipf }: { ranges: PageRange[]; words: number; locks: number; zipf: number },
    seed: number,
  ) {
    this.prng = new Prng(seed)
    this.pages = new Pages(ranges)
    this.chooser = new PageChooser(this.pages, zipf, this.prng, seed)
    this.values = new Int32Array(words)
    this.words = words
    this.locks = locks
  }

  run(): void {
    if (this.visited === LOOK_AHEAD) this.lookAhead()
    const lock = this.locks > 0 ? this.prng.nextBelow(this.locks) * CACHE_LINE_WORDS : -1
    if (lock >= 0) this.storeLock(lock)
    const ppn = this.ppns[this.visited]!
    const word = this.firstWords[this.visited++]!
    for (let i = 0; i < this.words; i++) this.values[i] = this.prng.nextInt32()
    this.memory.ram.store(ppn, word, this.values, this.words)
    if (lock >= 0) this.storeLock(lock)
  }

  private lookAhead(): void {
    let prefetched = 0
    for (let i = 0; i < LOOK_AHEAD; i++) {
      const ppn = this.chooser.next()
      const word = this.prng.nextBelow(PAGE_WORDS - this.words + 1)
      this.ppns[i] = ppn
      this.firstWords[i] = word
      prefetched ^= this.memory.ram.prefetch(ppn, word)
    }
    this.prefetched = prefetched
    this.visited = 0
  }

  /** Takes or releases a lock. The words stored are never the same twice, so the page is what no other page is. */
  private storeLock(at: number): void {
    this.lockValue[0] = this.prng.nextInt32()
    this.memory.ram.store(this.pages.at(Math.floor(at / PAGE_WORDS)), at % PAGE_WORDS, this.lockValue, 1)
  }
}

/** Loads a random word. */
class Read implements Operation {
  readonly operations = Number.POSITIVE_INFINITY
  private readonly prng: Prng
  private readonly chooser: PageChooser

  constructor(
    private readonly memory: GuestMemory,
    { ranges, zipf }: { ranges: PageRange[]; zipf: number },
    seed: number,
  ) {
    this.prng = new Prng(seed)
    this.chooser = new PageChooser(new Pages(ranges), zipf, this.prng, seed)
  }

  run(): void {
    this.memory.ram.load(this.chooser.next(), this.prng.nextBelow(PAGE_WORDS))
  }
}

/** Pages that the guest's memory manager keeps free and zeroed between eviction and re-use, at most. */
const FREE_PAGES_MAX = 64
/** Random pages looked at to find one that holds a known content. */
const VICTIM_TRIES_MAX = 16

/**
 * The guest's own paging: evicts a known content, zeroing its page, and reads a content that was evicted earlier into
 * a page that was freed earlier. Contents stay, places change: opportunity stays, sharing breaks.
 */
class Reload implements Operation {
  readonly operations = Number.POSITIVE_INFINITY
  private readonly prng: Prng
  private readonly pages: Pages
  private readonly freePages: number[] = []
  private readonly evicted: number[] = []
  private readonly freePagesTarget: number

  constructor(
    private readonly memory: GuestMemory,
    ranges: readonly PageRange[],
    seed: number,
  ) {
    this.prng = new Prng(seed)
    this.pages = new Pages(ranges)
    this.freePagesTarget = Math.min(FREE_PAGES_MAX, Math.floor(this.pages.count / 4))
  }

  run(): void {
    const victim = this.victim()
    if (victim >= 0) {
      this.evicted.push(this.memory.ram.tagOf(victim))
      this.freePages.push(victim)
      this.memory.ram.zero(victim)
    }
    if (this.freePages.length <= this.freePagesTarget) return
    this.memory.contents.writeKnown(this.takeFreePage(), this.evicted.shift()!)
  }

  private takeFreePage(): number {
    const at = this.prng.nextBelow(this.freePages.length)
    const ppn = this.freePages[at]!
    this.freePages[at] = this.freePages[this.freePages.length - 1]!
    this.freePages.pop()
    return ppn
  }

  private victim(): number {
    for (let tries = 0; tries < VICTIM_TRIES_MAX; tries++) {
      const ppn = this.pages.at(this.prng.nextBelow(this.pages.count))
      if (this.memory.ram.tagOf(ppn) > ZERO_TAG) return ppn
    }
    return -1
  }
}

/** Zeroes a random page. */
class Zero implements Operation {
  readonly operations = Number.POSITIVE_INFINITY
  private readonly prng: Prng
  private readonly pages: Pages

  constructor(
    private readonly memory: GuestMemory,
    ranges: readonly PageRange[],
    seed: number,
  ) {
    this.prng = new Prng(seed)
    this.pages = new Pages(ranges)
  }

  run(): void {
    this.memory.ram.zero(this.pages.at(this.prng.nextBelow(this.pages.count)))
  }
}

/** Housekeeping of an idle system: stores a word to each of the same few pages, tick after tick. */
class Tick implements Operation {
  readonly operations = Number.POSITIVE_INFINITY
  private readonly prng: Prng
  private readonly ppns: Int32Array
  private readonly value = new Int32Array(1)

  constructor(
    private readonly memory: GuestMemory,
    ranges: readonly PageRange[],
    pages: number,
    seed: number,
  ) {
    this.prng = new Prng(seed)
    const all = new Pages(ranges)
    const scatter = new Permutation(all.count, seed)
    this.ppns = Int32Array.from({ length: Math.min(pages, all.count) }, (_, i) => all.at(scatter.at(i)))
  }

  run(): void {
    for (let i = 0; i < this.ppns.length; i++) {
      this.value[0] = this.prng.nextInt32()
      this.memory.ram.store(this.ppns[i]!, this.prng.nextBelow(PAGE_WORDS), this.value, 1)
    }
  }
}

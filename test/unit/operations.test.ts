import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operationOf } from '../../src/guest/operations.js'
import { PAGE_WORDS } from '../../src/machine/layout.js'
import { UNIQUE_TAG, ZERO_TAG } from '../../src/machine/machine.js'
import { ABSENT_PTE } from '../../src/machine/pte.js'
import type { Activity, ImageExtent, PageRange } from '../../src/scenario/plan.js'
import { guestCounts, TestHost } from '../support/host.js'

type Memory = Parameters<typeof operationOf>[1]
const PAGES = 24
const pace = { kind: 'over', seconds: 0 } as const

const IMAGE: ImageExtent[] = [
  { class: 'zero', first: 0, pages: 2, firstContent: 0, contents: 1 },
  { class: 'common', first: 2, pages: 4, firstContent: 10, contents: 4 },
  { class: 'duplicated', first: 6, pages: 6, firstContent: 20, contents: 2 },
  { class: 'private', first: 12, pages: 3, firstContent: 0, contents: 3 },
]

function guestOf({ image = IMAGE, seed = 1 } = {}): { host: TestHost; memory: Memory } {
  const host = new TestHost({ guests: [4, PAGES], frames: 60, seed })
  const { mmu, contents } = host.guests[1]!
  return { host, memory: { ram: mmu, contents, image } }
}

function run(activity: Exclude<Activity, { do: 'busy' }>, memory: Memory, times?: number, seed = 5): void {
  const operation = operationOf(activity, memory, seed)
  if (times === undefined) assert.ok(Number.isFinite(operation.operations))
  for (let n = 0; n < (times ?? operation.operations); n++) operation.run()
}

/** Every word of every page that has a frame, by PPN. */
function contentOf(memory: Memory, host: TestHost): Map<number, string> {
  const touched = Array.from({ length: PAGES }, (_, ppn) => ppn).filter(
    (ppn) => host.pte(1, ppn) !== ABSENT_PTE,
  )
  return new Map(
    touched.map((ppn) => [
      ppn,
      Array.from({ length: PAGE_WORDS }, (_, word) => memory.ram.load(ppn, word)).join(),
    ]),
  )
}

/** PPNs whose content differs. */
function changed(before: Map<number, string>, after: Map<number, string>): number[] {
  return [...after.keys()].filter((ppn) => after.get(ppn) !== before.get(ppn))
}

test('boot writes the image, page by page: tags, bytes, and nothing beyond it', () => {
  const { host, memory } = guestOf()
  run({ do: 'boot', pace }, memory)
  const tags = Array.from({ length: PAGES }, (_, ppn) => host.tag(1, ppn))
  assert.deepEqual(tags.slice(0, 15), [
    0,
    0,
    10,
    11,
    12,
    13,
    20,
    21,
    20,
    21,
    20,
    21,
    ...new Array(3).fill(UNIQUE_TAG),
  ])
  const pages = contentOf(memory, host)
  assert.deepEqual(
    [...pages.keys()],
    Array.from({ length: 15 }, (_, ppn) => ppn),
  )
  // Equal bytes exactly where tags are equal, and each private page unlike any other.
  assert.equal(new Set(pages.values()).size, 1 + 4 + 2 + 3)
  for (const [ppn, words] of pages) {
    const like = [...pages].filter(([, other]) => other === words).map(([other]) => other)
    const sameTag = [...pages.keys()].filter(
      (other) => other === ppn || (tags[other] === tags[ppn] && tags[ppn] !== -1),
    )
    assert.deepEqual(like, sameTag)
  }
  host.assertIntact()
})

test('the common content of a number is the same in every guest with that seed, and another with another', () => {
  const [one, same, other] = [guestOf({ seed: 1 }), guestOf({ seed: 1 }), guestOf({ seed: 2 })]
  for (const { memory } of [one, same, other]) run({ do: 'boot', pace }, memory)
  one.host.guests[0]!.contents.writeKnown(0, 10)
  const words = (ram: Memory['ram'], ppn: number) =>
    Array.from({ length: 8 }, (_, word) => ram.load(ppn, word))
  assert.deepEqual(words(one.host.guests[0]!.mmu, 0), words(one.memory.ram, 2))
  assert.deepEqual(words(same.memory.ram, 2), words(one.memory.ram, 2))
  assert.notDeepEqual(words(other.memory.ram, 2), words(one.memory.ram, 2))
  assert.notDeepEqual(words(other.memory.ram, 12), words(one.memory.ram, 12))
})

test('fill writes new private contents to each page of its ranges once, in order', () => {
  const { host, memory } = guestOf()
  run({ do: 'boot', pace }, memory)
  const before = contentOf(memory, host)
  const ranges = [
    { first: 13, pages: 1 },
    { first: 2, pages: 3 },
  ]
  const fill = operationOf({ do: 'fill', ranges, pace }, memory, 5)
  assert.equal(fill.operations, 4)
  const order: number[] = []
  for (let n = 0; n < 4; n++) {
    const now = contentOf(memory, host)
    fill.run()
    order.push(...changed(now, contentOf(memory, host)))
  }
  assert.deepEqual(order, [13, 2, 3, 4])
  const after = contentOf(memory, host)
  assert.deepEqual(changed(before, after), [2, 3, 4, 13])
  for (const ppn of order) assert.equal(host.tag(1, ppn), UNIQUE_TAG)
  assert.equal(new Set(order.map((ppn) => after.get(ppn))).size, 4)
  // The content that page 13 held before is not written a second time.
  assert.ok(!order.map((ppn) => after.get(ppn)).includes(before.get(13)))
})

const RANGES: PageRange[] = [
  { first: 3, pages: 2 },
  { first: 20, pages: 3 },
]
const IN_RANGES = [3, 4, 20, 21, 22]

function touchedBy(activity: Exclude<Activity, { do: 'busy' }>, times: number): number[] {
  const { host, memory } = guestOf()
  run(activity, memory, times)
  host.assertIntact()
  return [...contentOf(memory, host).keys()]
}

test('update, read, zero and tick reach every page of their ranges and no other', () => {
  const update = { do: 'update', ranges: RANGES, pace, words: 3, locks: 2 } as const
  assert.deepEqual(touchedBy({ ...update, ranges: RANGES, zipf: 0 }, 200), IN_RANGES)
  assert.deepEqual(touchedBy({ ...update, ranges: RANGES, zipf: 0.8 }, 300), IN_RANGES)
  assert.deepEqual(touchedBy({ do: 'read', ranges: RANGES, pace, zipf: 0 }, 200), IN_RANGES)
  assert.deepEqual(touchedBy({ do: 'zero', ranges: RANGES, pace }, 200), IN_RANGES)
  assert.deepEqual(touchedBy({ do: 'tick', ranges: RANGES, pace, pages: 5 }, 1), IN_RANGES)
})

test('update stores so many adjacent words at each visit, and takes and releases a lock word', () => {
  for (const [words, locks] of [
    [1, 0],
    [7, 0],
    [1, 1],
    [PAGE_WORDS, 64],
  ] as const) {
    const { host, memory } = guestOf()
    const ranges = [{ first: 8, pages: 4 }]
    run({ do: 'update', ranges, pace, words, locks, zipf: 0 }, memory, 100)
    const perVisit = words + (locks > 0 ? 2 : 0)
    assert.equal(guestCounts(host.guests[1]!.counters).stores, 100 * perVisit)
    host.assertIntact()
  }
})

test('update stores to adjacent words only', () => {
  const { host, memory } = guestOf()
  const ranges = [{ first: 8, pages: 1 }]
  const update = operationOf({ do: 'update', ranges, pace, words: 6, locks: 0, zipf: 0 }, memory, 9)
  const read = () => Array.from({ length: PAGE_WORDS }, (_, word) => memory.ram.load(8, word))
  for (let n = 0; n < 50; n++) {
    const before = read()
    update.run()
    const after = read()
    const stored = [...after.keys()].filter((word) => after[word] !== before[word])
    assert.ok(stored.length >= 5 && stored.at(-1)! - stored[0]! < 6, `${stored}`)
  }
  host.assertIntact()
})

test('an update stores to its lock word before and after: locks lie a cache line apart, in the first pages', () => {
  const { host, memory } = guestOf()
  const stores: [number, number, number][] = []
  const { store } = memory.ram
  memory.ram.store = (ppn, word, values, count) => {
    stores.push([ppn, word, values[0]!])
    store.call(memory.ram, ppn, word, values, count)
  }
  const ranges = [
    { first: 20, pages: 1 },
    { first: 9, pages: 3 },
  ]
  run({ do: 'update', ranges, pace, words: 1, locks: 100, zipf: 0 }, memory, 400)
  const locks = new Set<string>()
  const lockValues = new Set<number>()
  for (let n = 0; n < stores.length; n += 3) {
    const [take, , release] = stores.slice(n, n + 3) as [number, number, number][]
    assert.deepEqual(take!.slice(0, 2), release!.slice(0, 2))
    assert.equal(take![1] % 16, 0)
    locks.add(String(take!.slice(0, 2)))
    lockValues.add(take![2]).add(release![2])
  }
  // No word twice: else a page of zeros would be one again when its lock is released.
  assert.equal(lockValues.size, (2 * stores.length) / 3)
  // 64 lock words fit in a page.
  assert.deepEqual(new Set([...locks].map((lock) => Number(lock.split(',')[0]))), new Set([20, 9]))
  assert.ok(locks.size > 90 && locks.size <= 100)
  host.assertIntact()
})

test('read stores nothing', () => {
  const { host, memory } = guestOf()
  run({ do: 'read', ranges: RANGES, pace, zipf: 0 }, memory, 100)
  assert.equal(guestCounts(host.guests[1]!.counters).loads, 100)
  assert.equal(guestCounts(host.guests[1]!.counters).stores, undefined)
})

test('zero leaves zeros, and the tag says so', () => {
  const { host, memory } = guestOf()
  run({ do: 'boot', pace }, memory)
  run({ do: 'zero', ranges: [{ first: 2, pages: 4 }], pace }, memory, 60)
  const pages = contentOf(memory, host)
  for (const ppn of [2, 3, 4, 5]) {
    assert.equal(host.tag(1, ppn), ZERO_TAG)
    assert.equal(pages.get(ppn), pages.get(0))
  }
  assert.equal(host.tag(1, 6), 20)
})

test('tick stores one word in each page of the same few, tick after tick', () => {
  const { host, memory } = guestOf()
  const tick = operationOf({ do: 'tick', ranges: [{ first: 0, pages: 24 }], pace, pages: 3 }, memory, 5)
  assert.equal(tick.operations, Number.POSITIVE_INFINITY)
  tick.run()
  const set = [...contentOf(memory, host).keys()]
  assert.equal(set.length, 3)
  for (let n = 1; n < 20; n++) {
    const before = contentOf(memory, host)
    tick.run()
    assert.deepEqual(changed(before, contentOf(memory, host)), set)
    assert.equal(guestCounts(host.guests[1]!.counters).stores, 3 * (n + 1))
  }
  host.assertIntact()
})

test('a Zipf exponent makes some pages popular: scattered, and others for another seed', () => {
  const popular = (seed: number) => {
    const { host, memory } = guestOf()
    const loads = new Array<number>(PAGES).fill(0)
    const { load } = memory.ram
    memory.ram.load = (ppn, word) => {
      loads[ppn]! += 1
      return load.call(memory.ram, ppn, word)
    }
    run({ do: 'read', ranges: [{ first: 0, pages: PAGES }], pace, zipf: 1.5 }, memory, 2000, seed)
    host.assertIntact()
    assert.ok(Math.max(...loads) > 2000 / 4)
    return loads.indexOf(Math.max(...loads))
  }
  assert.ok(new Set([1, 2, 3, 4, 5, 6].map(popular)).size >= 3)
})

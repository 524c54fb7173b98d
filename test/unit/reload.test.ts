/** The guest's own memory manager: contents stay, places change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { operationOf } from '../../src/guest/operations.js'
import { ZERO_TAG } from '../../src/machine/machine.js'
import { GUEST } from '../../src/measure/counters.js'
import { TestHost } from '../support/host.js'

const pace = { kind: 'rate', perSecond: 1 } as const

function guestWith(contents: readonly number[], seed = 3) {
  const host = new TestHost({ guests: [contents.length], frames: contents.length + 8 })
  const guest = host.guests[0]!
  contents.forEach((content, ppn) => {
    guest.contents.writeKnown(ppn, content)
  })
  const ranges = [{ first: 0, pages: contents.length }]
  const memory = { ram: guest.mmu, contents: guest.contents, image: [], storeLatency: host.histograms.store }
  return { host, reload: operationOf({ do: 'reload', ranges, pace }, memory, seed) }
}

function tags(host: TestHost): number[] {
  return [...host.handle.tags]
}

function tally(contents: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const content of contents) if (content > ZERO_TAG) counts.set(content, (counts.get(content) ?? 0) + 1)
  return counts
}

/** Contents of `all` that `present` lacks, with how many of each. */
function lacking(all: readonly number[], present: readonly number[]): number {
  const there = tally(present)
  let missing = 0
  for (const [content, count] of tally(all)) missing += count - (there.get(content) ?? 0)
  for (const [content, count] of there)
    assert.ok(count <= (tally(all).get(content) ?? 0), `${content} multiplied`)
  return missing
}

test('contents stay the same, but for those that are evicted and not read back yet', () => {
  const images = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 8, maxLength: 60 })
  fc.assert(
    fc.property(images, fc.integer(), fc.nat(200), (image, seed, operations) => {
      const { host, reload } = guestWith(image, seed)
      const inFlightMax = Math.min(64, Math.floor(image.length / 4))
      for (let n = 0; n < operations; n++) {
        reload.run()
        const inFlight = lacking(image, tags(host))
        assert.ok(inFlight <= inFlightMax, `${inFlight} of ${image.length}`)
        assert.equal(inFlight, tags(host).filter((tag) => tag === ZERO_TAG).length)
      }
      host.assertIntact()
    }),
    { numRuns: 40 },
  )
})

test('places change', () => {
  const image = Array.from({ length: 60 }, (_, ppn) => 1 + ppn)
  const { host, reload } = guestWith(image)
  for (let n = 0; n < 400; n++) reload.run()
  const unmoved = tags(host).filter((tag, ppn) => tag === image[ppn])
  assert.ok(unmoved.length < 10, `${unmoved.length} of 60 are where they were`)
})

test('no more than 64 pages are kept free, however large the guest', () => {
  const image = Array.from({ length: 400 }, (_, ppn) => 1 + ppn)
  const { host, reload } = guestWith(image)
  for (let n = 0; n < 1000; n++) reload.run()
  assert.equal(tags(host).filter((tag) => tag === ZERO_TAG).length, 64)
})

test('what is evicted first is read back first', () => {
  const image = Array.from({ length: 20 }, (_, ppn) => 1 + ppn)
  const { host, reload } = guestWith(image)
  const evicted: number[] = []
  const readBack: number[] = []
  for (let n = 0; n < 100; n++) {
    const before = tally(tags(host))
    reload.run()
    const after = tally(tags(host))
    evicted.push(...[...before.keys()].filter((content) => !after.has(content)))
    readBack.push(...[...after.keys()].filter((content) => !before.has(content)))
  }
  assert.ok(readBack.length > 80)
  assert.deepEqual(readBack, evicted.slice(0, readBack.length))
})

test('sharing breaks: each page that is evicted or read into was shared, and takes a CoW fault', () => {
  const image = Array.from({ length: 20 }, (_, ppn) => 1 + (ppn % 5))
  const { host, reload } = guestWith(image)
  host.pass()
  assert.equal(host.freeFrames(), 28 - 5)
  for (let n = 0; n < 5; n++) reload.run()
  assert.equal(host.guests[0]!.counters[GUEST.cowFaults], 5)
  assert.equal(host.freeFrames(), 28 - 5 - 5)
  for (let n = 0; n < 100; n++) reload.run()
  host.pass()
  host.pass()
  assert.ok(host.freeFrames() >= 28 - 6, 'the same contents are found again elsewhere')
  host.assertIntact()
})

test('pages without a known content are no victims', () => {
  const { host, reload } = guestWith(new Array(20).fill(0))
  host.guests[0]!.contents.writePrivate(3)
  const before = host.metadata()
  for (let n = 0; n < 50; n++) reload.run()
  assert.deepEqual(host.metadata(), before)
})

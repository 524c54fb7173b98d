/** The reader of the kernel's records of page faults, over a made-up ring that is filled as the kernel fills it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FaultRing, RING_BYTES, RING_DATA_PAGES } from '../../src/linux/fault-ring.js'

const PAGE = 0x7f12_3456_7000
const DATA_BYTES = RING_DATA_PAGES * 4096
const SAMPLE = 9
const THROTTLE = 5

class MadeUpRing {
  readonly words = new Int32Array(RING_BYTES / 4)
  readonly ring = new FaultRing(this.words)

  /** @param head bytes that were recorded before */
  constructor(private head = 0) {
    this.words[256] = head | 0
  }

  fault(address: number): void {
    this.record(SAMPLE, [address | 0, Math.floor(address / 2 ** 32)])
  }

  /** A record of another type, that would be a fault in the page if it were one. */
  other(words: number): void {
    this.record(
      THROTTLE,
      Array.from({ length: words }, (_, i) => (i === 0 ? PAGE | 0 : PAGE / 2 ** 32)),
    )
  }

  private record(type: number, payload: number[]): void {
    const size = 8 + 4 * payload.length
    for (const word of [type, (size << 16) | 0x4001, ...payload]) {
      this.words[1024 + ((this.head % DATA_BYTES) >> 2)] = word
      this.head += 4
    }
    this.words[256] = this.head | 0
  }
}

test('a store that recorded nothing did not fault, whatever was recorded before it', () => {
  const made = new MadeUpRing()
  assert.equal(made.ring.hasFaultIn(PAGE, made.ring.head()), false)
  made.fault(PAGE + 8)
  assert.equal(made.ring.hasFaultIn(PAGE, made.ring.head()), false)
})

test('a fault anywhere in the page is found, one just beside it is not', () => {
  for (const [offset, isFound] of [
    [0, true],
    [4095, true],
    [-1, false],
    [4096, false],
    [2 ** 32, false],
    [-(2 ** 32), false],
  ] as const) {
    const made = new MadeUpRing()
    const before = made.ring.head()
    made.fault(PAGE + offset)
    assert.equal(made.ring.hasFaultIn(PAGE, before), isFound, `offset ${offset}`)
  }
})

test('among records of other pages and other kinds, at any place of the ring, the one of the page is found', () => {
  // Starts close to where the ring, and the lower half of the head, begin anew; there, too, a record may be torn in two.
  const heads = fc
    .tuple(fc.constantFrom(DATA_BYTES, 2 ** 31, 2 ** 32, 3 * DATA_BYTES), fc.integer({ min: -20, max: 0 }))
    .map(([end, records]) => end + 8 * records)
  const records = fc.array(fc.oneof(fc.constant('other' as const), fc.constantFrom(2, 4)), { maxLength: 40 })
  fc.assert(
    fc.property(heads, records, records, fc.boolean(), (head, earlier, later, faults) => {
      const made = new MadeUpRing(head)
      const write = (what: 'other' | number) =>
        what === 'other' ? made.fault(PAGE + 4096 * 3) : made.other(what)
      made.fault(PAGE)
      const before = made.ring.head()
      earlier.forEach(write)
      if (faults) made.fault(PAGE + 100)
      later.forEach(write)
      assert.equal(made.ring.hasFaultIn(PAGE, before), faults)
      assert.equal(made.ring.hasFaultIn(PAGE + 4096 * 3, before), [...earlier, ...later].includes('other'))
    }),
  )
})

test('more records than the ring holds: the newest are looked at, each once', () => {
  const made = new MadeUpRing()
  const before = made.ring.head()
  made.fault(PAGE)
  for (let n = 0; n < DATA_BYTES / 16; n++) made.fault(PAGE + 4096)
  assert.equal(made.ring.hasFaultIn(PAGE, before), false, 'overwritten')
  made.fault(PAGE)
  assert.equal(made.ring.hasFaultIn(PAGE, before), true)
})

test('a ring of nonsense is not searched for ever', () => {
  const made = new MadeUpRing()
  made.words[256] = DATA_BYTES
  assert.equal(made.ring.hasFaultIn(PAGE, 0), false)
})

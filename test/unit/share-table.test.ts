import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createFrameTable,
  END,
  FRAME_WORDS,
  FREE_STATE,
  HASH_HIGH,
  HASH_LOW,
  NEXT,
  ownedBy,
  ownerOf,
  STATE,
  UNLINKED,
} from '../../src/machine/frames.js'
import { createBuckets, type Found, ShareTable } from '../../src/machine/share-table.js'

const FRAMES = 12
/** Two buckets for twelve frames: long chains. */
const BUCKETS = 2

interface Entry {
  hash: string
  /** References of a shared entry, 0 for a hint, DYING for one that lost its last. */
  references: number
}

const DYING = -1

/** The share table beside a plain map from frames to what they are filed as. */
class Model {
  readonly frameTable = createFrameTable(FRAMES)
  readonly table = new ShareTable(createBuckets(BUCKETS), this.frameTable)
  private readonly entries = new Map<number, Entry>()

  constructor() {
    for (let mpn = 0; mpn < FRAMES; mpn++) this.makePrivate(mpn)
  }

  findOrFile(mpn: number, low: number, high: number): void {
    if (this.isShared(mpn)) return
    this.entries.delete(mpn)
    const isFiled = !this.holds(low, high)
    this.assertFound(this.table.findOrFile(mpn, low, high), low, high, mpn)
    if (isFiled) this.entries.set(mpn, { hash: `${low},${high}`, references: 0 })
    assert.equal(this.state(mpn), ownedBy(mpn))
  }

  fileShared(mpn: number, low: number, high: number, references: number): void {
    if (this.isShared(mpn)) return
    this.entries.delete(mpn)
    const free = !this.holds(low, high)
    assert.equal(this.table.fileShared(mpn, low, high, references), free)
    if (free) this.entries.set(mpn, { hash: `${low},${high}`, references })
    assert.equal(this.state(mpn), free ? references : ownedBy(mpn))
  }

  promote(mpn: number, references: number): void {
    const entry = this.entries.get(mpn)
    if (entry === undefined || entry.references !== 0) return
    this.table.promote(mpn, this.word(mpn, HASH_LOW), this.word(mpn, HASH_HIGH), references)
    entry.references = references
  }

  /** Drops the last reference of a shared entry: it stays in its chain until it is taken off. */
  drop(mpn: number): void {
    const entry = this.entries.get(mpn)
    if (entry === undefined || entry.references <= 0) return
    this.frameTable[mpn * FRAME_WORDS + STATE] = FREE_STATE
    entry.references = DYING
  }

  /** Takes the entry off; a shared one as whoever drops its last reference does. */
  remove(mpn: number): void {
    this.drop(mpn)
    this.table.remove(mpn)
    this.entries.delete(mpn)
    this.makePrivate(mpn)
  }

  find(low: number, high: number, self: number): void {
    this.assertFound(this.table.find(low, high, self), low, high, self)
  }

  check(): void {
    const found = new Map<number, number>()
    this.table.forEachEntry((mpn) => {
      assert.ok(!found.has(mpn), `MPN ${mpn} is there twice`)
      found.set(mpn, this.word(mpn, STATE))
      return true
    })
    const expected = [...this.entries].map(([mpn, { references }]) => [mpn, stateOf(mpn, references)])
    assert.deepEqual(new Map(found), new Map(expected as [number, number][]))
    for (let mpn = 0; mpn < FRAMES; mpn++) {
      const entry = this.entries.get(mpn)
      assert.equal(this.word(mpn, NEXT) === UNLINKED, entry === undefined)
      for (const { hash } of this.entries.values()) {
        const [low, high] = hash.split(',').map(Number) as [number, number]
        assert.equal(this.table.isFiledUnder(mpn, low, high), entry?.hash === hash)
      }
    }
  }

  private assertFound(found: Found, low: number, high: number, self: number): void {
    const candidates = [...this.entries].filter(
      ([mpn, { hash, references }]) => hash === `${low},${high}` && references !== DYING && mpn !== self,
    )
    assert.ok(candidates.length <= 1, 'one entry for each hash')
    const [candidate] = candidates
    if (candidate === undefined) {
      assert.equal(found, 'nothing')
      return
    }
    const [mpn, entry] = candidate
    assert.equal(found, entry.references > 0 ? 'shared' : 'hint')
    assert.equal(this.table.foundMpn, mpn)
    if (found === 'hint') assert.equal(this.table.foundPage, mpn)
    // The finder holds a reference; this one drops it again.
    else this.frameTable[mpn * FRAME_WORDS + STATE]! -= 1
  }

  private makePrivate(mpn: number): void {
    this.frameTable[mpn * FRAME_WORDS + STATE] = ownedBy(mpn)
  }

  private isShared(mpn: number): boolean {
    return (this.entries.get(mpn)?.references ?? 0) !== 0
  }

  private holds(low: number, high: number): boolean {
    return [...this.entries.values()].some(
      ({ hash, references }) => hash === `${low},${high}` && references !== DYING,
    )
  }

  private state(mpn: number): number {
    return this.word(mpn, STATE)
  }

  private word(mpn: number, word: number): number {
    return this.frameTable[mpn * FRAME_WORDS + word]!
  }
}

function stateOf(mpn: number, references: number): number {
  if (references === DYING) return FREE_STATE
  return references === 0 ? ownedBy(mpn) : references
}

const command = fc.record({
  what: fc.constantFrom('findOrFile', 'fileShared', 'promote', 'drop', 'remove', 'find' as const),
  mpn: fc.nat(FRAMES - 1),
  // Weak hashes: halves that agree while the others differ, and signs.
  low: fc.constantFrom(0, 1, -1, 2),
  high: fc.constantFrom(0, 1, -128),
  references: fc.integer({ min: 1, max: 3 }),
})

test('finds, files, promotes, lets die and removes as a map does, with weak hashes in long chains', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
      const model = new Model()
      for (const { what, mpn, low, high, references } of commands) {
        if (what === 'findOrFile') model.findOrFile(mpn, low, high)
        else if (what === 'fileShared') model.fileShared(mpn, low, high, references)
        else if (what === 'promote') model.promote(mpn, references)
        else if (what === 'drop') model.drop(mpn)
        else if (what === 'remove') model.remove(mpn)
        else model.find(low, high, mpn)
        model.check()
      }
    }),
    { numRuns: 300 },
  )
})

function tableOf(states: readonly number[]) {
  const frameTable = createFrameTable(states.length)
  states.forEach((state, mpn) => {
    frameTable[mpn * FRAME_WORDS + STATE] = state
  })
  return { frameTable, table: new ShareTable(createBuckets(1), frameTable) }
}

test('who finds a shared entry holds a reference to it', () => {
  const { frameTable, table } = tableOf([ownedBy(0)])
  table.fileShared(0, 5, 6, 2)
  assert.equal(table.find(5, 6, -1), 'shared')
  assert.equal(frameTable[STATE], 3)
})

test('an entry whose last reference is gone is not found, and hinders nobody, while it waits to be taken off', () => {
  const { frameTable, table } = tableOf([ownedBy(0), ownedBy(1)])
  table.fileShared(0, 5, 6, 1)
  frameTable[STATE] = FREE_STATE
  assert.equal(table.find(5, 6, -1), 'nothing')
  assert.equal(frameTable[STATE], FREE_STATE)
  assert.equal(table.findOrFile(1, 5, 6), 'nothing')
  table.remove(0)
  assert.equal(table.find(5, 6, -1), 'hint')
  assert.equal(ownerOf(frameTable[FRAME_WORDS + STATE]!), table.foundPage)
})

test('a frame does not find itself', () => {
  const { table } = tableOf([ownedBy(0)])
  table.findOrFile(0, 5, 6)
  assert.equal(table.find(5, 6, 0), 'nothing')
  assert.equal(table.find(5, 6, -1), 'hint')
})

test('who finds a match is not filed, and loses the hint that it had', () => {
  const { frameTable, table } = tableOf([ownedBy(0), ownedBy(1)])
  table.findOrFile(0, 5, 6)
  table.findOrFile(1, 7, 8)
  assert.equal(table.findOrFile(1, 5, 6), 'hint')
  assert.deepEqual([table.foundMpn, table.foundPage], [0, 0])
  assert.equal(frameTable[FRAME_WORDS + NEXT], UNLINKED)
  table.promote(0, 5, 6, 2)
  assert.equal(table.findOrFile(1, 5, 6), 'shared')
  assert.equal(frameTable[STATE], 3)
  assert.equal(frameTable[FRAME_WORDS + NEXT], UNLINKED)
})

test('there is about a bucket for each frame, and two for none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), (frames) => {
      const { length } = createBuckets(frames)
      const ratio = length / Math.max(2, frames)
      assert.ok(ratio >= Math.SQRT1_2 && ratio <= Math.SQRT2, `${length}`)
      assert.equal(Math.log2(length) % 1, 0)
    }),
  )
})

test('who finds a bucket locked waits, and then sees what its holder did', () => {
  const frameTable = createFrameTable(2)
  const buckets = createBuckets(2)
  const [table, holder] = [new ShareTable(buckets, frameTable), new ShareTable(buckets, frameTable)]
  frameTable[STATE] = ownedBy(0)
  const locked = buckets.map((head) => head | 1)
  buckets.set(locked)
  const { spin } = table as unknown as {
    spin: { pause(words: Int32Array, index: number, seen: number): void }
  }
  let pauses = 0
  spin.pause = (words, index, seen) => {
    assert.equal(words[index], seen, 'it waits for the word that is locked')
    if (++pauses < 3) return
    buckets.set(locked.map((head) => head & ~1))
    holder.findOrFile(0, 5, 6)
  }
  assert.equal(table.find(5, 6, -1), 'hint')
  assert.equal(pauses, 3)
})

for (const [chain, filed] of [
  ['of another entry', true],
  ['that is empty', false],
] as const) {
  test(`a frame that is not in the chain that it is filed under is a defect, and said so: in one ${chain}`, () => {
    const { frameTable, table } = tableOf([ownedBy(0), ownedBy(1)])
    if (filed) table.findOrFile(0, 5, 6)
    frameTable.set([5, 6, END], FRAME_WORDS + HASH_LOW)
    assert.throws(() => table.remove(1), /^Error: frame 1 is not in the chain that it is filed under$/)
  })
}

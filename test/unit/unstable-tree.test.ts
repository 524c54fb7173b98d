/** KSM's unstable tree: a red-black tree while its pages stay the same, and still one in shape when they don't. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RMAP_BYTES, RmapItems } from '../../src/ksm/rmap-items.js'
import { GAVE_UP, INSERTED, NODE_BYTES, UNMERGEABLE, UnstableTree } from '../../src/ksm/unstable-tree.js'

const PAGES = 64

/** A tree of pages whose bytes are numbers, which may change; what is not a number can't be compared with. */
class NumberedTree {
  readonly values = new Array<number>(PAGES).fill(0)
  readonly tree = new UnstableTree(PAGES, (page, other) => {
    const value = this.values[other]!
    return Number.isNaN(value) ? UNMERGEABLE : Math.sign(this.values[page]! - value)
  })

  /** Pages from the least to the greatest, as the tree has them; its shape is checked on the way. */
  pages(): number[] {
    return this.walk(this.word('left', PAGES), PAGES).pages
  }

  private walk(node: number, parent: number): { pages: number[]; blacks: number } {
    if (node === PAGES) return { pages: [], blacks: 1 }
    assert.equal(this.word('parent', node), parent, `the parent of ${node}`)
    const isRed = this.word('red', node) === 1
    if (isRed) assert.equal(this.word('red', parent), 0, `${node} and its parent ${parent} are red`)
    const left = this.walk(this.word('left', node), node)
    const right = this.walk(this.word('right', node), node)
    assert.equal(left.blacks, right.blacks, `black nodes below ${node}`)
    return { pages: [...left.pages, node, ...right.pages], blacks: left.blacks + (isRed ? 0 : 1) }
  }

  private word(array: 'left' | 'right' | 'parent' | 'red', node: number): number {
    return (this.tree as unknown as Record<typeof array, ArrayLike<number>>)[array][node]!
  }
}

type Step = { take: number; value: number } | { drop: number } | { change: number; value: number }

const page = fc.nat(PAGES - 1)
const value = fc.nat(40)
const take = fc.record({ take: page, value })
const drop = fc.record({ drop: page })
const change = fc.record({ change: page, value })

test('it holds what was taken in, in order, balanced, and finds what is equal', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: take }, drop), { maxLength: 300 }), (steps) => {
      const all = new NumberedTree()
      const held = new Set<number>()
      play(all, steps, held)
      assert.deepEqual(
        all.pages(),
        [...held].sort((a, b) => all.values[a]! - all.values[b]!),
      )
    }),
  )
})

test('pages that change lead searches astray, but the tree keeps its pages and its shape', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(take, drop, change), { maxLength: 300 }), (steps) => {
      const all = new NumberedTree()
      const held = new Set<number>()
      play(all, steps, held, false)
      assert.deepEqual(new Set(all.pages()), held)
    }),
  )
})

test('a search that comes by a page that can’t be compared with gives up, and takes nothing in', () => {
  const all = new NumberedTree()
  for (const [page, value] of [5, 3, 7].entries()) {
    all.values[page] = value
    assert.equal(all.tree.searchOrInsert(page), INSERTED)
  }
  all.values[1] = Number.NaN
  all.values[9] = 4
  assert.equal(all.tree.searchOrInsert(9), GAVE_UP)
  all.values[9] = 7
  assert.equal(all.tree.searchOrInsert(9), 2)
  assert.deepEqual(all.pages(), [1, 0, 2])
  all.tree.clear()
  assert.deepEqual(all.pages(), [])
  assert.equal(all.tree.searchOrInsert(9), INSERTED)
})

test('what KSM keeps of pages and frames takes as many bytes as it says', () => {
  const bytesOf = (owner: object) =>
    Object.values(owner).reduce((sum, value) => sum + (ArrayBuffer.isView(value) ? value.byteLength : 0), 0)
  // One node more stands for those that are missing.
  assert.equal(bytesOf(new UnstableTree(PAGES, () => 0)), (PAGES + 1) * NODE_BYTES)
  const [frames, frameTable, counters] = [10, new Int32Array(0), new Float64Array(0)]
  const bytes = bytesOf(new RmapItems(PAGES, frames, frameTable, counters, [], []))
  assert.equal(bytes, PAGES * RMAP_BYTES.page + frames * RMAP_BYTES.frame)
})

function play(all: NumberedTree, steps: readonly Step[], held: Set<number>, isOrdered = true): void {
  for (const step of steps) {
    if ('change' in step) {
      all.values[step.change] = step.value
    } else if ('drop' in step) {
      if (held.delete(step.drop)) all.tree.remove(step.drop)
    } else if (!held.has(step.take)) {
      all.values[step.take] = step.value
      const found = all.tree.searchOrInsert(step.take)
      if (found === INSERTED) held.add(step.take)
      else assert.equal(all.values[found], step.value)
      if (isOrdered) {
        const twin = [...held].find((page) => page !== step.take && all.values[page] === step.value)
        assert.equal(found, twin ?? INSERTED)
      }
    }
  }
}

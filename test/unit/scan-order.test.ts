import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LOCKED, privatePte, SWAPPED_PTE, sharedPte } from '../../src/machine/pte.js'
import { PassOrder } from '../../src/sharing/pass-order.js'
import { ScanOrder } from '../../src/sharing/scan-order.js'
import { ALL_PAGES, ScanPart } from '../../src/sharing/scan-part.js'

const PAGES_MAX = 300
/** The guest is not the first: its pages are not numbered from 0. */
const FIRST_PAGE = 5

const states = fc.array(
  fc.constantFrom(0, SWAPPED_PTE, LOCKED, privatePte(0), sharedPte(77), privatePte(9) | LOCKED),
  { minLength: 1, maxLength: PAGES_MAX },
)

function ptesOf(pages: readonly number[]): Int32Array {
  const ptes = new Int32Array(new SharedArrayBuffer((FIRST_PAGE + pages.length + 3) * 4))
  // What lies around the guest's pages belongs to others, and is present.
  ptes.fill(privatePte(1))
  ptes.set(pages, FIRST_PAGE)
  return ptes
}

function vmOf(pages: number) {
  return { firstPage: FIRST_PAGE, pages, share: true, salt: undefined }
}

function pass(order: ScanOrder): number[] {
  const visited: number[] = []
  for (let page = order.next(); page >= 0; page = order.next()) {
    assert.ok(visited.length <= PAGES_MAX, 'this pass does not end')
    visited.push(page)
  }
  return visited
}

function presentPages(ptes: Int32Array, pages: number): number[] {
  const all = Array.from({ length: pages }, (_, ppn) => FIRST_PAGE + ppn)
  return all.filter((page) => (ptes[page]! & 1) !== 0)
}

for (const order of ['random', 'sequential'] as const) {
  test(`${order}: a pass visits each present page of its guest once, and no other`, () => {
    fc.assert(
      fc.property(states, fc.integer(), (pages, seed) => {
        const ptes = ptesOf(pages)
        const scan = new ScanOrder(ptes, new PassOrder(1, vmOf(pages.length), ALL_PAGES, order, seed))
        for (let passes = 1; passes <= 3; passes++) {
          assert.deepEqual(
            pass(scan).toSorted((a, b) => a - b),
            presentPages(ptes, pages.length),
          )
          assert.equal(scan.passes, passes)
        }
      }),
    )
  })

  test(`${order}: a pass of each of three scanners visits each present page once, all together`, () => {
    fc.assert(
      fc.property(states, fc.integer(), (pages, seed) => {
        const ptes = ptesOf(pages)
        const vm = vmOf(pages.length)
        const parts = [0, 1, 2].map((index) => new ScanPart(index, 3)).filter((part) => part.pagesOf(vm) > 0)
        const visited = parts.flatMap((part) =>
          pass(new ScanOrder(ptes, new PassOrder(1, vm, part, order, seed))),
        )
        assert.deepEqual(
          visited.toSorted((a, b) => a - b),
          presentPages(ptes, pages.length),
        )
      }),
    )
  })
}

test('sequential goes by page number', () => {
  const ptes = ptesOf([privatePte(1), 0, sharedPte(2), privatePte(3)])
  const scan = new ScanOrder(ptes, new PassOrder(0, vmOf(4), ALL_PAGES, 'sequential', 1))
  assert.deepEqual(pass(scan), [5, 7, 8])
  assert.deepEqual(pass(scan), [5, 7, 8])
})

test('random takes another order in each pass and for each guest, and the same for the same seed', () => {
  const ptes = ptesOf(new Array(100).fill(privatePte(1)))
  const orderOf = (guest: number, seed: number) =>
    new ScanOrder(ptes, new PassOrder(guest, vmOf(100), ALL_PAGES, 'random', seed))
  const scan = orderOf(0, 1)
  const passes = [pass(scan), pass(scan), pass(scan), pass(orderOf(1, 1)), pass(orderOf(0, 2))]
  assert.equal(new Set(passes.map(String)).size, passes.length)
  const again = orderOf(0, 1)
  assert.deepEqual([pass(again), pass(again)], passes.slice(0, 2))
})

test('a page that comes while a pass is under way is not missed for longer than to the next', () => {
  const ptes = ptesOf(new Array(10).fill(0))
  const scan = new ScanOrder(ptes, new PassOrder(0, vmOf(10), ALL_PAGES, 'random', 1))
  assert.deepEqual(pass(scan), [])
  ptes[FIRST_PAGE + 4] = privatePte(8)
  assert.deepEqual(pass(scan), [FIRST_PAGE + 4])
})

for (const order of ['random', 'sequential'] as const) {
  test(`${order}: where a page comes in a pass is known from its number`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: PAGES_MAX }),
        fc.nat(3),
        fc.integer(),
        (pages, passNumber, seed) => {
          const ptes = ptesOf(new Array(pages).fill(privatePte(3)))
          const passOrder = () => new PassOrder(1, vmOf(pages), ALL_PAGES, order, seed)
          const scan = new ScanOrder(ptes, passOrder())
          for (let n = 0; n < passNumber; n++) pass(scan)
          const known = passOrder()
          known.begin(passNumber)
          for (let page = scan.next(); page >= 0; page = scan.next())
            assert.equal(known.indexOf(page), scan.index - 1)
        },
      ),
    )
  })
}

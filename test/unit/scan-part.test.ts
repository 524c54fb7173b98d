import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SCANNERS_MAX } from '../../src/scenario/limits.js'
import { ALL_PAGES, CHUNK_PAGES, ScanPart } from '../../src/sharing/scan-part.js'

interface Vm {
  firstPage: number
  pages: number
  share: boolean
}

const counts = fc.integer({ min: 1, max: SCANNERS_MAX })
/** Smaller than a chunk, of whole chunks, and anything between. */
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 20 }).map((chunks) => chunks * CHUNK_PAGES),
  fc.integer({ min: 1, max: 2000 }),
)
const hosts = fc.array(sizes, { minLength: 1, maxLength: 6 }).map((all) => {
  let firstPage = 0
  return all.map((pages): Vm => {
    const vm = { firstPage, pages, share: true }
    firstPage += pages
    return vm
  })
})

function partsOf(count: number): ScanPart[] {
  return Array.from({ length: count }, (_, index) => new ScanPart(index, count))
}

/** The pages of a VM that a scanner visits, in order of its places. */
function pagesOf(part: ScanPart, vm: Vm): number[] {
  const first = part.placesBefore(vm.firstPage)
  return Array.from({ length: part.pagesOf(vm) }, (_, place) => part.page(first + place))
}

test('each page of each guest is of one scanner, whatever the sizes and however many scanners', () => {
  fc.assert(
    fc.property(hosts, counts, (vms, count) => {
      for (const vm of vms) {
        const pages = partsOf(count).flatMap((part) => pagesOf(part, vm))
        const all = Array.from({ length: vm.pages }, (_, ppn) => vm.firstPage + ppn)
        assert.deepEqual(
          pages.toSorted((a, b) => a - b),
          all,
        )
      }
    }),
  )
})

test('no 64 pages that follow each other from a multiple of 64 on are of two scanners', () => {
  fc.assert(
    fc.property(hosts, counts, (vms, count) => {
      const scannerOfChunk = new Map<number, number>()
      for (const part of partsOf(count)) {
        for (const page of vms.flatMap((vm) => pagesOf(part, vm))) {
          const chunk = Math.floor(page / 64)
          assert.equal(scannerOfChunk.get(chunk) ?? part.index, part.index)
          scannerOfChunk.set(chunk, part.index)
        }
      }
    }),
  )
})

test('whatever lies together is work for all scanners alike, to a chunk', () => {
  fc.assert(
    fc.property(fc.nat(5000), sizes, counts, (firstPage, pages, count) => {
      const parts = partsOf(count).map((part) => part.pagesOf({ firstPage, pages, share: true }))
      assert(Math.max(...parts) - Math.min(...parts) <= CHUNK_PAGES, `${parts}`)
    }),
  )
})

test('small guests are dealt out to all scanners, too', () => {
  // A chunk each.
  const vms = Array.from({ length: 8 }, (_, guest) => ({ firstPage: guest * 64, pages: 64, share: true }))
  for (const part of partsOf(4)) {
    assert.deepEqual(
      vms.map((vm) => part.pagesOf(vm) / 64),
      [0, 1, 2, 3, 0, 1, 2, 3].map((scanner) => (scanner === part.index ? 1 : 0)),
    )
  }
})

test('a guest that is left alone has no page in any part', () => {
  for (const part of partsOf(3)) assert.equal(part.pagesOf({ firstPage: 7, pages: 1000, share: false }), 0)
})

test('a scanner that is alone visits pages by their own numbers', () => {
  for (const page of [0, 1, 63, 64, 1000, 2 ** 24 - 1]) {
    assert.deepEqual([ALL_PAGES.page(page), ALL_PAGES.placesBefore(page)], [page, page])
  }
})

test('the owner of a page is the scanner whose part it is of', () => {
  fc.assert(
    fc.property(hosts, counts, (vms, count) => {
      for (const part of partsOf(count)) {
        for (const page of vms.flatMap((vm) => pagesOf(part, vm)))
          assert.equal(ScanPart.ownerOf(page, count), part.index)
      }
    }),
  )
})

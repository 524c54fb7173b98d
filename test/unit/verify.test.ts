import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { LOCKED, SWAPPED_PTE } from '../../src/machine/pte.js'
import { TestHost } from '../support/host.js'

const PAGES = 8

function corrupt(host: TestHost, mpn: number, byte: number): void {
  const bytes = new Uint8Array(host.handle.memory.segments[mpn >> 4]!.buffer)
  bytes[(mpn % 16) * 4096 + byte]! ^= 1 << (byte % 8)
}

function filledHost(swap = false): TestHost {
  const host = new TestHost({ guests: [PAGES, PAGES], frames: 2 * PAGES, swap })
  for (const { contents } of host.guests) for (let ppn = 0; ppn < PAGES; ppn++) contents.writePrivate(ppn)
  return host
}

test('one changed bit anywhere in a page is found, and the page is named', () => {
  fc.assert(
    fc.property(fc.nat(PAGES - 1), fc.nat(4095), (ppn, byte) => {
      const host = filledHost()
      corrupt(host, host.mpn(1, ppn), byte)
      assert.equal(host.verify(0).mismatches, 0)
      assert.deepEqual(host.verify(1), {
        pagesVerified: PAGES,
        mismatches: 1,
        findings: [`guest g1 PPN ${ppn} (MPN ${host.mpn(1, ppn)}): holds bytes that its guest did not write`],
      })
    }),
    { numRuns: 30 },
  )
})

test('a changed byte of a shared frame is found by every guest that maps it', () => {
  const host = new TestHost()
  for (const { contents } of host.guests) contents.writeKnown(0, 1)
  host.pass()
  corrupt(host, host.mpn(0, 0), 17)
  assert.deepEqual(
    [0, 1].map((guest) => host.verify(guest).mismatches),
    [1, 1],
  )
})

test('a changed byte in the swap file is found', (t) => {
  const host = filledHost(true)
  t.after(() => host.close())
  host.reclaim(2 * PAGES)
  host.assertIntact()
  writeSync(host.handle.swapFd!, Uint8Array.of(1, 2, 3), 0, 3, host.page(1, 2) * 4096 + 100)
  assert.deepEqual(host.verify(1).findings, [
    'guest g1 PPN 2 (swapped): holds bytes that its guest did not write',
  ])
})

test('a page that lost its frame is found, unless it held zeros', () => {
  const host = filledHost()
  host.guests[1]!.mmu.zero(3)
  host.handle.ptes[host.page(1, 3)] = 0
  assert.equal(host.verify(1).mismatches, 0)
  host.handle.ptes[host.page(1, 4)] = LOCKED
  assert.deepEqual(host.verify(1).findings, [
    'guest g1 PPN 4 (never touched, locked): holds bytes that its guest did not write',
  ])
})

test("another page's bytes are found, though a guest wrote them", (t) => {
  const host = filledHost(true)
  t.after(() => host.close())
  host.handle.ptes[host.page(0, 1)] = host.pte(0, 2)
  assert.equal(host.verify(0).mismatches, 1)
  const swap = host.reclaimerView.swap!
  swap.gather(0, host.mpn(0, 3))
  swap.writeGathered(host.page(0, 4), 1)
  host.handle.ptes[host.page(0, 4)] = SWAPPED_PTE
  assert.equal(host.verify(0).mismatches, 2)
})

test('every mismatch is counted, the first ten are written out', () => {
  const host = new TestHost({ guests: [30], frames: 40 })
  for (let ppn = 0; ppn < 30; ppn++) {
    host.guests[0]!.contents.writePrivate(ppn)
    corrupt(host, host.mpn(0, ppn), 0)
  }
  const { mismatches, findings } = host.verify(0)
  assert.equal(mismatches, 30)
  assert.equal(findings.length, 10)
})

/** A lock that the scanner does not get, or a PTE that changed: it goes on, and everything is as it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOCKED, UNTOUCHED } from '../../src/machine/pte.js'
import { scanCounts, TestHost } from '../support/host.js'

const CONTENT = 4

function hostOfEqualPages(guests = 2): TestHost {
  const host = new TestHost({ guests: new Array(guests).fill(2), frames: 20 })
  for (const { contents } of host.guests) contents.writeKnown(0, CONTENT)
  return host
}

function setLock(host: TestHost, guest: number, locked: boolean): void {
  const page = host.page(guest, 0)
  if (locked) host.handle.ptes[page]! |= LOCKED
  else host.handle.ptes[page]! &= ~LOCKED
}

/** When another thread takes the lock: before the scanner comes, when it has hashed the page, or when it has looked that up. */
type Moment = 'before' | 'hashed' | 'found'

/** Visits a page while another thread holds the lock of `held`, from a moment on. */
function visitWhileLocked(host: TestHost, visited: number, held: number, from: Moment): boolean {
  const { kernels, shareTable } = host.scannerView
  const { hash } = kernels
  const { findOrFile } = shareTable
  if (from === 'before') setLock(host, held, true)
  kernels.hash = (mpn) => {
    hash.call(kernels, mpn)
    if (from === 'hashed') setLock(host, held, true)
  }
  shareTable.findOrFile = (mpn, low, high) => {
    const found = findOrFile.call(shareTable, mpn, low, high)
    if (from === 'found') setLock(host, held, true)
    return found
  }
  const merged = host.visit(visited, 0)
  Object.assign(kernels, { hash })
  Object.assign(shareTable, { findOrFile })
  assert.notEqual(host.pte(held, 0) & LOCKED, 0, "the lock is not the scanner's to release")
  setLock(host, held, false)
  return merged
}

interface Case {
  name: string
  /** The page that is visited, and the one whose lock is held from this moment on; one page of each guest. */
  visited: number
  held: number
  from: Moment
  prepare?: (host: TestHost) => void
}

const hintOf = (guest: number) => (host: TestHost) => void host.visit(guest, 0)

const cases: Case[] = [
  { name: 'the page is locked when the scanner comes', visited: 0, held: 0, from: 'before' },
  { name: 'the page is locked before its hint is filed', visited: 0, held: 0, from: 'hashed' },
  { name: 'the hinted page is locked', visited: 1, held: 0, from: 'before', prepare: hintOf(0) },
  { name: 'the hinted page is locked late', visited: 1, held: 0, from: 'found', prepare: hintOf(0) },
  {
    name: 'the hinted page is locked late, the higher one',
    visited: 0,
    held: 1,
    from: 'found',
    prepare: hintOf(1),
  },
  {
    name: 'the page is locked before it is merged with a hint',
    visited: 1,
    held: 1,
    from: 'hashed',
    prepare: hintOf(0),
  },
  {
    name: 'the page is locked before it joins a shared frame',
    visited: 2,
    held: 2,
    from: 'hashed',
    prepare: (host) => {
      host.visit(0, 0)
      host.visit(1, 0)
    },
  },
  {
    name: 'the zero page is locked before it is shared',
    visited: 0,
    held: 0,
    from: 'hashed',
    prepare: (host) => host.guests[0]!.mmu.zero(0),
  },
]

for (const { name, visited, held, from, prepare } of cases) {
  test(`${name}: counted, and everything stays as it was, but that the page is marked`, () => {
    const host = hostOfEqualPages(3)
    prepare?.(host)
    const before = host.metadata()
    if (held !== visited || from !== 'before') before[0]![host.page(visited, 0)]! |= UNTOUCHED
    const { lockFailures = 0 } = scanCounts(host.scanRow)
    assert.equal(visitWhileLocked(host, visited, held, from), false)
    assert.deepEqual(host.metadata(), before)
    assert.equal(scanCounts(host.scanRow).lockFailures, lockFailures + 1)
    host.assertIntact()
  })

  test(`${name}: the next visit finds it as if nothing had been`, () => {
    const [host, undisturbed] = [hostOfEqualPages(3), hostOfEqualPages(3)]
    for (const each of [host, undisturbed]) prepare?.(each)
    visitWhileLocked(host, visited, held, from)
    assert.equal(host.visit(visited, 0), undisturbed.visit(visited, 0))
    assert.deepEqual(host.metadata(), undisturbed.metadata())
  })
}

test('a stale hint whose page is locked is left for another time', () => {
  const host = hostOfEqualPages()
  host.visit(0, 0)
  host.guests[0]!.contents.writeKnown(0, CONTENT + 1)
  const before = host.metadata()
  before[0]![host.page(1, 0)]! |= UNTOUCHED
  visitWhileLocked(host, 1, 0, 'before')
  assert.deepEqual(host.metadata(), before)
  assert.equal(scanCounts(host.scanRow).staleHints, undefined)
  host.visit(1, 0)
  assert.equal(scanCounts(host.scanRow).staleHints, 1)
  host.guests[0]!.contents.writeKnown(0, CONTENT)
  assert.equal(host.visit(0, 0), true)
  host.assertIntact()
})

test('a visit leaves no lock behind, whatever it did', () => {
  const host = hostOfEqualPages(3)
  host.guests[2]!.mmu.zero(1)
  for (let passes = 0; passes < 2; passes++) {
    host.pass()
    assert.ok(host.handle.ptes.every((pte) => (pte & LOCKED) === 0))
  }
})

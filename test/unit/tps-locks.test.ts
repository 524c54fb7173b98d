/** A lock that the scanner does not get, or a PTE that changed: it goes on, and everything is as it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOCKED } from '../../src/machine/pte.js'
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

/** Visits a page while another thread holds the lock of `held`, which it takes after the scanner's n-th hash. */
function visitWhileLocked(host: TestHost, visited: number, held: number, hashesBefore: number): boolean {
  const { kernels } = host.scannerView
  const { hash } = kernels
  let hashes = 0
  if (hashesBefore === 0) setLock(host, held, true)
  kernels.hash = (mpn) => {
    hash.call(kernels, mpn)
    if (++hashes === hashesBefore) setLock(host, held, true)
  }
  const merged = host.visit(visited, 0)
  kernels.hash = hash
  assert.notEqual(host.pte(held, 0) & LOCKED, 0, "the lock is not the scanner's to release")
  setLock(host, held, false)
  return merged
}

interface Case {
  name: string
  /** The page that is visited, and the one whose lock is held from the n-th hash on; one page of each guest. */
  visited: number
  held: number
  hashesBefore: number
  prepare?: (host: TestHost) => void
}

const hintOf = (guest: number) => (host: TestHost) => void host.visit(guest, 0)

const cases: Case[] = [
  { name: 'the page is locked when the scanner comes', visited: 0, held: 0, hashesBefore: 0 },
  { name: 'the page is locked before its hint is filed', visited: 0, held: 0, hashesBefore: 1 },
  { name: 'the hinted page is locked', visited: 1, held: 0, hashesBefore: 0, prepare: hintOf(0) },
  { name: 'the hinted page is locked late', visited: 1, held: 0, hashesBefore: 2, prepare: hintOf(0) },
  {
    name: 'the hinted page is locked, the higher one',
    visited: 0,
    held: 1,
    hashesBefore: 2,
    prepare: hintOf(1),
  },
  { name: 'the page is locked before both are', visited: 1, held: 1, hashesBefore: 2, prepare: hintOf(0) },
  {
    name: 'the page is locked before both are, the lower one',
    visited: 0,
    held: 0,
    hashesBefore: 2,
    prepare: hintOf(1),
  },
  {
    name: 'the page is locked before it joins a shared frame',
    visited: 2,
    held: 2,
    hashesBefore: 1,
    prepare: (host) => {
      host.visit(0, 0)
      host.visit(1, 0)
    },
  },
  {
    name: 'the zero page is locked before it is shared',
    visited: 0,
    held: 0,
    hashesBefore: 1,
    prepare: (host) => host.guests[0]!.mmu.zero(0),
  },
]

for (const { name, visited, held, hashesBefore, prepare } of cases) {
  test(`${name}: counted, and everything stays as it was`, () => {
    const host = hostOfEqualPages(3)
    prepare?.(host)
    const before = host.metadata()
    const { lockFailures = 0 } = scanCounts(host.scanRow)
    assert.equal(visitWhileLocked(host, visited, held, hashesBefore), false)
    assert.deepEqual(host.metadata(), before)
    assert.equal(scanCounts(host.scanRow).lockFailures, lockFailures + 1)
    host.assertIntact()
  })

  test(`${name}: the next visit finds it as if nothing had been`, () => {
    const [host, undisturbed] = [hostOfEqualPages(3), hostOfEqualPages(3)]
    for (const each of [host, undisturbed]) prepare?.(each)
    visitWhileLocked(host, visited, held, hashesBefore)
    assert.equal(host.visit(visited, 0), undisturbed.visit(visited, 0))
    assert.deepEqual(host.metadata(), undisturbed.metadata())
  })
}

test('a stale hint whose page is locked is left for another time', () => {
  const host = hostOfEqualPages()
  host.visit(0, 0)
  host.guests[0]!.contents.writeKnown(0, CONTENT + 1)
  const before = host.metadata()
  visitWhileLocked(host, 1, 0, 0)
  assert.deepEqual(host.metadata(), before)
  assert.equal(scanCounts(host.scanRow).staleHints, 1)
  host.visit(1, 0)
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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skips, skipsGranted } from '../../src/ksm/smart-scan.js'

const ENCOUNTERS = 600

/** The encounters, of so many with one page, at which it is scanned. */
function scannedAt(age: Uint8Array, remaining: Uint8Array, page: number, encounters = ENCOUNTERS): number[] {
  return Array.from({ length: encounters }, (_, encounter) => encounter).filter(
    () => !skips(age, remaining, page),
  )
}

test('a page that stays unmerged is scanned at encounters 0, 1, 2, 3, 5, 8, 13, 22, 31, …', () => {
  const [age, remaining] = [new Uint8Array(1), new Uint8Array(1)]
  const scanned = scannedAt(age, remaining, 0)
  assert.deepEqual(scanned.slice(0, 9), [0, 1, 2, 3, 5, 8, 13, 22, 31])
  scanned.slice(8).forEach((encounter, i) => {
    assert.equal(encounter, 31 + 9 * i)
  })
  assert.equal(age[0], 255, 'age saturates')
})

test('skips granted grow with age, in steps', () => {
  const granted = [0, 3, 4, 5, 6, 8, 9, 255].map(skipsGranted)
  assert.deepEqual(granted, [1, 1, 2, 2, 4, 4, 8, 8])
})

test('pages age apart from each other', () => {
  const [age, remaining] = [new Uint8Array(3), new Uint8Array(3)]
  scannedAt(age, remaining, 1, 20)
  assert.deepEqual(scannedAt(age, remaining, 2, 4), [0, 1, 2, 3])
  assert.deepEqual([...age], [0, 20, 4])
  assert.equal(remaining[0], 0)
})

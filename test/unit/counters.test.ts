import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counterRow, createCounters, GUEST, RECLAIM, SCAN } from '../../src/measure/counters.js'

const CACHE_LINE_BYTES = 64

test('every thread has a row to itself, on cache lines of its own', () => {
  const counters = createCounters(3)
  const rows = [0, 1, 2].map((thread) => counterRow(counters, thread))
  rows.forEach((row, thread) => {
    row.fill(thread + 1)
    assert.equal(row.byteOffset % CACHE_LINE_BYTES, 0)
  })
  assert.equal(
    counters.length,
    rows.reduce((sum, row) => sum + row.length, 0),
  )
  rows.forEach((row, thread) => {
    assert.ok(row.every((value) => value === thread + 1))
  })
})

test('threads see the same counters', () => {
  const counters = createCounters(2)
  assert.ok(counters.buffer instanceof SharedArrayBuffer)
  counterRow(counters, 1)[SCAN.merges]! += 3
  assert.equal(counterRow(counters, 1)[SCAN.merges], 3)
  assert.equal(counterRow(counters, 0)[SCAN.merges], 0)
})

test('no two fields of a row are the same word, and all fit in', () => {
  const row = counterRow(createCounters(1), 0)
  for (const fields of [Object.values(GUEST), [...Object.values(SCAN), ...Object.values(RECLAIM)]]) {
    assert.equal(new Set(fields).size, fields.length)
    for (const field of fields) assert.ok(Number.isInteger(field) && field >= 0 && field < row.length)
  }
})

test('counts are exact far beyond 32 bits', () => {
  const row = counterRow(createCounters(1), 0)
  row[GUEST.stores] = 2 ** 53 - 2
  row[GUEST.stores]! += 1
  assert.equal(row[GUEST.stores], Number.MAX_SAFE_INTEGER)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResourceError } from '../../src/errors.js'
import { madvise } from '../../src/host/libc.js'
import { adviseHugePages, createTable } from '../../src/machine/huge-pages.js'

test('a large table is zero, shared and writable, whether or not huge pages can be had', () => {
  const table = createTable(2 ** 21 + 5)
  assert.equal(table.length, 2 ** 21 + 5)
  assert.ok(table.buffer instanceof SharedArrayBuffer)
  assert.ok(table.every((word) => word === 0))
  table[table.length - 1] = 7
  assert.equal(Atomics.load(table, table.length - 1), 7)
})

test('advice that the kernel refuses is not an error of the machine', () => {
  const memory = { buffer: new SharedArrayBuffer(2 ** 23) }
  // No advice has this number.
  assert.throws(() => madvise(memory, 9999), ResourceError)
  adviseHugePages(memory)
  adviseHugePages({ buffer: new SharedArrayBuffer(8) })
})

test('what is no refusal is not taken for one', () => {
  const buffer = {
    byteLength: 2 ** 23,
    get length(): number {
      throw new RangeError('a defect')
    },
  } as unknown as SharedArrayBuffer
  assert.throws(() => adviseHugePages({ buffer }), { message: 'a defect' })
})

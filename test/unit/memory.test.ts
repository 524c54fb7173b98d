import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResourceError } from '../../src/errors.js'
import { compileKernels } from '../../src/kernels/kernels.js'
import { PAGE_BYTES } from '../../src/machine/layout.js'
import { createMachine, metadataBytesPerPage } from '../../src/machine/machine.js'
import { allocateMemory, commitMemory } from '../../src/machine/memory.js'

test('segments hold all frames, each no more than its share, and are shared', () => {
  for (const frames of [1, 15, 16, 17, 32, 100]) {
    const { segments } = allocateMemory(frames, 4)
    assert.equal(segments.length, Math.ceil(frames / 16))
    const bytes = segments.map(({ buffer }) => buffer.byteLength)
    assert.ok(bytes.every((segmentBytes) => segmentBytes <= 16 * PAGE_BYTES))
    assert.ok(bytes.reduce((sum, segmentBytes) => sum + segmentBytes, 0) >= frames * PAGE_BYTES)
    assert.ok(segments.every(({ buffer }) => buffer instanceof SharedArrayBuffer))
  }
})

test('each part that is committed takes real memory, and all parts together all of it', () => {
  const mebibytes = 64
  const memory = allocateMemory(mebibytes * 256, 10)
  let before = process.memoryUsage.rss()
  for (let part = 0; part < 4; part++) {
    commitMemory(memory, part, 4)
    const now = process.memoryUsage.rss()
    const grownMiB = (now - before) / 2 ** 20
    assert.ok(grownMiB > 14 && grownMiB < 18, `part ${part}: ${grownMiB} MiB`)
    before = now
  }
})

test('committing changes no byte, however many parts there are', () => {
  const memory = allocateMemory(37, 4)
  const views = memory.segments.map((segment) => new Int32Array(segment.buffer))
  for (const words of views) words.fill(-7)
  for (const parts of [1, 5, 40]) for (let part = 0; part < parts; part++) commitMemory(memory, part, parts)
  assert.ok(views.every((words) => words.every((word) => word === -7)))
})

test('when the system gives no more, the error says how much was asked for and how much there was', (t) => {
  const { Memory } = WebAssembly
  let left = 2
  t.mock.method(
    WebAssembly,
    'Memory',
    function refusing(descriptor: ConstructorParameters<typeof Memory>[0]) {
      if (left-- === 0) throw new RangeError('could not allocate memory')
      return new Memory(descriptor)
    },
  )
  assert.throws(
    () => allocateMemory(2 ** 10, 8),
    (error) => {
      assert.ok(error instanceof ResourceError)
      const figures = 'machine memory: asked for 4 MiB, got 2 MiB before the system refused'
      assert.ok(error.message.startsWith(`${figures} (could not allocate memory); this `), error.message)
      return true
    },
  )
})

test('metadata for each guest page: a frame of 16 bytes, a bucket, a PTE, a tag, a digest, and its bit', () => {
  const pages = 2 ** 16
  const size = { frames: pages, guestPages: pages, threads: 3, lowFrames: 0 }
  const handle = createMachine(size, compileKernels(), undefined)
  const bytes = metadataBytesPerPage(handle)
  assert.ok(bytes > 16 + 4 + 4 + 4 + 4 + 1 / 8 && bytes < 16 + 4 + 4 + 4 + 4 + 1 / 4, `${bytes}`)
})

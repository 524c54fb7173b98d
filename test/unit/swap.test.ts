import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { fstatSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { PAGE_BYTES } from '../../src/machine/layout.js'
import { allocateMemory, type MachineMemory } from '../../src/machine/memory.js'
import { closeSwapFile, openSwapFile, SwapFile, SwapReadError } from '../../src/machine/swap.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-swap-'))
after(() => rmSync(directory, { recursive: true }))

const SEGMENT_SHIFT = 4

function bytesOf({ segments }: MachineMemory, mpn: number): Uint8Array {
  return new Uint8Array(segments[mpn >> SEGMENT_SHIFT]!.buffer, (mpn % 16) * PAGE_BYTES, PAGE_BYTES)
}

function withSwap(frames: number, act: (swap: SwapFile, memory: MachineMemory, fd: number) => void): void {
  const fd = openSwapFile(directory)
  const memory = allocateMemory(frames, SEGMENT_SHIFT)
  for (let mpn = 0; mpn < frames; mpn++) bytesOf(memory, mpn).set(randomFillSync(new Uint8Array(PAGE_BYTES)))
  try {
    act(new SwapFile(fd, memory), memory, fd)
  } finally {
    closeSwapFile(fd)
  }
}

test('pages come back into any frame as they were, whatever order they were written in', () => {
  withSwap(40, (swap, memory) => {
    const pages = [7, 0, 3, 39, 12]
    const mpns = [0, 15, 16, 31, 38]
    const written = mpns.map((mpn) => bytesOf(memory, mpn).slice())
    pages.forEach((page, index) => {
      assert.equal(swap.write(mpns[index]!, page), undefined)
    })
    const before = Array.from({ length: 40 }, (_, mpn) => bytesOf(memory, mpn).slice())
    pages.forEach((page, index) => {
      swap.read(20, page)
      assert.deepEqual(bytesOf(memory, 20), written[index])
    })
    for (let mpn = 0; mpn < 40; mpn++) if (mpn !== 20) assert.deepEqual(bytesOf(memory, mpn), before[mpn])
  })
})

test('a page that is written again holds what was written last', () => {
  withSwap(3, (swap, memory) => {
    swap.write(0, 5)
    swap.write(1, 5)
    swap.read(2, 5)
    assert.deepEqual(bytesOf(memory, 2), bytesOf(memory, 1))
  })
})

test('the file has no name, so nothing is left whatever the end', () => {
  const fd = openSwapFile(directory)
  assert.deepEqual(readdirSync(directory), [])
  assert.equal(fstatSync(fd).nlink, 0)
  closeSwapFile(fd)
})

test('a page beyond the end of the file can not be read, and the message names it', () => {
  withSwap(2, (swap) => {
    swap.write(0, 3)
    assert.throws(() => swap.read(1, 4), { name: 'SwapReadError', message: /page 4 .* the file ends before/ })
  })
})

test('what the system says of a write that failed comes back as text, not as an exception', () => {
  const readOnly = openSync('/dev/null', 'r')
  const swap = new SwapFile(readOnly, allocateMemory(1, SEGMENT_SHIFT))
  assert.match(swap.write(0, 0) ?? '', /EBADF/)
  closeSwapFile(readOnly)
  assert.match(swap.write(0, 0) ?? '', /EBADF/)
  assert.throws(() => swap.read(0, 0), SwapReadError)
})

test('a directory that takes no file is a mistake in what the user gave, and named', () => {
  const missing = join(directory, 'missing')
  assert.throws(
    () => openSwapFile(missing),
    (error) => error instanceof UserError && error.place.file === missing,
  )
})

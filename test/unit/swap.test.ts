import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import {
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { UserError } from '../../src/errors.js'
import { PAGE_BYTES } from '../../src/machine/layout.js'
import { allocateMemory, type MachineMemory } from '../../src/machine/memory.js'
import {
  CLUSTER_PAGES,
  closeSwapFile,
  openSwapFile,
  SwapFile,
  SwapReadError,
} from '../../src/machine/swap.js'
import { canMount, mountSmallDisk } from '../support/small-disk.js'

const directory = mkdtempSync(join(tmpdir(), 'twinpage-swap-'))
after(() => rmSync(directory, { recursive: true }))

const SEGMENT_SHIFT = 4

function bytesOf({ segments }: MachineMemory, mpn: number): Uint8Array {
  return new Uint8Array(segments[mpn >> SEGMENT_SHIFT]!.buffer, (mpn % 16) * PAGE_BYTES, PAGE_BYTES)
}

function withSwap(
  frames: number,
  act: (swap: SwapFile, memory: MachineMemory, fd: number) => void,
  pastCache = false,
): void {
  const { fd } = openSwapFile(directory, pastCache)
  const memory = allocateMemory(frames, SEGMENT_SHIFT)
  for (let mpn = 0; mpn < frames; mpn++) bytesOf(memory, mpn).set(randomFillSync(new Uint8Array(PAGE_BYTES)))
  try {
    act(new SwapFile(fd, memory), memory, fd)
  } finally {
    closeSwapFile(fd)
  }
}

/** Writes frames to adjacent slots, from a page's on. */
function write(swap: SwapFile, page: number, ...mpns: number[]): number {
  mpns.forEach((mpn, place) => {
    swap.gather(place, mpn)
  })
  return swap.writeGathered(page, mpns.length)
}

test('pages come back into any frame as they were, whatever order they were written in', () => {
  withSwap(40, (swap, memory) => {
    const pages = [7, 0, 3, 39, 12]
    const mpns = [0, 15, 16, 31, 38]
    const written = mpns.map((mpn) => bytesOf(memory, mpn).slice())
    pages.forEach((page, index) => {
      assert.equal(write(swap, page, mpns[index]!), 1)
    })
    const before = Array.from({ length: 40 }, (_, mpn) => bytesOf(memory, mpn).slice())
    pages.forEach((page, index) => {
      swap.read(20, page)
      assert.deepEqual(bytesOf(memory, 20), written[index])
    })
    for (let mpn = 0; mpn < 40; mpn++) if (mpn !== 20) assert.deepEqual(bytesOf(memory, mpn), before[mpn])
  })
})

for (const pastCache of [false, true]) {
  test(`a full cluster is written as one, whatever frames its pages are in, ${pastCache ? 'past' : 'through'} the page cache`, () => {
    const act = (swap: SwapFile, memory: MachineMemory) => {
      const mpns = Array.from({ length: CLUSTER_PAGES }, (_, place) => (place * 29 + 5) % CLUSTER_PAGES)
      assert.equal(write(swap, 7, ...mpns), CLUSTER_PAGES)
      assert.equal(swap.writeError, undefined)
      mpns.forEach((mpn, place) => {
        swap.read(CLUSTER_PAGES, 7 + place)
        assert.deepEqual(bytesOf(memory, CLUSTER_PAGES), bytesOf(memory, mpn))
      })
      assert.equal(write(swap, 9, 3, 4), 2)
      const held = [mpns[0], mpns[1], 3, 4, mpns[4]]
      held.forEach((mpn, place) => {
        swap.read(CLUSTER_PAGES, 7 + place)
        assert.deepEqual(bytesOf(memory, CLUSTER_PAGES), bytesOf(memory, mpn!))
      })
    }
    withSwap(CLUSTER_PAGES + 1, act, pastCache)
  })
}

const hasFdInfo = existsSync('/proc/self/fdinfo')
const isDirect = (fd: number) => {
  const [, flags] = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))!
  return (Number.parseInt(flags!, 8) & constants.O_DIRECT) !== 0
}

test('past the page cache only when asked to', { skip: !hasFdInfo && 'no /proc/self/fdinfo' }, () => {
  for (const pastCache of [false, true])
    withSwap(1, (_swap, _memory, fd) => assert.equal(isDirect(fd), pastCache), pastCache)
})

test('a filesystem that can not do without the page cache is used with it, and nothing else is left there', (t) => {
  const cacheOnly = join(directory, 'cache-only')
  mkdirSync(cacheOnly)
  if (spawnSync('mount', ['-t', 'ramfs', 'twinpage-test', cacheOnly]).status !== 0) {
    t.skip('only root may mount a ramfs')
    return
  }
  t.after(() => spawnSync('umount', ['--lazy', cacheOnly]))
  const { fd } = openSwapFile(cacheOnly, true)
  t.after(() => closeSwapFile(fd))
  assert.equal(isDirect(fd), false)
  assert.deepEqual(readdirSync(cacheOnly), [])
  const swap = new SwapFile(fd, allocateMemory(2, SEGMENT_SHIFT))
  assert.equal(write(swap, 3, 0), 1)
  swap.read(1, 3)
})

test('a disk that is full in the middle of a cluster: those pages count that are wholly there', {
  skip: !canMount() && 'only root may mount a small disk',
}, () => {
  const disk = mountSmallDisk(directory, 'full', 40)
  const { fd } = openSwapFile(disk)
  const swap = new SwapFile(fd, allocateMemory(CLUSTER_PAGES, SEGMENT_SHIFT))
  assert.equal(write(swap, 0, ...Array.from({ length: 30 }, (_, mpn) => mpn)), 10)
  assert.match(swap.writeError ?? '', /ENOSPC/)
  for (let page = 0; page < 10; page++) swap.read(0, page)
  assert.throws(() => swap.read(0, 10), SwapReadError)
  assert.equal(write(swap, 4, 1, 2), 2)
  assert.equal(swap.writeError, undefined)
  closeSwapFile(fd)
})

test('a page that is written again holds what was written last', () => {
  withSwap(3, (swap, memory) => {
    write(swap, 5, 0)
    write(swap, 5, 1)
    swap.read(2, 5)
    assert.deepEqual(bytesOf(memory, 2), bytesOf(memory, 1))
  })
})

test('the file has no name, so nothing is left whatever the end', () => {
  const empty = join(directory, 'empty')
  mkdirSync(empty)
  const { fd } = openSwapFile(empty)
  assert.deepEqual(readdirSync(empty), [])
  assert.equal(fstatSync(fd).nlink, 0)
  closeSwapFile(fd)
})

test('a page beyond the end of the file can not be read, and the message names it', () => {
  withSwap(2, (swap) => {
    write(swap, 3, 0)
    assert.throws(() => swap.read(1, 4), { name: 'SwapReadError', message: /page 4 .* the file ends before/ })
  })
})

test('what the system says of a write that failed comes back as text, not as an exception', () => {
  const readOnly = openSync('/dev/null', 'r')
  const swap = new SwapFile(readOnly, allocateMemory(1, SEGMENT_SHIFT))
  assert.equal(write(swap, 0, 0), 0)
  assert.match(swap.writeError ?? '', /EBADF/)
  closeSwapFile(readOnly)
  assert.equal(write(swap, 0, 0), 0)
  assert.match(swap.writeError ?? '', /EBADF/)
  assert.throws(() => swap.read(0, 0), SwapReadError)
})

test('a directory that takes no file is a mistake in what the user gave, and named', () => {
  const missing = join(directory, 'missing')
  assert.throws(
    () => openSwapFile(missing),
    (error) => error instanceof UserError && error.place.file === missing,
  )
})

/** A guest's memory on the host's kernel, with faults that are made up: no KSM is needed, and no merging happens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyPages } from '../../src/guest/verify.js'
import { compileKernels } from '../../src/kernels/kernels.js'
import { FaultRing, RING_BYTES } from '../../src/linux/fault-ring.js'
import { type LinuxMemory, LinuxRam } from '../../src/linux/ram.js'
import { UNIQUE_TAG, ZERO_TAG } from '../../src/machine/machine.js'
import { allocateMemory } from '../../src/machine/memory.js'
import { counterRow, createCounters, GUEST, LINUX_GUEST } from '../../src/measure/counters.js'
import { GuestHistograms } from '../../src/measure/guest-histograms.js'

const PAGES = 24
const FIRST_PAGE = 5
/** Segments of 16 pages, far from each other. */
const ADDRESSES = [0x7f00_0000_0000, 0x7e00_0000_0000]
const kernels = compileKernels()

/** Says that the next store faults, at an address. */
class NextFault extends FaultRing {
  private bytes = 0
  private looks = 0
  private address: number | undefined

  constructor() {
    super(new Int32Array(RING_BYTES / 4))
  }

  at(address: number): void {
    this.address = address
    this.looks = 0
  }

  /** The first look is the one before the store. */
  override head(): number {
    if (this.address !== undefined && this.looks++ === 1) this.bytes += 16
    return this.bytes
  }

  override hasFaultIn(pageAddress: number, from: number): boolean {
    const { address } = this
    this.address = undefined
    return (
      from < this.bytes && address !== undefined && address >= pageAddress && address < pageAddress + 4096
    )
  }
}

function ramOf() {
  const memory = allocateMemory(PAGES, 4)
  const ptes = new Int32Array(new SharedArrayBuffer((FIRST_PAGE + PAGES) * 4))
  const tags = new Int32Array(new SharedArrayBuffer((FIRST_PAGE + PAGES) * 4))
  const handle: LinuxMemory = { memory, addresses: ADDRESSES, kernels, ptes, tags }
  const ring = new NextFault()
  const counters = counterRow(createCounters(1), 0)
  const histograms = new GuestHistograms()
  const ram = new LinuxRam(handle, { firstPage: FIRST_PAGE, counters, histograms, ring })
  const recorded = (metric: string) => histograms.take().find((entry) => entry.metric === metric)!.count
  return { ram, ring, counters, recorded, memory, ptes }
}

const VALUES = Int32Array.of(1, 2, 3, 4)

function findings({ ram }: { ram: LinuxRam }): string[] {
  return verifyPages(ram, ram, 'g').findings
}

test('what is stored is loaded again, in every segment, and is what verification expects', () => {
  const host = ramOf()
  const { ram, counters } = host
  for (const ppn of [0, 15, 16, PAGES - 1]) {
    ram.store(ppn, 1020, VALUES, 4)
    assert.deepEqual([ram.load(ppn, 1020), ram.load(ppn, 1023), ram.load(ppn, 0)], [1, 4, 0])
    assert.equal(ram.tagOf(ppn), UNIQUE_TAG)
  }
  ram.fill(3, 7, 9, 42)
  ram.fill(16, 7, 9, 42)
  assert.equal(ram.digests[3], ram.digests[16])
  assert.equal(ram.load(3, 5), ram.load(16, 5))
  ram.zero(15)
  assert.equal(ram.load(15, 1020), 0)
  assert.deepEqual([ram.tagOf(3), ram.tagOf(15)], [42, ZERO_TAG])
  assert.deepEqual([counters[GUEST.stores], counters[GUEST.loads]], [4 * 4 + 3 * 1024, 15])
  assert.deepEqual(findings(host), [])
})

test('the first touch of a page is counted once, as such, and marks it present, be it a load or a store', () => {
  const { ram, ring, counters, recorded, ptes } = ramOf()
  ring.at(ADDRESSES[0]!)
  ram.store(0, 0, VALUES, 1)
  assert.equal(ram.load(1, 0), 0)
  ram.store(0, 0, VALUES, 1)
  ram.load(1, 0)
  assert.equal(counters[GUEST.firstTouches], 2)
  assert.equal(counters[GUEST.cowFaults], 0)
  assert.deepEqual([...ptes.subarray(FIRST_PAGE)].slice(0, 3), [1, 1, 0])
  assert.equal(recorded('cow'), 0)
})

test('a store that faulted in its own page is a CoW fault, in any segment; one that faulted elsewhere is none', () => {
  const { ram, ring, counters, recorded } = ramOf()
  for (let ppn = 0; ppn < PAGES; ppn++) ram.fill(ppn, 1, ppn, ppn + 1)
  ring.at(ADDRESSES[0]! + 3 * 4096 + 77)
  ram.store(3, 0, VALUES, 1)
  ring.at(ADDRESSES[1]! + 4095)
  ram.fill(16, 1, 1, 1)
  ring.at(ADDRESSES[0]! + 4 * 4096)
  ram.store(3, 0, VALUES, 1)
  assert.equal(counters[GUEST.cowFaults], 2)
  assert.equal(counters[LINUX_GUEST.zeroPageFaults], 0)
  assert.equal(recorded('cow'), 2)
})

test('faults that met a page of zeros are counted besides', () => {
  const { ram, ring, counters } = ramOf()
  ram.zero(2)
  for (let twice = 0; twice < 2; twice++) {
    ring.at(ADDRESSES[0]! + 2 * 4096)
    ram.store(2, 0, VALUES, 1)
  }
  assert.deepEqual([counters[GUEST.cowFaults], counters[LINUX_GUEST.zeroPageFaults]], [2, 1])
})

test('of the stores that did not fault, one in 64 is timed: words and pages apart', () => {
  const { ram, recorded } = ramOf()
  ram.zero(0)
  for (let n = 1; n < 128; n++) ram.store(0, 0, VALUES, 1)
  assert.equal(recorded('store'), 2)
  for (let n = 0; n < 128; n++) ram.zero(0)
  assert.equal(recorded('store.page'), 2)
})

test('one changed bit is found, and the page is named by its address', () => {
  const host = ramOf()
  for (let ppn = 0; ppn < PAGES; ppn++) host.ram.fill(ppn, 1, ppn, ppn + 1)
  assert.deepEqual(findings(host), [])
  new Uint8Array(host.memory.segments[1]!.buffer)[4096 + 17]! ^= 4
  assert.deepEqual(findings(host), [
    'guest g PPN 17 (address 0x7e0000001000): holds bytes that its guest did not write',
  ])
})

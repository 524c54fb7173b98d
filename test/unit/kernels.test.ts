import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import fc from 'fast-check'
import { createXXHash3 } from 'hash-wasm'
import { wordDigest, ZERO_PAGE_DIGEST } from '../../src/kernels/digest.js'
import { compileKernels, PageKernels } from '../../src/kernels/kernels.js'

const PAGE_BYTES = 4096
const PAGE_WORDS = 1024
const SEGMENT_SHIFT = 4
const SEGMENT_FRAMES = 16
const SEGMENTS = 3
const FRAMES = SEGMENTS * SEGMENT_FRAMES

const modules = compileKernels()
const xxh3 = await createXXHash3()

interface Machine {
  segments: WebAssembly.Memory[]
  kernels: PageKernels
}

/** Three segments of 16 frames, filled with random bytes. */
function machineOfRandomBytes(): Machine {
  const segments = Array.from(
    { length: SEGMENTS },
    () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
  )
  for (const { buffer } of segments) randomize(new Uint8Array(buffer))
  return { segments, kernels: new PageKernels(modules, segments, SEGMENT_SHIFT) }
}

function randomize(bytes: Uint8Array): void {
  bytes.set(randomFillSync(new Uint8Array(bytes.length)))
}

function bytesOf({ segments }: Machine, mpn: number): Uint8Array {
  const { buffer } = segments[mpn >>> SEGMENT_SHIFT]!
  return new Uint8Array(buffer, (mpn % SEGMENT_FRAMES) * PAGE_BYTES, PAGE_BYTES)
}

function wordsOf(machine: Machine, mpn: number): Int32Array {
  const { buffer, byteOffset } = bytesOf(machine, mpn)
  return new Int32Array(buffer, byteOffset, PAGE_WORDS)
}

function snapshot({ segments }: Machine): Uint8Array[] {
  return segments.map(({ buffer }) => new Uint8Array(buffer).slice())
}

/** Asserts that `act` leaves every page as it was, but for `changed`. */
function assertOnlyPageChanges(machine: Machine, changed: number | undefined, act: () => void): void {
  const before = snapshot(machine)
  act()
  for (let mpn = 0; mpn < FRAMES; mpn++) {
    if (mpn === changed) continue
    const start = (mpn % SEGMENT_FRAMES) * PAGE_BYTES
    const expected = before[mpn >>> SEGMENT_SHIFT]!.subarray(start, start + PAGE_BYTES)
    assert.deepEqual(bytesOf(machine, mpn), expected, `page ${mpn}`)
  }
}

function xxh3Of(bytes: Uint8Array): string {
  return xxh3.init().update(bytes.slice()).digest()
}

function kernelHash(kernels: PageKernels, mpn: number): string {
  kernels.hash(mpn)
  const hex = (half: number) => (half >>> 0).toString(16).padStart(8, '0')
  return hex(kernels.hashHigh) + hex(kernels.hashLow)
}

function digestOf(words: Int32Array): number {
  return words.reduce((digest, word, wordIndex) => (digest + wordDigest(wordIndex, word)) | 0, 0)
}

/** Pages of every segment, first and last of each among them. */
const mpns = fc.integer({ min: 0, max: FRAMES - 1 })
const pairsOfMpns = fc.tuple(mpns, mpns).filter(([one, other]) => one !== other)
/** One pair for each ordered pair of segments, the segment with itself included. */
const segmentPairs = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [16 * a + 3, 16 * b + 15] as const))
const word32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const wordIndices = fc.integer({ min: 0, max: PAGE_WORDS - 1 })
const bits = fc.integer({ min: 0, max: 31 })

describe('loading the kernels', () => {
  it('works with modules that came in a message', () => {
    const { port1, port2 } = new MessageChannel()
    port1.postMessage(modules)
    const posted = receiveMessageOnPort(port2)?.message
    port1.close()
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    assert.equal(new PageKernels(posted, [memory], SEGMENT_SHIFT).digest(0), ZERO_PAGE_DIGEST)
  })

  it('changes no byte of the segments', () => {
    const machine = machineOfRandomBytes()
    assertOnlyPageChanges(machine, undefined, () => {
      machine.kernels = new PageKernels(modules, machine.segments, SEGMENT_SHIFT)
    })
  })

  it('accepts a segment that may grow to 4 GiB, and a short last one', () => {
    const segments = [
      new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true }),
      new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
    ]
    const kernels = new PageKernels(modules, segments, 5)
    kernels.fill(47, 1, 2)
    kernels.copy(31, 47)
    assert.equal(kernels.equal(47, 31), true)
    assert.throws(() => kernels.hash(48), WebAssembly.RuntimeError)
    assert.throws(() => kernels.hash(64), TypeError)
  })

  it('reaches the last page of a 4 GiB segment, and neither its neighbour nor page 0 with it', () => {
    const memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536, shared: true })
    const peer = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    const kernels = new PageKernels(modules, [memory, peer], 20)
    const last = 2 ** 20 - 1
    const peerPage = 2 ** 20
    const lastBytes = new Uint8Array(memory.buffer, last * PAGE_BYTES, PAGE_BYTES)

    const digest = kernels.fill(last, 11, 22)
    assert.equal(kernels.isZero(last), false)
    assert.equal(kernels.digest(last), digest)
    assert.equal(digestOf(new Int32Array(memory.buffer, last * PAGE_BYTES, PAGE_WORDS)), digest)
    assert.equal(kernelHash(kernels, last), xxh3Of(lastBytes))
    assert.ok(kernels.isZero(last - 1) && kernels.isZero(0), 'fill keeps to its page')

    kernels.copy(peerPage, last)
    assert.ok(kernels.equal(last, peerPage) && kernels.equal(peerPage, last), 'across segments')
    kernels.copy(2 ** 19, last)
    assert.ok(kernels.equal(last, 2 ** 19) && kernels.equal(2 ** 19, last), 'within the segment')
    kernels.zero(last)
    assert.ok(kernels.isZero(last))
    kernels.copy(last, peerPage)
    assert.equal(kernels.digest(last), digest)
    kernels.copy(last, 0)
    assert.ok(kernels.isZero(last))
    assert.ok(kernels.isZero(last - 1) && kernels.isZero(0), 'copies keep to their page')
  })
})

describe('hash', () => {
  const machine = machineOfRandomBytes()
  const { kernels } = machine

  it('is XXH3-64 of random pages, in every frame', () => {
    for (let mpn = 0; mpn < FRAMES; mpn++) {
      assert.equal(kernelHash(kernels, mpn), xxh3Of(bytesOf(machine, mpn)), `page ${mpn}`)
    }
  })

  it('is XXH3-64 of pages of one repeated byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      const page = bytesOf(machine, byte % FRAMES).fill(byte)
      assert.equal(kernelHash(kernels, byte % FRAMES), xxh3Of(page), `byte ${byte}`)
    }
  })

  it('is XXH3-64 of a page with a single bit set, wherever the bit is', () => {
    const page = bytesOf(machine, 20).fill(0)
    for (let bit = 0; bit < PAGE_BYTES * 8; bit += 61) {
      page[bit >>> 3] = 1 << (bit & 7)
      assert.equal(kernelHash(kernels, 20), xxh3Of(page), `bit ${bit}`)
      page[bit >>> 3] = 0
    }
  })

  it('is XXH3-64 of pages that repeat a random pattern', () => {
    const pattern = fc.uint8Array({ minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(pattern, mpns, (bytes, mpn) => {
        const page = bytesOf(machine, mpn)
        for (let i = 0; i < PAGE_BYTES; i++) page[i] = bytes[i % bytes.length]!
        assert.equal(kernelHash(kernels, mpn), xxh3Of(page))
      }),
    )
  })
})

describe('equal', () => {
  it('sees any single flipped bit, within a segment and across segments', () => {
    const machine = machineOfRandomBytes()
    fc.assert(
      fc.property(pairsOfMpns, wordIndices, bits, ([one, other], wordIndex, bit) => {
        bytesOf(machine, other).set(bytesOf(machine, one))
        assert.equal(machine.kernels.equal(one, other), true)
        wordsOf(machine, other)[wordIndex]! ^= 1 << bit
        assert.equal(machine.kernels.equal(one, other), false)
        assert.equal(machine.kernels.equal(other, one), false)
      }),
      { numRuns: 500 },
    )
  })

  it('compares every word of the page, for every pair of segments', () => {
    const machine = machineOfRandomBytes()
    for (const [one, other] of segmentPairs) {
      bytesOf(machine, other).set(bytesOf(machine, one))
      const words = wordsOf(machine, other)
      for (let wordIndex = 0; wordIndex < PAGE_WORDS; wordIndex++) {
        words[wordIndex]! ^= 1
        assert.equal(machine.kernels.equal(one, other), false, `pages ${one}, ${other}, word ${wordIndex}`)
        words[wordIndex]! ^= 1
      }
      assert.equal(machine.kernels.equal(one, other), true)
    }
  })

  it('is true of a page and itself, and heeds no byte outside the pages', () => {
    const machine = machineOfRandomBytes()
    for (const [one, other] of segmentPairs) {
      bytesOf(machine, other).set(bytesOf(machine, one))
      assertOnlyPageChanges(machine, undefined, () => {
        assert.equal(machine.kernels.equal(one, one), true)
        assert.equal(machine.kernels.equal(one, other), true)
      })
    }
  })
})

describe('order', () => {
  it('is that of memcmp, wherever two pages first differ, within a segment and across segments', () => {
    const machine = machineOfRandomBytes()
    const byteIndices = fc.nat(PAGE_BYTES - 1)
    fc.assert(
      fc.property(pairsOfMpns, byteIndices, fc.nat(255), byteIndices, ([one, other], index, byte, later) => {
        const pages = [bytesOf(machine, one), bytesOf(machine, other)] as const
        pages[1].set(pages[0])
        assert.equal(machine.kernels.order(one, other), 0)
        pages[1][Math.max(index, later)]! ^= 0x55
        pages[1][index] = byte
        const expected = Buffer.compare(pages[0], pages[1])
        assert.equal(machine.kernels.order(one, other), expected)
        assert.equal(machine.kernels.order(other, one), 0 - expected)
      }),
      { numRuns: 500 },
    )
  })

  it('tells every byte of the page apart, for every pair of segments', () => {
    const machine = machineOfRandomBytes()
    for (const [one, other] of segmentPairs) {
      const [page, copy] = [bytesOf(machine, one), bytesOf(machine, other)]
      page[0] = 0
      copy.set(page)
      for (let index = 0; index < PAGE_BYTES; index++) {
        const byte = copy[index]!
        copy[index] = byte ^ 0x80
        const expected = byte < 0x80 ? -1 : 1
        assert.equal(machine.kernels.order(one, other), expected, `pages ${one}, ${other}, byte ${index}`)
        copy[index] = byte
      }
    }
  })
})

describe('copy', () => {
  it('makes the target equal to the source and touches no other byte, for every pair of segments', () => {
    const machine = machineOfRandomBytes()
    for (const [to, from] of segmentPairs) {
      randomize(bytesOf(machine, from))
      assertOnlyPageChanges(machine, to, () => machine.kernels.copy(to, from))
      assert.deepEqual(bytesOf(machine, to), bytesOf(machine, from), `from ${from} to ${to}`)
    }
  })
})

describe('zero and isZero', () => {
  it('zero clears the page and no other byte', () => {
    const machine = machineOfRandomBytes()
    for (let mpn = 0; mpn < FRAMES; mpn++) {
      assertOnlyPageChanges(machine, mpn, () => machine.kernels.zero(mpn))
      assert.ok(bytesOf(machine, mpn).every((byte) => byte === 0))
    }
  })

  it('isZero sees a single bit in any byte', () => {
    const machine = machineOfRandomBytes()
    machine.kernels.zero(17)
    const page = bytesOf(machine, 17)
    for (let i = 0; i < PAGE_BYTES; i++) {
      page[i] = 1 << (i & 7)
      assert.equal(machine.kernels.isZero(17), false, `byte ${i}`)
      page[i] = 0
    }
    assert.equal(machine.kernels.isZero(17), true)
  })
})

describe('fill', () => {
  const machine = machineOfRandomBytes()
  const { kernels } = machine

  it('touches no byte outside the page, in any frame', () => {
    for (let mpn = 0; mpn < FRAMES; mpn++) {
      assertOnlyPageChanges(machine, mpn, () => kernels.fill(mpn, mpn, 7))
    }
  })

  it('returns the digest of what the page then holds', () => {
    fc.assert(
      fc.property(mpns, word32, word32, (mpn, low, high) => {
        const digest = kernels.fill(mpn, low, high)
        assert.equal(kernels.digest(mpn), digest)
        assert.equal(digestOf(wordsOf(machine, mpn)), digest)
      }),
    )
  })

  it('gives the same page for the same key in any frame, whatever was there', () => {
    fc.assert(
      fc.property(pairsOfMpns, word32, word32, ([one, other], low, high) => {
        randomize(bytesOf(machine, other))
        assert.equal(kernels.fill(one, low, high), kernels.fill(other, low, high))
        assert.deepEqual(bytesOf(machine, one), bytesOf(machine, other))
      }),
    )
  })

  it('changes about half of the bits of even and of odd words when one bit of either key half changes', () => {
    fc.assert(
      fc.property(word32, word32, bits, fc.boolean(), (low, high, bit, inHigh) => {
        kernels.fill(0, low, high)
        kernels.fill(1, inHigh ? low : low ^ (1 << bit), inHigh ? high ^ (1 << bit) : high)
        const words = wordsOf(machine, 0)
        const others = wordsOf(machine, 1)
        for (const parity of [0, 1]) {
          let changedBits = 0
          for (let i = parity; i < PAGE_WORDS; i += 2) changedBits += bitCount(words[i]! ^ others[i]!)
          // 16384 fair coins: 8192 with a standard deviation of 64; ten deviations either side.
          assert.ok(Math.abs(changedBits - 8192) < 640, `parity ${parity}: ${changedBits} of 16384 bits`)
        }
      }),
    )
  })

  it('gives different first words, hence different pages, for each of many small keys', () => {
    const seen = new Set<string>()
    for (let low = 0; low < 100; low++) {
      for (let high = 0; high < 100; high++) {
        kernels.fill(0, low, high)
        assert.equal(kernels.isZero(0), false)
        const [first, second] = wordsOf(machine, 0)
        seen.add(`${first} ${second}`)
      }
    }
    assert.equal(seen.size, 100 * 100)
  })
})

describe('digest', () => {
  const machine = machineOfRandomBytes()
  const { kernels } = machine

  it('equals the sum of wordDigest over the words', () => {
    for (let mpn = 0; mpn < FRAMES; mpn++) {
      assert.equal(kernels.digest(mpn), digestOf(wordsOf(machine, mpn)), `page ${mpn}`)
    }
  })

  it('of a page of zeros is ZERO_PAGE_DIGEST', () => {
    kernels.zero(5)
    assert.equal(kernels.digest(5), ZERO_PAGE_DIGEST)
  })

  it('can follow any sequence of stores', () => {
    fc.assert(
      fc.property(mpns, fc.array(fc.tuple(wordIndices, word32)), (mpn, stores) => {
        const words = wordsOf(machine, mpn)
        let digest = kernels.digest(mpn)
        for (const [wordIndex, word] of stores) {
          digest = (digest + wordDigest(wordIndex, word) - wordDigest(wordIndex, words[wordIndex]!)) | 0
          words[wordIndex] = word
        }
        assert.equal(kernels.digest(mpn), digest)
      }),
    )
  })

  it('changes with any single bit of the page', () => {
    const words = wordsOf(machine, 33)
    randomize(bytesOf(machine, 33))
    const digest = kernels.digest(33)
    for (let bit = 0; bit < PAGE_WORDS * 32; bit++) {
      words[bit >>> 5]! ^= 1 << (bit & 31)
      assert.notEqual(kernels.digest(33), digest, `bit ${bit}`)
      words[bit >>> 5]! ^= 1 << (bit & 31)
    }
  })

  it('is the same for a word given as signed or unsigned', () => {
    fc.assert(
      fc.property(wordIndices, word32, (wordIndex, word) => {
        assert.equal(wordDigest(wordIndex, word), wordDigest(wordIndex, word >>> 0))
      }),
    )
  })
})

function bitCount(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}

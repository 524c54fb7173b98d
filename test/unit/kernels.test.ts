import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { wordDigest, ZERO_PAGE_DIGEST } from '../../src/kernels/digest.js'
import { compileKernels, PageKernels } from '../../src/kernels/kernels.js'

const PAGE_BYTES = 4096
const PAGE_WORDS = 1024
const PAGE_BITS = PAGE_BYTES * 8
const SEGMENT_SHIFT = 4
const SEGMENT_FRAMES = 16
const SEGMENTS = 3
const FRAMES = SEGMENTS * SEGMENT_FRAMES

const modules = compileKernels()

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

/** The hash of assembly/hash.ts, word by word: 16 lanes, lane 4 * pair + l holding words l and l + 4 of its pair. */
function referenceHash(page: Uint8Array): string {
  const words = new Uint32Array(page.slice().buffer)
  const lanes = PI.map((_, i) => i).filter((i) => (i & 4) === 0)
  const states = lanes.map((i) => [PI[i]!, PI[i + 4]!] as const)
  for (let row = 0; row < PAGE_WORDS; row += 32) {
    for (const [lane, i] of lanes.entries()) {
      states[lane] = round(states[lane]!, words[row + i]!, words[row + i + 4]!)
    }
  }
  for (let rounds = 0; rounds < 2; rounds++)
    for (const lane of states.keys()) states[lane] = round(states[lane]!, 0, 0)
  let result = 0n
  for (let l = 0; l < 4; l++) {
    const [a, b] = [4, 8, 12].reduce((state, pair) => round(state, ...states[pair + l]!), states[l]!)
    result = mix64(result ^ (BigInt(a >>> 0) | (BigInt(b >>> 0) << 32n)))
  }
  return result.toString(16).padStart(16, '0')
}

function round([a, b]: readonly [number, number], wordA: number, wordB: number): readonly [number, number] {
  const x = a ^ wordA
  const y = b ^ wordB
  return [Math.imul(x ^ (y >>> 15), 0x7feb352d), Math.imul(y ^ (x >>> 16), 0x846ca68b)]
}

function mix64(value: bigint): bigint {
  const product = BigInt.asUintN(64, value * 0xd6e8feb86659fd93n)
  return product ^ (product >> 32n)
}

/** The fraction of pi, by 32 bits. */
const PI = [
  0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89, 0x452821e6,
  0x38d01377, 0xbe5466cf, 0x34e90c6c, 0xc0ac29b7, 0xc97c50dd, 0x3f84d5b5, 0xb5470917, 0x9216d5d9, 0x8979fb1b,
  0xd1310ba6, 0x98dfb5ac, 0x2ffd72db, 0xd01adfb7, 0xb8e1afed, 0x6a267e96, 0xba7c9045, 0xf12c7f99, 0x24a19947,
  0xb3916cf7, 0x0801f2e2, 0x858efc16, 0x636920d8, 0x71574e69,
]

function kernelHash(kernels: PageKernels, mpn: number): string {
  kernels.hash(mpn)
  const hex = (half: number) => (half >>> 0).toString(16).padStart(8, '0')
  return hex(kernels.hashHigh) + hex(kernels.hashLow)
}

/** first, first + stride, first + 2 * stride ... */
function count(words: Int32Array, stride = 1, first = 0): Int32Array {
  for (let i = 0; i < words.length; i++) words[i] = first + i * stride
  return words
}

function swap(words: Int32Array, one: number, other: number, length: number): void {
  const held = words.slice(one, one + length)
  words.copyWithin(one, other, other + length)
  words.set(held, other)
}

/** Neighbours, words of the same lane, words of the same place in other lanes, and such as are far apart. */
function forPairsOfWords(visit: (one: number, other: number) => void): void {
  for (const distance of [1, 2, 3, 4, 8, 16, 28, 32, 36, 64, 512]) {
    for (let one = 0; one + distance < PAGE_WORDS; one++) visit(one, one + distance)
  }
}

/**
 * Of n pages that all differ, n² / 2^65 have the same hash by chance, here never; in each half of it n² / 2^33,
 * of which many times the expected number are allowed.
 */
function assertFewCollisions(kernels: PageKernels, family: (hashed: (mpn: number) => void) => void): void {
  const lows: number[] = []
  const highs: number[] = []
  const hashes = new Set<string>()
  family((mpn) => {
    kernels.hash(mpn)
    lows.push(kernels.hashLow)
    highs.push(kernels.hashHigh)
    hashes.add(`${kernels.hashHigh} ${kernels.hashLow}`)
  })
  assert.equal(hashes.size, lows.length)
  const allowed = 10 + lows.length ** 2 / 2 ** 31
  for (const halves of [lows, highs]) {
    const collisions = halves.length - new Set(halves).size
    assert.ok(collisions < allowed, `${collisions} collisions among ${halves.length} halves`)
  }
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
    assert.equal(kernelHash(kernels, last), referenceHash(lastBytes))
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

  it('is as the reference has it for random pages, in every frame', () => {
    for (let mpn = 0; mpn < FRAMES; mpn++) {
      assert.equal(kernelHash(kernels, mpn), referenceHash(bytesOf(machine, mpn)), `page ${mpn}`)
    }
  })

  it('is as the reference has it for pages that repeat a random pattern', () => {
    const pattern = fc.uint8Array({ minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(pattern, mpns, (bytes, mpn) => {
        const page = bytesOf(machine, mpn)
        for (let i = 0; i < PAGE_BYTES; i++) page[i] = bytes[i % bytes.length]!
        assert.equal(kernelHash(kernels, mpn), referenceHash(page))
      }),
    )
  })

  it('is known for a page of zeros, of ones, and one that counts', () => {
    const words = wordsOf(machine, 20)
    words.fill(0)
    assert.equal(kernelHash(kernels, 20), 'b8ceffcf9ffc2a1a')
    words.fill(-1)
    assert.equal(kernelHash(kernels, 20), 'f62eb2bcd7a6b7bd')
    count(words)
    assert.equal(kernelHash(kernels, 20), '0cf3eddfca057d20')
  })

  it('differs for certain where two words of one lane differ', () => {
    const [lanes, rows] = [fc.nat(15), fc.nat(31)]
    fc.assert(
      fc.property(lanes, rows, word32, word32, (lane, row, maskA, maskB) => {
        fc.pre(maskA !== 0 || maskB !== 0)
        const words = wordsOf(machine, 20)
        const wordIndex = 32 * row + 8 * (lane >>> 2) + (lane & 3)
        const hash = kernelHash(kernels, 20)
        words[wordIndex]! ^= maskA
        words[wordIndex + 4]! ^= maskB
        assert.notEqual(kernelHash(kernels, 20), hash)
      }),
      { numRuns: 2000 },
    )
  })

  const bases = {
    'of zeros': () => wordsOf(machine, 20).fill(0),
    'that counts': () => count(wordsOf(machine, 20)),
    'of random bytes': () => {
      randomize(bytesOf(machine, 20))
      return wordsOf(machine, 20)
    },
  }
  for (const [name, base] of Object.entries(bases)) {
    it(`changes in about half of its bits with any single bit of a page ${name}`, () => {
      const words = base()
      kernels.hash(20)
      const [low, high] = [kernels.hashLow, kernels.hashHigh]
      const flips = new Array<number>(64).fill(0)
      for (let bit = 0; bit < PAGE_BITS; bit++) {
        words[bit >>> 5]! ^= 1 << (bit & 31)
        kernels.hash(20)
        words[bit >>> 5]! ^= 1 << (bit & 31)
        const [changedLow, changedHigh] = [kernels.hashLow ^ low, kernels.hashHigh ^ high]
        // 64 fair coins: 32 with a standard deviation of 4; six and more deviations either side.
        const changedBits = bitCount(changedLow) + bitCount(changedHigh)
        assert.ok(changedBits > 6 && changedBits < 58, `bit ${bit}: ${changedBits} of 64 bits`)
        for (let i = 0; i < 32; i++) {
          flips[i]! += (changedLow >>> i) & 1
          flips[32 + i]! += (changedHigh >>> i) & 1
        }
      }
      // 32768 fair coins: 16384 with a standard deviation of 90.5; eight deviations either side.
      for (const [i, count] of flips.entries())
        assert.ok(Math.abs(count - 16384) < 724, `hash bit ${i}: ${count}`)
    })

    it(`has no collisions where two words of a page ${name} change so that a sum would not`, () => {
      const words = base()
      assertFewCollisions(kernels, (hashed) => {
        forPairsOfWords((one, other) => {
          const before = [words[one]!, words[other]!] as const
          for (const flip of [1, 1 << 7, 1 << 15, 1 << 16, 1 << 23, 1 << 31, -1]) {
            words[one] = before[0] ^ flip
            words[other] = before[1] ^ flip
            hashed(20)
          }
          for (const step of [2, 4096, 0x10001]) {
            words[one] = before[0] + step
            words[other] = before[1] - step
            hashed(20)
          }
          words[one] = before[0]
          words[other] = before[1]
        })
      })
    })
  }

  it('has no collisions where the last row changes in two lanes that meet', () => {
    for (let page = 0; page < 100; page++) {
      const words = bases['of random bytes']()
      assertFewCollisions(kernels, (hashed) => {
        for (let one = PAGE_WORDS - 32; one < PAGE_WORDS - 8; one++) {
          for (let bit = 0; bit < 32; bit++) {
            words[one]! ^= 1 << bit
            words[one + 8]! ^= 1 << bit
            hashed(20)
            words[one]! ^= 1 << bit
            words[one + 8]! ^= 1 << bit
          }
        }
      })
    }
  })

  it('has no collisions among pages whose words, or blocks of 16 or 64 bytes, changed places', () => {
    for (const stride of [1, 0x10001]) {
      const words = count(wordsOf(machine, 20), stride)
      assertFewCollisions(kernels, (hashed) => {
        forPairsOfWords((one, other) => {
          swap(words, one, other, 1)
          hashed(20)
          swap(words, one, other, 1)
        })
        for (const [length, step] of [
          [4, 4],
          [16, 16],
        ] as const) {
          for (let one = 0; one < PAGE_WORDS; one += step) {
            for (let other = one + length; other < PAGE_WORDS; other += step) {
              swap(words, one, other, length)
              hashed(20)
              swap(words, one, other, length)
            }
          }
        }
      })
    }
  })

  it('has no collisions among pages of one word, pages that count, and shifted pages', () => {
    const words = wordsOf(machine, 20)
    assertFewCollisions(kernels, (hashed) => {
      for (const shift of [0, 16]) {
        for (let word = 1; word < 65536; word++) {
          words.fill(word << shift)
          hashed(20)
        }
      }
    })
    assertFewCollisions(kernels, (hashed) => {
      for (const stride of [1, 4, 4096, 1 << 22]) {
        for (let first = 0; first < 8192; first++) {
          count(words, stride, first)
          hashed(20)
        }
      }
    })
    const bytes = bytesOf(machine, 20)
    count(words)
    assertFewCollisions(kernels, (hashed) => {
      for (let i = 0; i < PAGE_BYTES; i++) {
        const first = bytes[0]!
        bytes.copyWithin(0, 1)
        bytes[PAGE_BYTES - 1] = first
        hashed(20)
      }
    })
  })

  it('has no collisions among pages with few words that are not zero', () => {
    const words = wordsOf(machine, 20).fill(0)
    assertFewCollisions(kernels, (hashed) => {
      hashed(20)
      for (let one = 0; one < PAGE_WORDS; one++) {
        for (const value of [1, 2, 3, 255, 4096, 1 << 31]) {
          words[one] = value
          hashed(20)
        }
        words[one] = 0
      }
      forPairsOfWords((one, other) => {
        for (const values of [
          [1, 1],
          [1, 2],
          [2, 1],
          [7, 1 << 20],
          [1 << 31, 1 << 31],
        ] as const) {
          words[one] = values[0]
          words[other] = values[1]
          hashed(20)
        }
        words[one] = 0
        words[other] = 0
      })
    })
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

  it('gives pages that deflate finds nothing to save in, whatever the key', () => {
    const keys = [0, 1, 2, -1, 1 << 31, 0x01010101, 4096]
    for (const low of keys) {
      for (const high of keys) {
        kernels.fill(0, low, high)
        const bytes = deflateRawSync(bytesOf(machine, 0).slice()).length
        assert.ok(bytes >= PAGE_BYTES, `key ${low}, ${high}: ${bytes} bytes`)
      }
    }
  })

  it('sets each bit of a word in about half of the words', () => {
    const ones = new Array<number>(32).fill(0)
    for (let key = 0; key < 64; key++) {
      kernels.fill(0, key, 0)
      for (const word of wordsOf(machine, 0)) for (let i = 0; i < 32; i++) ones[i]! += (word >>> i) & 1
    }
    // 65536 fair coins: 32768 with a standard deviation of 128; six deviations either side.
    for (const [i, count] of ones.entries()) assert.ok(Math.abs(count - 32768) < 768, `bit ${i}: ${count}`)
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

  it('changes with any two bits of the page, as often as chance has it', () => {
    const words = wordsOf(machine, 33)
    const pages = [() => words.fill(0), () => count(words), () => randomize(bytesOf(machine, 33))]
    for (const make of pages) {
      make()
      const unseen = pairsOfBitsUnseen(words)
      // 2^29 pairs, of which 1 in 2^32 cancel by chance.
      assert.ok(unseen < 8, `${unseen} pairs of bits`)
    }
  })

  it('tells pages of one repeated word apart', () => {
    const words = wordsOf(machine, 33)
    for (const unit of [1, 0x100, 0x10000, 0x10001]) {
      const digests = new Set<number>()
      for (let word = 0; word < 65536; word++) {
        words.fill(word * unit)
        digests.add(kernels.digest(33))
      }
      // Half a collision is expected by chance.
      assert.ok(digests.size > 65536 - 8, `${65536 - digests.size} collisions`)
    }
  })

  it('tells pages apart in which two words changed places', () => {
    for (const stride of [1, 16, 0x10001]) {
      const words = count(wordsOf(machine, 33), stride)
      const digests = [kernels.digest(33)]
      forPairsOfWords((one, other) => {
        swap(words, one, other, 1)
        digests.push(kernels.digest(33))
        swap(words, one, other, 1)
      })
      const collisions = digests.length - new Set(digests).size
      // 0.01 expected by chance.
      assert.ok(collisions < 3, `stride ${stride}: ${collisions} of ${digests.length}`)
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

/** How many pairs of bits there are whose flips leave the digest as it was. */
function pairsOfBitsUnseen(words: Int32Array): number {
  const flips = new Map<number, number>()
  let unseen = 0
  for (let bit = 0; bit < PAGE_BITS; bit++) {
    const wordIndex = bit >>> 5
    const word = words[wordIndex]!
    const change = (wordDigest(wordIndex, word ^ (1 << (bit & 31))) - wordDigest(wordIndex, word)) | 0
    unseen += flips.get(-change | 0) ?? 0
    flips.set(change, (flips.get(change) ?? 0) + 1)
  }
  return unseen
}

function bitCount(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}

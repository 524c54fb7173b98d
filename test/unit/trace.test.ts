/** The trace reader and its analysis: right on good traces, and one clear UserError on bad ones. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { formatTraceInfo } from '../../src/cli/trace.js'
import { printable, UserError } from '../../src/errors.js'
import { readTrace, type Trace } from '../../src/guest/trace.js'
import { type SnapshotInfo, traceInfo } from '../../src/guest/trace-info.js'
import { TRACE_LIMITS } from '../../src/guest/trace-limits.js'
import {
  contentNumbers,
  encodeTrace,
  packTrace,
  type TraceSource,
  traceBody,
  traceHeader,
  varint,
} from '../support/trace-writer.js'

const shippedTrace = join(import.meta.dirname, '../../../scenarios/debian-idle-bench.pct.gz')
const directory = mkdtempSync(join(tmpdir(), 'twinpage-trace-'))
after(() => rmSync(directory, { recursive: true }))

/** Guest a: pages 0, 2, 5 hold contents 1, zeros, 2. Guest b: page 7 holds 1. Then page 2 of a changes to 2. */
const example: TraceSource = {
  pagesPerGuest: 8,
  guests: ['a', 'b'],
  snapshots: [
    {
      timeSeconds: 5,
      changes: [
        [
          { page: 0, content: 1 },
          { page: 2, content: 0 },
          { page: 5, content: 2 },
        ],
        [{ page: 7, content: 1 }],
      ],
    },
    { timeSeconds: 10.5, changes: [[{ page: 2, content: 2 }], []] },
  ],
}

function fileOf(bytes: Uint8Array): string {
  const file = join(directory, 'trace.pct.gz')
  writeFileSync(file, bytes)
  return file
}

function refusal(file: string): string {
  try {
    readTrace(file)
  } catch (error) {
    assert.ok(error instanceof UserError, `not a UserError: ${(error as Error).stack}`)
    assert.equal(error.place.file, file)
    assert.ok(!error.message.includes('\n'), 'a message is one line')
    return error.message.slice(printable(`${file}: `).length)
  }
  assert.fail('the trace was accepted')
}

/** The refusal of the example with some header keys replaced. */
function headerRefusal(changes: object): string {
  const file = fileOf(packTrace({ ...traceHeader(example), ...changes }, traceBody(example)))
  return refusal(file)
}

/** The refusal of a body for one guest, `solo`, of 300 pages; bytes are counted from the body's first. */
function bodyRefusal(body: number[], snapshots = 1): string {
  const timesSeconds = Array.from({ length: snapshots }, (_, snapshot) => snapshot)
  const header = { ...traceHeader(example), pagesPerGuest: 300, guests: ['solo'], timesSeconds }
  const headerBytes = JSON.stringify(header).length + 1
  const message = refusal(fileOf(packTrace(header, body)))
  return message.replace(/byte (\d+)/, (_, byte) => `byte ${byte - headerBytes}`)
}

describe('the shipped trace', () => {
  const trace = readTrace(shippedTrace)
  const info = traceInfo(trace)

  test('has four guests of 65,536 pages and 73 snapshots', () => {
    assert.equal(trace.pagesPerGuest, 65_536)
    assert.deepEqual(trace.guests, ['guest-B', 'guest-C', 'guest-D', 'guest-E'])
    assert.equal(trace.timesSeconds.length, 73)
    assert.equal(info.snapshots.length, 73)
    assert.deepEqual(info.guests, trace.guests)
  })

  const documented = documentedRows()
  test('is documented by six rows', () => assert.equal(documented.length, 6))
  for (const [snapshot, timeSeconds, ...counts] of documented) {
    test(`counts at snapshot ${snapshot} are those of docs/trace-format.md`, () => {
      const at = info.snapshots[snapshot!]!
      assert.equal(Math.round(at.timeSeconds), timeSeconds)
      const { zeroPages, distinctContents, saveablePages, changedPages, backedPages } = at
      assert.deepEqual([zeroPages, distinctContents, saveablePages, changedPages, backedPages], counts)
    })
  }

  test('is in shared memory, for worker threads to use without a copy', () => {
    for (const array of [trace.offsets, trace.pages, trace.contents]) {
      assert.ok(array.buffer instanceof SharedArrayBuffer)
    }
  })
})

/** The rows of numbers of the table in the documentation: snapshot, time, and the counts. */
function documentedRows(): number[][] {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/trace-format.md'), 'utf8')
  const rows = page.match(/^(\| [\d,]+ ){7}\|$/gm) ?? []
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => Number(cell.replaceAll(',', ''))),
  )
}

describe('reading', () => {
  test('the example of the documentation gives what the documentation says', () => {
    const { changes } = example.snapshots[0]!
    const source = { ...example, snapshots: [{ timeSeconds: 0, changes }] }
    const body = [0x03, 0x00, 0x01, 0x02, 0x01, 0x00, 0x01, 0x01, 0x07, 0x03]
    assert.deepEqual(traceBody(source), body)
    const trace = readTrace(fileOf(packTrace({ ...traceHeader(source), distinctContents: 3 }, body)))
    assert.deepEqual([...trace.offsets], [0, 3, 4])
    assert.deepEqual([...trace.pages], [0, 2, 5, 7])
    assert.deepEqual([...trace.contents], [1, 0, 2, 1])
  })

  test('any trace gives back what was written', () => {
    fc.assert(
      fc.property(traceSource(), (source) => assertHolds(readTrace(fileOf(encodeTrace(source))), source)),
    )
  })

  test('zero bytes after the gzip data are ignored', () => {
    assertHolds(readTrace(fileOf(Buffer.concat([encodeTrace(example), Buffer.alloc(3)]))), example)
  })

  test('keys that the format does not know are ignored', () => {
    const file = fileOf(packTrace({ ...traceHeader(example), host: 'x' }, traceBody(example)))
    assertHolds(readTrace(file), example)
  })
})

describe('analysis', () => {
  test('agrees with a recount of all pages at every snapshot of any trace', () => {
    fc.assert(
      fc.property(traceSource(), (source) => {
        const info = traceInfo(readTrace(fileOf(encodeTrace(source))))
        assert.deepEqual(info, {
          pagesPerGuest: source.pagesPerGuest,
          guests: source.guests,
          snapshots: recount(source),
        })
      }),
    )
  })
})

function recount({ pagesPerGuest, guests, snapshots }: TraceSource): SnapshotInfo[] {
  const memory = guests.map(() => new Array<number>(pagesPerGuest).fill(0))
  const backed = new Set<string>()
  return snapshots.map(({ timeSeconds, changes }) => {
    for (const [guest, record] of changes.entries()) {
      for (const { page, content } of record) {
        memory[guest]![page] = content
        backed.add(`${guest}:${page}`)
      }
    }
    const all = memory.flat()
    const distinctContents = new Set(all).size
    return {
      timeSeconds,
      zeroPages: all.filter((content) => content === 0).length,
      distinctContents,
      saveablePages: all.length - distinctContents,
      changedPages: changes.flat().length,
      backedPages: backed.size,
    }
  })
}

describe('a file that is no trace is refused:', () => {
  const good = encodeTrace(example)
  const cases: [title: string, make: () => string, expected: RegExp][] = [
    ['one that is not there', () => join(directory, 'missing'), /^no such file$/],
    ['a directory', () => directory, /^is a directory/],
    ['a device', () => '/dev/null', /^must be a regular file$/],
    ['a path below a file', () => join(fileOf(good), 'x'), /^can't be read/],
    ['a path that no system allows', () => 'a\0b', /^can't be read/],
    ['an empty file', () => fileOf(Buffer.alloc(0)), /^is not gzip data/],
    ['plain text', () => fileOf(Buffer.from('hello')), /^is not gzip data/],
    ['gzip of nothing', () => fileOf(gzipSync('')), /^must begin with a line of JSON/],
    ['no line end', () => fileOf(gzipSync('{}')), /^must begin with a line of JSON/],
    ['a first line that is not JSON', () => fileOf(gzipSync('hello\n')), /^its first line must be JSON/],
    ['a deep nest', () => fileOf(gzipSync(`${'['.repeat(400_000)}\n`)), /^its first line must be JSON/],
    ['bytes that are not UTF-8', () => fileOf(gzipSync(Buffer.from([0x22, 0xff, 0x22, 0x0a]))), /UTF-8$/],
    ['a JSON list', () => fileOf(gzipSync('[]\n')), /^its first line must be a JSON object$/],
    ['JSON null', () => fileOf(gzipSync('null\n')), /^its first line must be a JSON object$/],
  ]
  for (const [title, make, expected] of cases) {
    test(title, () => {
      assert.match(refusal(make()), expected)
    })
  }

  test('gzip data cut off at any byte', () => {
    for (let length = 2; length < good.length; length++) {
      assert.match(refusal(fileOf(good.subarray(0, length))), /^is truncated: its gzip data end early/)
    }
  })

  test('gzip data with a wrong checksum', () => {
    const bytes = Buffer.from(good)
    bytes[bytes.length - 8]! ^= 1
    assert.match(refusal(fileOf(bytes)), /^has damaged gzip data \(incorrect data check\)$/)
  })

  test('something else after the gzip data', () => {
    assert.match(refusal(fileOf(Buffer.concat([good, Buffer.from('junk')]))), /^has damaged gzip data/)
    assert.match(refusal(fileOf(Buffer.concat([good, good]))), /more bytes than the header announces/)
  })

  test('a gzip bomb in the body stops at the limit', () => {
    const bomb = Buffer.alloc(TRACE_LIMITS.decompressedBytes)
    const file = fileOf(packTrace(traceHeader(example), bomb))
    assert.match(refusal(file), /^decompresses to more than/)
  })

  test('a gzip bomb of many members, each of them harmless', () => {
    const member = gzipSync(Buffer.alloc(2 ** 20))
    const members = Array(TRACE_LIMITS.decompressedBytes / 2 ** 20).fill(member)
    assert.match(
      refusal(fileOf(Buffer.concat([encodeTrace(example), ...members]))),
      /^decompresses to more than/,
    )
  })

  test('a gzip bomb in the header', () => {
    const file = fileOf(gzipSync(Buffer.alloc(TRACE_LIMITS.decompressedBytes + 1, ' ')))
    assert.match(refusal(file), /^decompresses to more than/)
  })

  test('a file larger than the limit', () => {
    const file = fileOf(good)
    truncateSync(file, TRACE_LIMITS.fileBytes + 1)
    assert.match(refusal(file), /^has \d+ bytes; must have at most \d+$/)
  })
})

describe('a header is refused for', () => {
  const cases: [changes: object, expected: RegExp][] = [
    [{ format: 'other' }, /^format: must be "page-content-trace", got "other"$/],
    [{ format: undefined }, /^format: must be .*, got nothing$/],
    [{ version: 2 }, /^version: must be 1, got 2$/],
    [{ version: [[1]] }, /^version: must be 1, got a list of 1$/],
    [{ pageSize: 8192 }, /^pageSize: must be 4096 \(bytes\), got 8192$/],
    [{ pagesPerGuest: 0 }, /^pagesPerGuest: must be a whole number from 1 to \d+, got 0$/],
    [{ pagesPerGuest: 1.5 }, /^pagesPerGuest: .*got 1.5$/],
    [{ pagesPerGuest: '8' }, /^pagesPerGuest: .*got "8"$/],
    [{ pagesPerGuest: TRACE_LIMITS.pagesPerGuest + 1 }, /^pagesPerGuest: must be a whole number/],
    [{ guests: [] }, /^guests: must be a list of 1 to \d+ names, got a list of 0$/],
    [{ guests: 2 }, /^guests: .*got 2$/],
    [
      { guests: Array.from({ length: TRACE_LIMITS.guests + 1 }, (_, i) => `g${i}`) },
      /^guests: .*a list of 65$/,
    ],
    [{ guests: ['a', ''] }, /^guests\.1: must be a name .*, got ""$/],
    [{ guests: ['a', ' '] }, /^guests\.1: /],
    [{ guests: ['a', 'a'] }, /^guests\.1: must be .*used once, got "a"$/],
    [{ guests: ['a', null] }, /^guests\.1: .*got null$/],
    [{ guests: ['a', 'x'.repeat(TRACE_LIMITS.guestNameCharacters + 1)] }, /^guests\.1: /],
    [{ guests: ['a', '\u009b2J\u202e'] }, /^guests\.1: .*got "\ufffd2J\ufffd"$/],
    [{ timesSeconds: [] }, /^timesSeconds: must be a list of 1 to \d+ times/],
    [{ timesSeconds: Array.from({ length: TRACE_LIMITS.snapshots + 1 }, (_, i) => i) }, /^timesSeconds: /],
    [{ timesSeconds: [5, 5] }, /^timesSeconds\.1: must be .*later than the time before it, got 5$/],
    [{ timesSeconds: [5, 4] }, /^timesSeconds\.1: .*got 4$/],
    [{ timesSeconds: [-1, 4] }, /^timesSeconds\.0: .*got -1$/],
    [{ timesSeconds: [1, '4'] }, /^timesSeconds\.1: .*got "4"$/],
    [{ timesSeconds: [1, 1e300] }, /^timesSeconds\.1: /],
    [{ distinctContents: 4 }, /^distinctContents: must be 3, as many as the body uses, got 4$/],
    [{ distinctContents: 2 }, /^distinctContents: must be 3, as many as the body uses, got 2$/],
    [{ distinctContents: 0 }, /^distinctContents: must be a whole number/],
    [{ distinctContents: 1e300 }, /^distinctContents: must be a whole number/],
  ]
  for (const [changes, expected] of cases) {
    test(JSON.stringify(changes).slice(0, 60), () => assert.match(headerRefusal(changes), expected))
  }

  test('more pages over all guests than the limit', () => {
    const guests = ['a', 'b', 'c', 'd', 'e']
    const message = headerRefusal({ pagesPerGuest: TRACE_LIMITS.pagesPerGuest, guests })
    assert.match(message, /^pagesPerGuest: must be at most \d+ over all guests, got \d+$/)
  })
})

describe('a body is refused, with the byte, snapshot and guest, for', () => {
  const place = (byte: number) =>
    new RegExp(`\\(byte ${byte} of the decompressed trace, snapshot 0, guest "solo"\\)$`)
  const cases: [title: string, body: number[], expected: RegExp, byte: number][] = [
    ['no bytes', [], /^the body is truncated/, 0],
    ['more changes than pages', varint(301), /^301 pages change; must be at most 300/, 0],
    ['more changes than bytes', [2, 0, 0, 1], /^the body is truncated: 2 pages change, and 3 bytes/, 0],
    ['an end inside of a number', [1, 0x80, 0x80], /^the trace ends inside of a number/, 1],
    ['an end before the codes', [1, ...varint(200)], /^the trace ends inside of a number/, 3],
    ['a number of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], /^a number has more than 5 bytes/, 0],
    ['a number of 33 bits', [0x80, 0x80, 0x80, 0x80, 0x10], /^a number has more than 32 bits/, 0],
    ['a first page beyond memory', [1, ...varint(300), 1], /^page 300 must be below 300/, 1],
    ['a later page beyond memory', [2, 9, ...varint(290), 1, 1], /^page 300 must be below 300/, 2],
    ['the largest gap', [2, 9, ...varint(2 ** 32 - 1), 1, 1], /^page 4294967305 must be below 300/, 2],
    ['a code before any content', [1, 0, 2], /^content code 2 must be at most 1 here/, 2],
    ['a code before the first content', [2, 0, 0, 1, 3], /^content code 3 must be at most 2 here/, 4],
  ]
  for (const [title, body, expected, byte] of cases) {
    test(title, () => {
      const message = bodyRefusal(body)
      assert.match(message, expected)
      assert.match(message, place(byte))
    })
  }

  test('a second snapshot that is missing', () => {
    assert.match(bodyRefusal([1, 0, 1], 2), /^the trace ends inside of a number \(byte 3 .*, snapshot 1, /)
  })

  test('bytes after the last record', () => {
    const message = bodyRefusal([0, 0, 0])
    assert.match(message, /^2 more bytes than the header announces \(byte 1 .*, after the last snapshot\)$/)
  })
})

describe('a damaged trace is read as a sound trace, or refused with a UserError:', () => {
  test('bytes changed, removed or added in the file', () => {
    fc.assert(
      fc.property(traceSource(), damages(), (source, list) => {
        // What is accepted after all, under its checksum, is the trace that was written.
        const trace = traceOrRefused(fileOf(damaged(encodeTrace(source), list)))
        if (trace !== undefined) assertHolds(trace, source)
      }),
      { numRuns: 500 },
    )
  })

  test('bytes changed, removed or added in the header or body, under a right checksum', () => {
    fc.assert(
      fc.property(traceSource(), damages(), (source, list) => {
        assertSoundOrRefused(gzipSync(damaged(gunzipSync(encodeTrace(source)), list), { level: 1 }))
      }),
      { numRuns: 500 },
    )
  })

  test('members of other gzip files spliced in', () => {
    fc.assert(
      fc.property(traceSource(), fc.uint8Array({ maxLength: 9 }), fc.nat(), (source, bytes, place) => {
        const [one, other] = halves(gunzipSync(encodeTrace(source)), place)
        assertSoundOrRefused(Buffer.concat([gzipSync(one), gzipSync(bytes), gzipSync(other)]))
        assertHolds(readTrace(fileOf(Buffer.concat([gzipSync(one), gzipSync(''), gzipSync(other)]))), source)
      }),
    )
  })

  test('sizes and counts declared at will, without memory for them', () => {
    const counts = fc.oneof(fc.nat(), fc.constantFrom(0, 1, 2 ** 22, 2 ** 31, 2 ** 32 - 1, 1e300, -1, 0.5))
    const declared = fc.record(
      {
        pagesPerGuest: fc.oneof(fc.constant(TRACE_LIMITS.pagesPerGuest), counts),
        distinctContents: counts,
        guests: fc.nat(TRACE_LIMITS.guests).map((count) => Array.from({ length: count }, (_, i) => `g${i}`)),
        timesSeconds: fc
          .constantFrom(1, 100, TRACE_LIMITS.snapshots)
          .map((count) => [...Array(count).keys()]),
      },
      { requiredKeys: [] },
    )
    const body = fc.array(fc.oneof(fc.nat(3), counts.filter(Number.isSafeInteger)), { maxLength: 40 })
    fc.assert(
      fc.property(declared, body, (changes, numbers) => {
        const varints = numbers.flatMap((number) => varint(Math.abs(number)))
        const bytes = packTrace({ ...traceHeader(example), ...changes }, varints)
        const file = fileOf(bytes)
        const before = process.memoryUsage().arrayBuffers
        const trace = traceOrRefused(file)
        assert.ok(process.memoryUsage().arrayBuffers - before < BYTES_FOR_NOTHING)
        if (trace !== undefined) assertSound(trace)
      }),
      { numRuns: 300 },
    )
  })

  test('a body of any bytes', () => {
    fc.assert(
      fc.property(traceSource(), fc.uint8Array({ maxLength: 60 }), (source, body) => {
        assertSoundOrRefused(packTrace(traceHeader(source), body))
      }),
      { numRuns: 500 },
    )
  })
})

/** Buffers for reading a file of a few bytes, whatever it declares: zlib's own among them. */
const BYTES_FOR_NOTHING = 2 ** 20

function halves(bytes: Buffer, place: number): [Buffer, Buffer] {
  const middle = place % (bytes.length + 1)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

function assertSoundOrRefused(bytes: Buffer): void {
  const trace = traceOrRefused(fileOf(bytes))
  if (trace !== undefined) assertSound(trace)
}

/** Undefined when it is refused by a UserError that names the file. */
function traceOrRefused(file: string): Trace | undefined {
  try {
    return readTrace(file)
  } catch (error) {
    assert.ok(error instanceof UserError, `not a UserError: ${(error as Error).stack}`)
    assert.equal(error.place.file, file)
    return undefined
  }
}

/** Everything that a reader of a Trace may rely on. */
function assertSound(trace: Trace): void {
  const { guests, timesSeconds, pagesPerGuest, distinctContents, offsets, pages, contents } = trace
  const records = guests.length * timesSeconds.length
  assert.equal(offsets.length, records + 1)
  assert.equal(offsets[0], 0)
  assert.equal(offsets[records], pages.length)
  assert.equal(contents.length, pages.length)
  assert.deepEqual(new Set([0, ...contents]).size, distinctContents)
  for (const content of contents) assert.ok(content >= 0 && content < distinctContents)
  for (let record = 0; record < records; record++) {
    const listed = [...pages.subarray(offsets[record], offsets[record + 1])]
    assert.deepEqual(
      listed,
      [...new Set(listed)].sort((a, b) => a - b),
    )
    for (const page of listed) assert.ok(page >= 0 && page < pagesPerGuest)
  }
}

function assertHolds(trace: Trace, source: TraceSource): void {
  assertSound(trace)
  const numbers = contentNumbers(source)
  const records = source.snapshots.flatMap(({ changes }) => changes)
  assert.equal(trace.pagesPerGuest, source.pagesPerGuest)
  assert.deepEqual(trace.guests, source.guests)
  assert.deepEqual(
    trace.timesSeconds,
    source.snapshots.map(({ timeSeconds }) => timeSeconds),
  )
  for (const [record, changes] of records.entries()) {
    const start = trace.offsets[record]!
    assert.equal(trace.offsets[record + 1]! - start, changes.length)
    for (const [index, { page, content }] of changes.entries()) {
      assert.equal(trace.pages[start + index], page)
      assert.equal(trace.contents[start + index], numbers.get(content))
    }
  }
}

/** Small traces, with contents that come back, and page numbers and code distances of more than one byte. */
function traceSource(): fc.Arbitrary<TraceSource> {
  const guests = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 3 })
  const times = fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 4 })
  const pagesPerGuest = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 40_000 }))
  return fc.tuple(guests, times, pagesPerGuest).chain(([names, seconds, pages]) => {
    const change = fc.record({ page: fc.nat(pages - 1), content: fc.oneof(fc.nat(3), fc.nat(400)) })
    const record = fc
      .uniqueArray(change, { selector: ({ page }) => page, maxLength: 200, size: '+1' })
      .map((changes) => changes.sort((a, b) => a.page - b.page))
    const records = fc.array(record, { minLength: names.length, maxLength: names.length })
    return fc.array(records, { minLength: seconds.length, maxLength: seconds.length }).map((all) => {
      const ascending = seconds.sort((a, b) => a - b)
      const snapshots = ascending.map((timeSeconds, index) => ({ timeSeconds, changes: all[index]! }))
      return { pagesPerGuest: pages, guests: names, snapshots }
    })
  })
}

type Damage = { kind: 'flip' | 'truncate' | 'insert' | 'remove'; at: number; byte: number }

function damages(): fc.Arbitrary<Damage[]> {
  const kind = fc.constantFrom('flip' as const, 'truncate' as const, 'insert' as const, 'remove' as const)
  const damage = fc.record({ kind, at: fc.nat(), byte: fc.integer({ min: 1, max: 255 }) })
  return fc.array(damage, { minLength: 1, maxLength: 3 })
}

function damaged(bytes: Buffer, list: Damage[]): Buffer {
  return list.reduce((now, { kind, at, byte }) => {
    const place = at % (now.length + 1)
    const [before, rest] = [now.subarray(0, place), now.subarray(place)]
    if (kind === 'truncate') return before
    if (kind === 'insert') return Buffer.concat([before, Buffer.from([byte]), rest])
    if (kind === 'remove') return Buffer.concat([before, rest.subarray(1)])
    return Buffer.concat([
      before,
      Buffer.from(rest.subarray(0, 1).map((old) => old ^ byte)),
      rest.subarray(1),
    ])
  }, bytes)
}

describe('twinpage trace info', () => {
  test('prints a table that fits 80 columns for the largest trace', () => {
    const { pages, snapshots, timeSeconds } = TRACE_LIMITS
    const last = {
      timeSeconds: timeSeconds - 0.01,
      zeroPages: pages,
      distinctContents: pages,
      saveablePages: pages,
      changedPages: pages,
      backedPages: pages,
    }
    const text = formatTraceInfo({
      pagesPerGuest: TRACE_LIMITS.pagesPerGuest,
      guests: ['a'],
      snapshots: new Array(snapshots).fill(last),
    })
    const lineLengths = text.split('\n').map((line) => line.length)
    assert.ok(Math.max(...lineLengths) <= 80)
  })

  test('prints a line for each guest and snapshot', () => {
    const { status, stdout } = runTrace('info', fileOf(encodeTrace(example)))
    assert.equal(status, 0)
    assert.match(stdout, /^a: 8 pages \(0\.031 MiB\)\nb: 8 pages/)
    const rows = stdout.trim().split('\n').slice(-2)
    const cells = rows.map((row) => row.trim().split(/ +/))
    assert.deepEqual(cells, [
      ['0', '5.00', '13', '3', '13', '4', '4'],
      ['1', '10.50', '12', '3', '13', '1', '4'],
    ])
  })

  test('prints the analysis as JSON with --json', () => {
    const file = fileOf(encodeTrace(example))
    const { status, stdout } = runTrace('info', file, '--json')
    assert.equal(status, 0)
    assert.deepEqual(JSON.parse(stdout), traceInfo(readTrace(file)))
  })

  test('asks for what is missing', () => {
    assert.match(runTrace().stderr, /trace: say what to do, such as info/)
    assert.match(runTrace('info').stderr, /Not enough non-option arguments/)
  })
})

/** Runs the command alone, in its own process. */
function runTrace(...args: string[]) {
  const script = `
    import yargs from 'yargs'
    import { traceCommand } from ${JSON.stringify(import.meta.resolve('../../src/cli/trace.js'))}
    await yargs(process.argv.slice(1)).command(traceCommand).parseAsync()`
  const options = ['--input-type=module', '--eval', script, '--', 'trace', ...args]
  return spawnSync(process.execPath, options, {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../../..'),
  })
}

/**
 * Reads traces of the page contents of real guests (format `page-content-trace`, docs/trace-format.md).
 *
 * A trace is a file from somebody else. Whatever it declares is held against TRACE_LIMITS before memory is
 * allocated for it, and whatever its body says is checked while it is decoded, so that nothing after this
 * file has to doubt a Trace.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import { UserError } from '../errors.js'

/** What a trace may ask of the reader; far above real captures, and low enough for any machine. */
export const TRACE_LIMITS = {
  fileBytes: 2 ** 27,
  decompressedBytes: 2 ** 27,
  headerBytes: 2 ** 19,
  pagesPerGuest: 2 ** 22,
  /** Over all guests. */
  pages: 2 ** 24,
  guests: 64,
  guestNameCharacters: 64,
  snapshots: 10_000,
  timeSeconds: 10 ** 7,
} as const

const FORMAT = 'page-content-trace'
const VERSION = 1
const PAGE_BYTES = 4096
const NEWLINE = 0x0a
/** Control and format characters, which would let a trace command the terminal of whoever lists its guests. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu
const CODE_ZERO = 0
const CODE_NEW = 1
const VARINT_BYTES_MAX = 5
const VARINT_MAX = 2 ** 32 - 1
/** A change has a page number and a content code, each of one byte or more. */
const CHANGE_BYTES_MIN = 2

export interface TraceHeader {
  /** The path, as given. */
  file: string
  pagesPerGuest: number
  /** Names, unique, in the order in which the trace numbers its guests. */
  guests: string[]
  /** When each snapshot was taken, by the capture's clock; ascending. */
  timesSeconds: number[]
  /** Content numbers are below this; 0 is the page of zeros, counted even if no page of the trace holds it. */
  distinctContents: number
}

/** The arrays lie in SharedArrayBuffers, so that worker threads use them without a copy. */
export interface Trace extends TraceHeader {
  /** The changes of snapshot s, guest g are entries [offsets[s*guests+g], offsets[s*guests+g+1]) of pages and contents. */
  offsets: Int32Array
  /** PPNs, ascending within a snapshot of a guest. */
  pages: Int32Array
  /** The content number that the page holds from this snapshot on; 0: all zero. */
  contents: Int32Array
}

/**
 * Reads and checks the header alone, decompressing little more than that.
 * @throws UserError naming the file and what is wrong with it.
 */
export function readTraceHeader(file: string): TraceHeader {
  // Deflate can hold a file full of empty blocks, so the compressed side of the header has a limit too.
  const compressed = readStart(file, 2 * TRACE_LIMITS.headerBytes)
  // Small steps, because the step that reaches beyond the header may be 1,032 times as large decompressed.
  const stepBytes = 2 ** 14
  for (let end = stepBytes; ; end += stepBytes) {
    const start = decompress(file, compressed.subarray(0, end), constants.Z_SYNC_FLUSH)
    const complete = start.includes(NEWLINE) || start.length > TRACE_LIMITS.headerBytes
    if (complete || end >= compressed.length) return parseHeader(file, start).header
  }
}

/**
 * Reads a whole trace.
 * @throws UserError naming the file, what is wrong with it, and at which byte, snapshot and guest.
 */
export function readTrace(file: string): Trace {
  const bytes = decompress(file, readStart(file, TRACE_LIMITS.fileBytes), constants.Z_FINISH)
  const { header, headerBytes } = parseHeader(file, bytes)
  return { ...header, ...decodeBody(new BodyCursor(header, bytes, headerBytes)) }
}

/** The file's first bytes, all of them if it has no more than `bytesMax`. */
function readStart(file: string, bytesMax: number): Buffer {
  const limit = TRACE_LIMITS.fileBytes
  try {
    // Asked before opening: opening a named pipe would wait for its writer.
    const status = statSync(file)
    if (status.isDirectory()) reject(file, 'is a directory; must be a trace')
    if (!status.isFile()) reject(file, 'must be a regular file')
    if (status.size > limit) reject(file, `has ${status.size} bytes; must have at most ${limit}`)
    return readRegularFile(file, Math.min(status.size, bytesMax))
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    return reject(file, code === 'ENOENT' ? 'no such file' : `can't be read (${message})`)
  }
}

function readRegularFile(file: string, bytesWanted: number): Buffer {
  const bytes = Buffer.alloc(bytesWanted)
  const descriptor = openSync(file, 'r')
  try {
    let end = 0
    let count = 0
    do {
      count = readSync(descriptor, bytes, end, bytesWanted - end, null)
      end += count
    } while (count > 0)
    return bytes.subarray(0, end)
  } finally {
    closeSync(descriptor)
  }
}

/** @param finishFlush Z_FINISH: the gzip data must be complete; Z_SYNC_FLUSH: as much of it as is there. */
function decompress(file: string, compressed: Buffer, finishFlush: number): Buffer {
  if (compressed[0] !== 0x1f || compressed[1] !== 0x8b) reject(file, 'is not gzip data, so not a trace')
  const maxOutputLength = TRACE_LIMITS.decompressedBytes
  try {
    return gunzipSync(compressed, { finishFlush, maxOutputLength })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      reject(file, `decompresses to more than ${maxOutputLength} bytes, the most that a trace may have`)
    }
    if (code === 'Z_BUF_ERROR')
      reject(file, `is truncated: its gzip data end early, at byte ${compressed.length}`)
    return reject(file, `has damaged gzip data (${message})`)
  }
}

function parseHeader(file: string, bytes: Buffer): { header: TraceHeader; headerBytes: number } {
  const end = bytes.subarray(0, TRACE_LIMITS.headerBytes).indexOf(NEWLINE)
  if (end < 0) reject(file, `must begin with a line of JSON of less than ${TRACE_LIMITS.headerBytes} bytes`)
  return { header: checkHeader(file, parseJsonObject(file, bytes.subarray(0, end))), headerBytes: end + 1 }
}

function parseJsonObject(file: string, line: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
  } catch {
    reject(file, 'its first line must be JSON in UTF-8')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    reject(file, 'its first line must be a JSON object')
  }
  return value as Record<string, unknown>
}

function checkHeader(file: string, json: Record<string, unknown>): TraceHeader {
  const check = (valid: boolean, key: string, allowed: string, value: unknown = json[key]) => {
    if (!valid) reject(file, `must be ${allowed}, got ${shown(value)}`, key)
  }
  const { format, version, pageSize, pagesPerGuest, guests, timesSeconds, distinctContents } = json
  const limits = TRACE_LIMITS
  check(format === FORMAT, 'format', `"${FORMAT}"`)
  check(version === VERSION, 'version', `${VERSION}`)
  check(pageSize === PAGE_BYTES, 'pageSize', `${PAGE_BYTES} (bytes)`)
  const pagesAllowed = `a whole number from 1 to ${limits.pagesPerGuest}`
  check(isCount(pagesPerGuest, limits.pagesPerGuest), 'pagesPerGuest', pagesAllowed)
  check(isList(guests, limits.guests), 'guests', `a list of 1 to ${limits.guests} names`)
  check(isList(timesSeconds, limits.snapshots), 'timesSeconds', `a list of 1 to ${limits.snapshots} times`)
  // The body alone can say whether there are as many.
  check(isCount(distinctContents, VARINT_MAX), 'distinctContents', `a whole number from 1 to ${VARINT_MAX}`)
  const header = { file, pagesPerGuest, guests, timesSeconds, distinctContents } as TraceHeader
  for (const [index, name] of header.guests.entries()) {
    const allowed = `a name of 1 to ${limits.guestNameCharacters} printable characters, used once`
    check(isName(name) && header.guests.indexOf(name) === index, `guests.${index}`, allowed, name)
  }
  for (const [index, time] of header.timesSeconds.entries()) {
    const previous = header.timesSeconds[index - 1]
    const allowed = `a number of seconds from 0 to ${limits.timeSeconds}, later than the time before it`
    const ascends = previous === undefined || time > previous
    check(isTime(time) && ascends, `timesSeconds.${index}`, allowed, time)
  }
  const pages = header.pagesPerGuest * header.guests.length
  check(pages <= limits.pages, 'pagesPerGuest', `at most ${limits.pages} over all guests`, pages)
  return header
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max
}

function isList(value: unknown, lengthMax: number): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= lengthMax
}

function isName(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > TRACE_LIMITS.guestNameCharacters) return false
  return value.trim() !== '' && value.search(UNPRINTABLE) < 0
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= TRACE_LIMITS.timeSeconds
}

/** A value of the header for a message: one short line whatever it is. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.slice(0, 40)).replaceAll(UNPRINTABLE, '\u{fffd}')
}

/** Where the decoder stands in the body: it takes varints and says where a wrong one is. */
class BodyCursor {
  /** Records completed; record s × guests + g is of snapshot s, guest g. */
  record = 0
  private at: number
  private varintAt: number

  constructor(
    readonly header: TraceHeader,
    private readonly bytes: Buffer,
    start: number,
  ) {
    this.at = start
    this.varintAt = start
  }

  get bytesLeft(): number {
    return this.bytes.length - this.at
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  varint(): number {
    this.varintAt = this.at
    let value = 0
    let factor = 1
    for (let length = 1; length <= VARINT_BYTES_MAX; length++) {
      if (this.at === this.bytes.length) this.fail('the trace ends inside of a number')
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value <= VARINT_MAX ? value : this.fail('a number has more than 32 bits')
      factor *= 0x80
    }
    return this.fail(`a number has more than ${VARINT_BYTES_MAX} bytes`)
  }

  /** @param message what is wrong with the varint that was taken last. */
  fail(message: string): never {
    const { file, guests, timesSeconds } = this.header
    const snapshot = Math.floor(this.record / guests.length)
    const place =
      snapshot < timesSeconds.length
        ? `snapshot ${snapshot}, guest "${guests[this.record % guests.length]}"`
        : 'after the last snapshot'
    reject(file, `${message} (byte ${this.varintAt} of the decompressed trace, ${place})`)
  }

  /** @throws UserError unless the body ends here. */
  end(): void {
    this.varintAt = this.at
    if (this.bytesLeft > 0) this.fail(`${this.bytesLeft} more bytes than the header announces`)
  }
}

function decodeBody(cursor: BodyCursor): Pick<Trace, 'offsets' | 'pages' | 'contents'> {
  const { guests, timesSeconds, distinctContents, pagesPerGuest } = cursor.header
  const records = guests.length * timesSeconds.length
  // Sizes come from the bytes that are there, not from what the header declares.
  if (cursor.bytesLeft < records) cursor.fail(`the body is truncated: ${records} records in fewer bytes`)
  const changesMax = Math.floor(cursor.bytesLeft / CHANGE_BYTES_MIN)
  const offsets = sharedInt32(records + 1)
  const pages = sharedInt32(changesMax)
  const contents = sharedInt32(changesMax)
  let changes = 0
  let nextContent = 1
  for (; cursor.record < records; cursor.record++) {
    const end = changes + takeChangeCount(cursor)
    takePages(cursor, pages.subarray(changes, end), pagesPerGuest)
    nextContent = takeContents(cursor, contents.subarray(changes, end), nextContent)
    offsets[cursor.record + 1] = end
    changes = end
  }
  cursor.end()
  if (nextContent !== distinctContents) {
    const problem = `must be ${nextContent}, as many as the body uses, got ${distinctContents}`
    reject(cursor.header.file, problem, 'distinctContents')
  }
  return { offsets, pages: pages.subarray(0, changes), contents: contents.subarray(0, changes) }
}

function takeChangeCount(cursor: BodyCursor): number {
  const count = cursor.varint()
  const { pagesPerGuest } = cursor.header
  if (count > pagesPerGuest) cursor.fail(`${count} pages change; must be at most ${pagesPerGuest}`)
  if (count * CHANGE_BYTES_MIN > cursor.bytesLeft) {
    cursor.fail(`the body is truncated: ${count} pages change, and ${cursor.bytesLeft} bytes are left`)
  }
  return count
}

function takePages(cursor: BodyCursor, pages: Int32Array, pagesPerGuest: number): void {
  let page = -1
  for (let index = 0; index < pages.length; index++) {
    page += cursor.varint() + 1
    if (page >= pagesPerGuest) cursor.fail(`page ${page} must be below ${pagesPerGuest}`)
    pages[index] = page
  }
}

/** Returns the number that the next new content takes. */
function takeContents(cursor: BodyCursor, contents: Int32Array, nextContent: number): number {
  let next = nextContent
  for (let index = 0; index < contents.length; index++) {
    const code = cursor.varint()
    if (code === CODE_ZERO) continue
    if (code > next) cursor.fail(`content code ${code} must be at most ${next} here`)
    contents[index] = code === CODE_NEW ? next++ : next - (code - 1)
  }
  return next
}

function sharedInt32(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
}

function reject(file: string, message: string, key = ''): never {
  throw new UserError(message, { file, key })
}

/** A trace's body: records of varints, decoded with every number checked; a wrong one is named by its byte. */
import type { TraceHeader } from './trace-header.js'
import { rejectTrace } from './trace-limits.js'

const CODE_ZERO = 0
const CODE_NEW = 1
const VARINT_BYTES_MAX = 5
const VARINT_MAX = 2 ** 32 - 1
/** A change has a page number and a content code, each of one byte or more. */
const CHANGE_BYTES_MIN = 2

/** The arrays lie in SharedArrayBuffers, so that worker threads use them without a copy. */
export interface TraceChanges {
  /** The changes of snapshot s, guest g are entries [offsets[s*guests+g], offsets[s*guests+g+1]) of pages and contents. */
  offsets: Int32Array
  /** PPNs, ascending within a snapshot of a guest. */
  pages: Int32Array
  /** The content number that the page holds from this snapshot on; 0: all zero. */
  contents: Int32Array
}

/** @param start where the body begins in `bytes` */
export function decodeBody(header: TraceHeader, bytes: Uint8Array, start: number): TraceChanges {
  return decode(new BodyCursor(header, bytes, start))
}

/** Where the decoder stands in the body: it takes varints and says where a wrong one is. */
class BodyCursor {
  /** Records completed; record s × guests + g is of snapshot s, guest g. */
  record = 0
  private at: number
  private varintAt: number

  constructor(
    readonly header: TraceHeader,
    private readonly bytes: Uint8Array,
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
    rejectTrace(file, `${message} (byte ${this.varintAt} of the decompressed trace, ${place})`)
  }

  /** @throws UserError unless the body ends here. */
  end(): void {
    this.varintAt = this.at
    if (this.bytesLeft > 0) this.fail(`${this.bytesLeft} more bytes than the header announces`)
  }
}

function decode(cursor: BodyCursor): TraceChanges {
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
    rejectTrace(cursor.header.file, problem, 'distinctContents')
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

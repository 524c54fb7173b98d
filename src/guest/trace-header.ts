/** A trace's header: one line of JSON, checked key by key before anything is allocated from what it says. */
import { PAGE_BYTES } from '../machine/layout.js'
import { rejectTrace, TRACE_LIMITS } from './trace-limits.js'

const FORMAT = 'page-content-trace'
const VERSION = 1
const NEWLINE = 0x0a
/** Content numbers are varints of at most 32 bits. */
const DISTINCT_CONTENTS_MAX = 2 ** 32 - 1
/** Control and format characters, which would let a trace command the terminal of whoever lists its guests. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

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

/** @throws UserError naming the file, the key and what is allowed */
export function parseHeader(file: string, bytes: Uint8Array): { header: TraceHeader; headerBytes: number } {
  const end = bytes.subarray(0, TRACE_LIMITS.headerBytes).indexOf(NEWLINE)
  if (end < 0)
    rejectTrace(file, `must begin with a line of JSON of less than ${TRACE_LIMITS.headerBytes} bytes`)
  return { header: checkHeader(file, parseJsonObject(file, bytes.subarray(0, end))), headerBytes: end + 1 }
}

function parseJsonObject(file: string, line: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
  } catch {
    rejectTrace(file, 'its first line must be JSON in UTF-8')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    rejectTrace(file, 'its first line must be a JSON object')
  }
  return value as Record<string, unknown>
}

function checkHeader(file: string, json: Record<string, unknown>): TraceHeader {
  const check = (valid: boolean, key: string, allowed: string, value: unknown = json[key]) => {
    if (!valid) rejectTrace(file, `must be ${allowed}, got ${shown(value)}`, key)
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
  check(
    isCount(distinctContents, DISTINCT_CONTENTS_MAX),
    'distinctContents',
    `a whole number from 1 to ${DISTINCT_CONTENTS_MAX}`,
  )
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

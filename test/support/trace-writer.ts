/** Writes traces (docs/trace-format.md) for tests; piece by piece, so that a test can spoil any of them. */
import { gzipSync } from 'node:zlib'

/** A page and what it holds: 0 is the page of zeros, any other number a content that the writer renumbers. */
export interface PageChange {
  page: number
  content: number
}

export interface TraceSource {
  pagesPerGuest: number
  guests: string[]
  /** `changes` has one list for each guest, ascending by page. */
  snapshots: { timeSeconds: number; changes: PageChange[][] }[]
}

/** The whole file. */
export function encodeTrace(source: TraceSource): Buffer {
  return packTrace(traceHeader(source), traceBody(source))
}

/** A file of any header and body, right or wrong. */
export function packTrace(header: unknown, body: Uint8Array | number[]): Buffer {
  return gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Uint8Array.from(body)]), {
    level: 1,
  })
}

export function traceHeader(source: TraceSource) {
  return {
    format: 'page-content-trace',
    version: 1,
    pageSize: 4096,
    pagesPerGuest: source.pagesPerGuest,
    guests: source.guests,
    timesSeconds: source.snapshots.map(({ timeSeconds }) => timeSeconds),
    distinctContents: contentNumbers(source).size,
  }
}

export function traceBody({ snapshots }: TraceSource): number[] {
  const numbers = new Map([[0, 0]])
  return snapshots.flatMap(({ changes }) => changes.flatMap((record) => encodeRecord(record, numbers)))
}

/** The number that a trace gives to each content: in order of first appearance, from 1; zeros are 0. */
export function contentNumbers({ snapshots }: TraceSource): Map<number, number> {
  const contents = snapshots.flatMap(({ changes }) => changes.flat().map(({ content }) => content))
  return new Map([...new Set([0, ...contents])].map((content, number) => [content, number]))
}

/** Unsigned LEB128. */
export function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))]
}

function encodeRecord(changes: PageChange[], numbers: Map<number, number>): number[] {
  const gaps = changes.map(({ page }, index) => page - (index === 0 ? 0 : changes[index - 1]!.page + 1))
  const codes = changes.map(({ content }) => contentCode(content, numbers))
  return [changes.length, ...gaps, ...codes].flatMap(varint)
}

/** `numbers` gains the contents that are new. */
function contentCode(content: number, numbers: Map<number, number>): number {
  if (content === 0) return 0
  const next = numbers.size
  const number = numbers.get(content)
  if (number !== undefined) return next - number + 1
  numbers.set(content, next)
  return 1
}

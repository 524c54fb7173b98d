/**
 * What the page contents of a trace allow, snapshot by snapshot: exact counts, all guests together.
 *
 * Kept up to date change by change, as the number of pages that hold each content, so that a snapshot costs
 * its changes and not all of memory. A page that the host never backed with memory reads as zeros, and
 * counts as a page of zeros here.
 */
import type { Trace } from './trace.js'

/** One snapshot, over all guests. */
export interface SnapshotInfo {
  /** By the capture's clock. */
  timeSeconds: number
  /** Pages that hold only zeros. */
  zeroPages: number
  distinctContents: number
  /** All pages less one for each distinct content: what a perfect, instant scanner would save. */
  saveablePages: number
  /** Pages listed by this snapshot: changed since the one before, or backed with memory for the first time. */
  changedPages: number
  /** Pages that the host had given memory by then. */
  backedPages: number
}

export interface TraceInfo {
  pagesPerGuest: number
  /** Names, in the order of the trace. */
  guests: string[]
  snapshots: SnapshotInfo[]
}

export function traceInfo(trace: Trace): TraceInfo {
  const { pagesPerGuest, guests, timesSeconds, offsets } = trace
  const memory = new Memory(trace)
  const snapshots = timesSeconds.map((timeSeconds, snapshot) => {
    const record = snapshot * guests.length
    for (let guest = 0; guest < guests.length; guest++) memory.apply(record + guest, guest)
    const changedPages = offsets[record + guests.length]! - offsets[record]!
    return { timeSeconds, ...memory.counts(), changedPages, backedPages: memory.backedPages }
  })
  return { pagesPerGuest, guests, snapshots }
}

/** The contents of every page of every guest, and how many pages hold each. */
class Memory {
  backedPages = 0
  private distinctContents = 1
  /** Content number of page p of guest g, at g × pagesPerGuest + p; 0 (zero) before it is backed. */
  private readonly contentOf: Int32Array
  private readonly isBacked: Uint8Array
  /** Pages that hold each content, by content number. */
  private readonly holders: Int32Array

  constructor(private readonly trace: Trace) {
    const pages = trace.guests.length * trace.pagesPerGuest
    this.contentOf = new Int32Array(pages)
    this.isBacked = new Uint8Array(pages)
    this.holders = new Int32Array(trace.distinctContents)
    this.holders[0] = pages
  }

  /** Makes the changes of one record, a guest's part of a snapshot. */
  apply(record: number, guest: number): void {
    const { offsets, pages, contents, pagesPerGuest } = this.trace
    for (let change = offsets[record]!; change < offsets[record + 1]!; change++) {
      this.set(guest * pagesPerGuest + pages[change]!, contents[change]!)
    }
  }

  counts(): Pick<SnapshotInfo, 'zeroPages' | 'distinctContents' | 'saveablePages'> {
    const { distinctContents, contentOf, holders } = this
    return { zeroPages: holders[0]!, distinctContents, saveablePages: contentOf.length - distinctContents }
  }

  private set(page: number, content: number): void {
    if (this.isBacked[page] === 0) {
      this.isBacked[page] = 1
      this.backedPages++
    }
    if (--this.holders[this.contentOf[page]!]! === 0) this.distinctContents--
    if (++this.holders[content]! === 1) this.distinctContents++
    this.contentOf[page] = content
  }
}

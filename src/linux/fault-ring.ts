/**
 * Which of a thread's stores faulted, told by the kernel: the ring in which perf_event_open(2) leaves a record of each
 * page fault of one thread (page-fault-events.ts opens it).
 *
 *   byte 1024      data_head, 64 bits: how many bytes of records there have been; only its lower half is read here
 *   byte 4096      records, 64 KiB, the newest over the oldest; a record:
 *                    u32 type, u16 misc, u16 size of the record, then for a fault the 64-bit address that it was at
 *
 * One thread writes and reads: the kernel appends a record within the fault, so whoever reads the head before and after
 * a store finds between the two every fault of that store, and nothing that another thread did. Other memory of the
 * thread faults as well, V8's heap above all; the address tells it apart. No system call is made.
 */
import * as A from '#atomics'
import { PAGE_BYTES } from '../machine/layout.js'

/** Pages of the records, a power of two; the page of the head comes before them. */
export const RING_DATA_PAGES = 16
export const RING_BYTES = (1 + RING_DATA_PAGES) * PAGE_BYTES

const HEAD_WORD = 1024 / 4
const DATA_WORD = PAGE_BYTES / 4
const DATA_BYTES = RING_DATA_PAGES * PAGE_BYTES
const DATA_MASK = DATA_BYTES - 1
/** PERF_RECORD_SAMPLE */
const SAMPLE = 9
const SIZE_SHIFT = 16
/** A record that is its header alone. */
const RECORD_BYTES_MIN = 8

export class FaultRing {
  /** @param words the whole ring, RING_BYTES of it */
  constructor(private readonly words: Int32Array) {}

  /** Where the next record will be: unchanged as long as the thread does not fault. */
  head(): number {
    return A.load(this.words, HEAD_WORD)
  }

  /** Was one of the faults since the head was `from` within the page that begins at this address? */
  hasFaultIn(pageAddress: number, from: number): boolean {
    const since = (this.head() - from) >>> 0
    // Records before that are overwritten: 4,096 faults within one store.
    let left = Math.min(since, DATA_BYTES)
    let at = from + since - left
    while (left > 0) {
      if (this.word(at) === SAMPLE) {
        const offset = (this.word(at + 12) >>> 0) * 2 ** 32 + (this.word(at + 8) >>> 0) - pageAddress
        if (offset >= 0 && offset < PAGE_BYTES) return true
      }
      const size = Math.max(this.word(at + 4) >>> SIZE_SHIFT, RECORD_BYTES_MIN)
      at += size
      left -= size
    }
    return false
  }

  /** Of the records, at a byte that counts on and on. */
  private word(at: number): number {
    return this.words[DATA_WORD + ((at & DATA_MASK) >> 2)]!
  }
}

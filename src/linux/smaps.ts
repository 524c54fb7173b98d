/**
 * How many pages of a piece of this process's memory KSM has merged: /proc/self/smaps. The kernel walks all page tables of
 * the process for it, in the order of 10 ms for each GiB. Mappings of the zero page are not among them.
 */
import { PAGE_BYTES } from '../machine/layout.js'
import { readIfThere } from './read-if-there.js'

const BYTES_PER_KB = 1024

/** Bytes [start, end) of the address space. */
export interface AddressRange {
  start: number
  end: number
}

/**
 * In each of several parts of memory.
 * @param parts each of one range or more
 * @returns undefined where the kernel does not tell
 */
export function mergedPages(
  parts: readonly (readonly AddressRange[])[],
  smaps = readIfThere('/proc/self/smaps'),
): number[] | undefined {
  const bytes = parts.map(() => 0)
  let part = -1
  let isTold = false
  for (const line of (smaps ?? '').split('\n')) {
    const mapping = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line)
    if (mapping !== null) {
      const start = Number.parseInt(mapping[1]!, 16)
      part = parts.findIndex((ranges) => ranges.some((range) => range.start <= start && start < range.end))
    } else if (line.startsWith('KSM:')) {
      isTold = true
      if (part >= 0) bytes[part]! += Number.parseInt(line.slice('KSM:'.length), 10) * BYTES_PER_KB
    }
  }
  return isTold ? bytes.map((count) => count / PAGE_BYTES) : undefined
}

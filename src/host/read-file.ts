/** Reads a file as far as its stated size: one that grows meanwhile, or never ends as some in /proc, can't fill memory. */
import { closeSync, openSync, readSync } from 'node:fs'

/** The first `bytesMax` bytes, or all of them if there are fewer. */
export function readFirstBytes(file: string, bytesMax: number): Buffer {
  const bytes = Buffer.alloc(bytesMax)
  const descriptor = openSync(file, 'r')
  try {
    let end = 0
    let count = 0
    do {
      count = readSync(descriptor, bytes, end, bytesMax - end, null)
      end += count
    } while (count > 0)
    return bytes.subarray(0, end)
  } finally {
    closeSync(descriptor)
  }
}

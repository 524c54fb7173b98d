/** A trace's file as bytes: read and decompressed within limits, so that neither a huge file nor a gzip bomb hurts. */
import { statSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { UserError } from '../errors.js'
import { readFirstBytes } from '../host/read-file.js'
import { didYouMeanPath } from '../scenario/nearest.js'
import { rejectTrace, TRACE_LIMITS } from './trace-limits.js'

/**
 * Reads and decompresses a gzip file, neither of them beyond its limit.
 * @throws UserError naming the file and what is wrong with it
 */
export function readGzip(file: string): Buffer {
  const compressed = readBounded(file)
  if (compressed[0] !== 0x1f || compressed[1] !== 0x8b) rejectTrace(file, 'is not gzip data, so not a trace')
  const maxOutputLength = TRACE_LIMITS.decompressedBytes
  try {
    return gunzipSync(compressed, { maxOutputLength })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      rejectTrace(file, `decompresses to more than ${maxOutputLength} bytes, the most that a trace may have`)
    }
    if (code === 'Z_BUF_ERROR')
      rejectTrace(file, `is truncated: its gzip data end early, at byte ${compressed.length}`)
    return rejectTrace(file, `has damaged gzip data (${message})`)
  }
}

/** @throws UserError when the file isn't there, can't be read, or is too large. */
function readBounded(file: string): Buffer {
  const limit = TRACE_LIMITS.fileBytes
  try {
    // Asked before opening: opening a named pipe would wait for its writer.
    const status = statSync(file)
    if (status.isDirectory()) rejectTrace(file, 'is a directory; must be a trace')
    if (!status.isFile()) rejectTrace(file, 'must be a regular file')
    if (status.size > limit) rejectTrace(file, `has ${status.size} bytes; must have at most ${limit}`)
    return readFirstBytes(file, status.size)
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    return rejectTrace(
      file,
      code === 'ENOENT' ? `no such file${didYouMeanPath(file)}` : `can't be read (${message})`,
    )
  }
}

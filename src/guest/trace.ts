/**
 * Reads traces of the page contents of real guests (format `page-content-trace`, docs/trace-format.md).
 *
 * A trace is a file from somebody else. Whatever it declares is held against TRACE_LIMITS before memory is
 * allocated for it, and whatever its body says is checked while it is decoded, so that nothing after this
 * file has to doubt a Trace.
 */
import { decodeBody, type TraceChanges } from './trace-body.js'
import { readGzip } from './trace-file.js'
import { parseHeader, type TraceHeader } from './trace-header.js'

export interface Trace extends TraceHeader, TraceChanges {}

/**
 * Reads a whole trace.
 * @throws UserError naming the file, what is wrong with it, and at which byte, snapshot and guest.
 */
export function readTrace(file: string): Trace {
  const bytes = readGzip(file)
  const { header, headerBytes } = parseHeader(file, bytes)
  return { ...header, ...decodeBody(header, bytes, headerBytes) }
}

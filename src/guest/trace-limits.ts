/** What a trace may be: limits on what an untrusted file may ask for, and how one that is refused is reported. */
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

/** @param key of the header, where the fault is in one */
export function rejectTrace(file: string, message: string, key = ''): never {
  throw new UserError(message, { file, key })
}

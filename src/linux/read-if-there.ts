/** Reads files of /proc and /sys: which of them exist depends on the kernel, and a process's may go at any time. */
import { readFileSync } from 'node:fs'
import { isSystemError } from '../errors.js'

/** Undefined where there is no such file, or no such process any more. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined
    throw error
  }
}

/** Runs one of the system's commands to its end, in a process that is small (see shell.ts) or about to exit. */
import { spawnSync } from 'node:child_process'
import { ResourceError } from '../errors.js'

/** A command that has not ended by then is stuck. */
const LIMIT_MS = 10_000

/** @throws ResourceError with what it said, or else why it could not be run */
export function runCommand(command: string, ...words: readonly (string | number)[]): void {
  const { status, error, stderr } = spawnSync(command, words.map(String), {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    timeout: LIMIT_MS,
  })
  if (status === 0) return
  const said = error?.message ?? stderr.trim().replace(/\s*\n\s*/g, '; ')
  throw new ResourceError(said === '' ? `${command} failed` : said)
}

/**
 * Makes one run as `twinpage run`, in a process of its own: what one run leaves in a process (compiled code, a grown heap,
 * the processors it was bound to) would be in the next one's figures.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { EXIT, messageOf, ResourceError } from '../errors.js'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

/** What is kept of a run's complaints. */
const STDERR_LETTERS_MAX = 10_000

export interface RunRequest {
  /** Its file. */
  scenario: string
  /** As `--set` takes them. */
  set: readonly string[]
  seed: number
  /** Absolute. */
  directory: string
}

export interface RunEnd {
  exitCode: number
  /** The first thing that it complained of. */
  message: string | undefined
}

export type Runner = (request: RunRequest, signal: AbortSignal) => Promise<RunEnd>

/**
 * An abort interrupts the run as Ctrl-C would; it then ends by itself, with its results so far.
 * @throws ResourceError when no process can be had
 */
export const runInProcess: Runner = ({ scenario, set, seed, directory }, signal) => {
  const settings = set.flatMap((setting) => ['--set', setting])
  const args = ['run', scenario, '--quiet', '--out', directory, '--seed', String(seed), ...settings]
  const child = spawn(process.execPath, [...process.execArgv, MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, STDERR_LETTERS_MAX)
  })
  const interrupt = () => child.kill('SIGINT')
  signal.addEventListener('abort', interrupt)
  return new Promise<RunEnd>((resolve, reject) => {
    child.on('error', (error) => reject(new ResourceError(`can't start a run: ${messageOf(error)}`)))
    child.on('close', (code, endedBy) => {
      const complaint = stderr.split('\n')[0]!.replace(/^twinpage: /, '')
      resolve({
        exitCode: code ?? (endedBy === 'SIGKILL' ? EXIT.resources : EXIT.internal),
        message: complaint || (endedBy === null ? undefined : `ended by ${endedBy}`),
      })
    })
  }).finally(() => signal.removeEventListener('abort', interrupt))
}

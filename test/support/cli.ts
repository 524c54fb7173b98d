/** Runs the real program as a user does, `node dist/src/main.js …`, and reads what it leaves behind. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Summary } from '../../src/experiment/outcome.js'
import type { Manifest } from '../../src/report/manifest.js'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** A program that runs this long hangs: it is killed, and its test fails. */
const LIMIT_MS = 90_000
/** How long a condition is waited for that a running program should bring about. */
const CONDITION_LIMIT_MS = 60_000
const POLL_MS = 10

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface ProgramOptions {
  /** The directory it runs in. */
  cwd: string
  /** The script; by default twinpage itself. */
  script?: string
  /** Options of node, before the script. */
  nodeOptions?: string[]
  /** Added to this process's environment. */
  env?: Record<string, string>
  /** Of the shell, what it is started under, such as `ulimit -v 1000`. */
  under?: string
  /** A command that starts it, with its options, such as `setpriv`. */
  prefix?: string[]
}

export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
}

/** A directory that is removed at the end of the test file. Its path has no symbolic link in it. */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'twinpage-cli-')))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Runs twinpage to its end. */
export function runTwinpage(args: readonly string[], options: ProgramOptions): Promise<Ended> {
  return startTwinpage(args, options).ended
}

/** Starts twinpage; for tests that act while it runs. */
export function startTwinpage(args: readonly string[], options: ProgramOptions): Running {
  const { cwd, script = MAIN, nodeOptions = [], env = {}, under, prefix = [] } = options
  const command = [...prefix, process.execPath, ...nodeOptions, script, ...args]
  const [file, ...rest] =
    under === undefined ? command : ['sh', '-c', `${under} && exec "$@"`, 'sh', ...command]
  const child = spawn(file!, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`still running after ${LIMIT_MS / 1000} s: ${args.join(' ')}\n${stdout}${stderr}`))
    }, LIMIT_MS)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ code, signal, stdout, stderr })
    })
  })
  return { child, ended }
}

/** Waits until it holds; fails after a limit. What can't be looked at yet does not hold yet. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + CONDITION_LIMIT_MS
  while (!holdsNow(holds)) {
    assert(performance.now() < end, `${what}: not within ${CONDITION_LIMIT_MS / 1000} s`)
    await sleep(POLL_MS)
  }
}

function holdsNow(holds: () => boolean): boolean {
  try {
    return holds()
  } catch {
    return false
  }
}

/** Each value as `--set KEY=VALUE`. */
export function setting(values: Record<string, string | number>): string[] {
  return Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`])
}

/** Arguments that make the shipped scenario `quick` as small and short as can be, but for `changes`. */
export function smallQuick(changes: Record<string, string | number> = {}): string[] {
  return setting({
    'host.memory': '64MiB',
    'guests.0.count': 2,
    'guests.0.memory': '1MiB',
    'guests.0.workload.settle.0.over': '0s',
    'phases.1.duration': '50ms',
    'phases.2.duration': '50ms',
    ...changes,
  })
}

export function readJson<Value>(...path: string[]): Value {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as Value
}

export function readSummary(directory: string): Summary {
  return readJson(directory, 'summary.json')
}

export function readManifest(directory: string): Manifest {
  return readJson(directory, 'manifest.json')
}

/** A line of timeseries.csv by column. */
export type TimeSeriesRow = Record<string, string>

/** Every line must be whole: ended, and with a field for each column. Names with a comma are not for tests. */
export function readTimeSeries(directory: string): { columns: string[]; rows: TimeSeriesRow[] } {
  const text = readFileSync(join(directory, 'timeseries.csv'), 'utf8')
  assert(text.endsWith('\n'), 'the last line of timeseries.csv is whole')
  const [columns = [], ...lines] = text
    .slice(0, -1)
    .split('\n')
    .map((line) => line.split(','))
  const rows = lines.map((fields) => {
    assert.equal(fields.length, columns.length, `as many fields as columns: ${fields.join(',')}`)
    return Object.fromEntries(columns.map((column, index) => [column, fields[index]!]))
  })
  return { columns, rows }
}

/**
 * The directory that one run leaves behind. It is made, and proved writable, before the run starts, so that
 * no run is lost at its end; a run that never starts takes it away again.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { isDiskError, ResourceError, UserError } from '../errors.js'

/** Runs of one scenario and seed that may start in the same second. */
const SAME_NAME_MAX = 1000

const ALLOWED = 'allowed is a directory that is empty or does not exist yet'

export interface ResultsRequest {
  /** Or what else is recorded. */
  scenario: string
  /** Undefined where there are several. */
  seed?: number
  startedAt: Date
  /** The directory itself, when the user names one; else results/SCENARIO/TIME-SEED below the current one. */
  out?: string | undefined
}

export class ResultsDirectory {
  /** Absolute. */
  readonly path: string
  /** The topmost directory that had to be made; undefined: all were there. */
  private readonly topmostMade: string | undefined
  /** First path segments of the files written so far. */
  private readonly written = new Set<string>()

  /** @throws UserError with key `--out` when the directory can't be made or written, or isn't empty. */
  static create(request: ResultsRequest): ResultsDirectory {
    const { out } = request
    const { path, topmostMade } = out === undefined ? makeNamedByTime(request) : makeAsAsked(resolve(out))
    const directory = new ResultsDirectory(path, topmostMade)
    directory.proveWritable()
    return directory
  }

  /** One that is there already, to go on with: what is written replaces what was. */
  static reopen(path: string): ResultsDirectory {
    const directory = new ResultsDirectory(path, undefined)
    directory.proveWritable()
    return directory
  }

  private constructor(path: string, topmostMade: string | undefined) {
    this.path = path
    this.topmostMade = topmostMade
  }

  /**
   * Writes a file at once or not at all: a reader, or a run killed on the way, never leaves half of it. On a full disk
   * it is written over the file that is there, if that has the room.
   */
  write(name: string, text: string): void {
    const file = this.file(name)
    const draft = `${file}.tmp`
    try {
      writeFileSync(draft, text)
      renameSync(draft, file)
    } catch (error) {
      if (!isDiskError(error)) throw error
      rmSync(draft, { force: true })
      if (!overwrite(file, text)) throw error
    }
  }

  /** @param roomBytes of blanks at the end, kept for what is written over it on a full disk */
  writeJson(name: string, value: object, roomBytes = 0): void {
    this.write(name, `${JSON.stringify(value, null, 2)}${' '.repeat(roomBytes)}\n`)
  }

  /** Adds text to a file, all of it or nothing; what was added stays when the run is killed. */
  append(name: string, text: string): void {
    const fd = openSync(this.file(name), 'a')
    const sizeBefore = fstatSync(fd).size
    try {
      writeFileSync(fd, text)
    } catch (error) {
      ftruncateSync(fd, sizeBefore)
      throw error
    } finally {
      closeSync(fd)
    }
  }

  /** Removes the files written and the directories made, and nothing that anyone else put there. */
  discard(): void {
    for (const entry of this.written) rmSync(join(this.path, entry), { recursive: true, force: true })
    if (this.topmostMade === undefined) return
    const above = dirname(this.topmostMade)
    for (let made = this.path; made !== above && removeIfEmpty(made); ) made = dirname(made)
  }

  /** @param name a path inside the directory, with `/`. */
  private file(name: string): string {
    const file = resolve(this.path, name)
    const [entry = ''] = relative(this.path, file).split(sep)
    if (entry === '' || entry === '..') throw new Error(`Expected a path inside ${this.path}, got ${name}`)
    this.written.add(entry)
    // Below the directory only: if somebody has removed that, a part of a run in a new one would pass for the whole.
    if (dirname(file) !== this.path) makeIfMissing(dirname(file))
    return file
  }

  private proveWritable(): void {
    try {
      this.write('probe', '')
      rmSync(join(this.path, 'probe'))
    } catch (error) {
      this.discard()
      throw unwritable(this.path, error)
    }
  }
}

/** Writes into the blocks that a file has already; false if they are too few. */
function overwrite(file: string, text: string): boolean {
  const bytes = Buffer.from(text)
  const there = statSync(file, { throwIfNoEntry: false })
  if (there === undefined || there.size < bytes.length) return false
  const fd = openSync(file, 'r+')
  try {
    writeFileSync(fd, bytes)
    ftruncateSync(fd, bytes.length)
  } finally {
    closeSync(fd)
  }
  return true
}

interface Made {
  path: string
  topmostMade: string | undefined
}

function makeAsAsked(path: string): Made {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found !== undefined && !found.isDirectory()) throw refused(`${path} is not a directory`)
    if (found === undefined) return { path, topmostMade: makeWithParents(path) }
    const entries = readdirSync(path)
    if (entries.includes('manifest.json')) throw refused(`${path} already holds a run`)
    if (entries.length > 0) throw refused(`${path} is not empty`)
    return { path, topmostMade: undefined }
  } catch (error) {
    throw error instanceof UserError ? error : unwritable(path, error)
  }
}

function makeNamedByTime({ scenario, seed, startedAt }: ResultsRequest): Made {
  const parent = resolve('results', scenario)
  const name = compactTime(startedAt) + (seed === undefined ? '' : `-${seed}`)
  try {
    const parentMade = makeWithParents(parent)
    for (let attempt = 1; attempt <= SAME_NAME_MAX; attempt += 1) {
      const path = join(parent, attempt === 1 ? name : `${name}-${attempt}`)
      if (makeIfMissing(path)) return { path, topmostMade: parentMade ?? path }
    }
  } catch (error) {
    throw unwritable(parent, error)
  }
  throw refused(`${parent} holds ${SAME_NAME_MAX} runs named ${name}`)
}

/** 20260102T030405Z */
function compactTime(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '')
}

/**
 * Makes a directory and those above it; mkdir's own `recursive` never returns where the system says ENOENT to any
 * new name, as in /proc (Node 20).
 * @returns the topmost directory made; undefined: it was there
 */
function makeWithParents(path: string): string | undefined {
  if (existsSync(path)) return undefined
  const parentMade = makeWithParents(dirname(path))
  return makeIfMissing(path) ? (parentMade ?? path) : parentMade
}

/** @returns false when it is there already: two runs that start together each get their own. */
function makeIfMissing(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

function removeIfEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOTEMPTY') return false
    throw error
  }
}

function unwritable(path: string, error: unknown): UserError | ResourceError {
  if (isDiskError(error)) return new ResourceError(`can't write to ${path} (${errorCode(error)})`)
  return refused(`can't write to ${path} (${errorCode(error) ?? String(error)})`)
}

function refused(finding: string): UserError {
  return new UserError(`${finding}; ${ALLOWED}`, { key: '--out' })
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

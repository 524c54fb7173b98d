/** Finds scenario and study files, those that ship with twinpage among them, and reads their text. */
import { readdirSync, statSync } from 'node:fs'
import { basename, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printable, UserError } from '../errors.js'
import { readFirstBytes } from '../host/read-file.js'
import { FILE_BYTES_MAX } from './limits.js'
import { didYouMean, didYouMeanPath } from './nearest.js'
import { show } from './problems.js'

export type FileKind = 'scenario' | 'study'

/** Where those that ship lie: below the root of the package, seen from dist/src/scenario. */
const SHIPPED: Record<FileKind, string> = {
  scenario: fileURLToPath(new URL('../../../scenarios', import.meta.url)),
  study: fileURLToPath(new URL('../../../scenarios/studies', import.meta.url)),
}

const EXTENSIONS = ['.yaml', '.yml']

/** Letters that no text has: control characters other than tab and the ends of lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** Absolute paths of those that ship, in order of their names. */
export function shippedFiles(kind: FileKind = 'scenario'): string[] {
  const directory = SHIPPED[kind]
  const files = readdirSync(directory).filter((file) => EXTENSIONS.includes(extname(file)))
  return files.sort().map((file) => join(directory, file))
}

/**
 * `case-study` of `…/case-study.yaml`: a directory below results/ is called so, and it is printed.
 * @throws UserError where the file's name makes none that is fit for that, as `...yaml` makes `..`.
 */
export function scenarioName(file: string, kind: FileKind = 'scenario'): string {
  const extension = extname(file)
  const name = basename(file, EXTENSIONS.includes(extension) ? extension : '')
  if (name !== '.' && name !== '..' && printable(name) === name) return name
  throw new UserError(`makes a ${kind} called ${show(name)}; expected printable letters, not . or ..`, {
    file,
  })
}

/** Whether a word on the command line is a path, and not the name of what ships. */
export function isPath(nameOrPath: string): boolean {
  return nameOrPath.includes('/') || nameOrPath.includes(sep) || EXTENSIONS.includes(extname(nameOrPath))
}

/**
 * The file that a word on the command line means: a shipped scenario's name, or else a path, as given.
 * @throws UserError where no scenario of that name ships.
 */
export function findScenario(nameOrPath: string, kind: FileKind = 'scenario'): string {
  if (isPath(nameOrPath)) return nameOrPath
  const files = shippedFiles(kind)
  const found = files.find((file) => scenarioName(file) === nameOrPath)
  if (found !== undefined) return found
  const names = files.map((file) => scenarioName(file))
  const other = kind === 'scenario' ? 'study' : 'scenario'
  const isOther = shippedFiles(other).some((file) => scenarioName(file) === nameOrPath)
  const meant = isOther ? `; it is a ${other};` : didYouMean(nameOrPath, names) || ';'
  throw new UserError(
    `no ${kind} called ${show(nameOrPath)} ships with twinpage${meant} these do: ${names.join(', ')}; ` +
      'a file of your own is named by a path, such as ./mine.yaml',
  )
}

/** @throws UserError where there is no readable, plain, UTF-8 text file of a sane size. */
export function readScenarioText(file: string, kind: FileKind = 'scenario'): string {
  const text = decode(readBytes(file, kind), file)
  const control = CONTROL.exec(text)
  if (control) {
    const line = text.slice(0, control.index).split('\n').length
    const code = control[0].charCodeAt(0).toString(16).padStart(4, '0')
    throw new UserError(`is not plain text: it has the control character U+${code}`, { file, line })
  }
  return text
}

function readBytes(file: string, kind: FileKind): Buffer {
  try {
    const stats = statSync(file)
    if (stats.isDirectory()) throw new UserError(`is a directory; expected a ${kind} file`, { file })
    if (!stats.isFile()) throw new UserError(`is no regular file; expected a ${kind} file`, { file })
    if (stats.size > FILE_BYTES_MAX) {
      throw new UserError(`has ${stats.size} bytes; at most ${FILE_BYTES_MAX} are read`, { file })
    }
    return readFirstBytes(file, stats.size)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(unreadable(error as NodeJS.ErrnoException, file, kind), { file })
  }
}

function unreadable({ code, message }: NodeJS.ErrnoException, file: string, kind: FileKind): string {
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return `there is no such file${didYouMeanPath(file) || ';'} a shipped ${kind}'s name has no .yaml and no /`
  return code === 'EACCES' ? 'may not be read by this user' : `can't be read: ${message}`
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UserError('is not UTF-8 text; expected YAML', { file, line: lineOfFirstBadByte(bytes) })
  }
}

/** The decoder writes U+FFFD for what it can't read; a text that has one of its own is that much off. */
function lineOfFirstBadByte(bytes: Buffer): number {
  const text = bytes.toString('utf-8')
  return text.slice(0, text.indexOf('\ufffd')).split('\n').length
}

/**
 * Errors that end a command with one clear line instead of a stack trace, each with its exit code.
 * Anything else that is thrown is a defect of ours: exit code 1, with its stack.
 */

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  resources: 3,
  integrity: 4,
  /** A validation found the lab further off than was allowed. */
  tolerance: 99,
  interrupted: 130,
} as const

/** Where in a user's file something is wrong; `line` counts from 1, `key` is a path such as `guests.0.memory`. */
export interface Place {
  file?: string
  line?: number
  key?: string
}

/** A mistake in what the user gave us: command line, scenario, trace. Exit code 2. */
export class UserError extends Error {
  override name = 'UserError'
  readonly place: Place

  /**
   * @param finding what was wrong and what is allowed, without the place. It stays one line and commands no terminal,
   * whatever text of the user's it repeats.
   */
  constructor(
    readonly finding: string,
    place: Place = {},
  ) {
    super(printable(describePlace(place) + finding))
    this.place = place
  }
}

/** The machine can't give what the run asks for. Exit code 3. */
export class ResourceError extends Error {
  override name = 'ResourceError'
}

/** Letters that would break the line or command the terminal, as escapes. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u${letter.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
}

/** What an error says, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error && error.message !== '' ? error.message : String(error)
  return text
    .trim()
    .split(/\s*\n\s*/)
    .join('; ')
}

/** The system refused something: an error with the name of the call. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

/** The disk is full, or fails: nothing that another path or another value would mend. */
export function isDiskError(error: unknown): boolean {
  return isSystemError(error) && ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(error.code ?? '')
}

function describePlace({ file, line, key }: Place): string {
  const at = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `
  return key === undefined || key === '' ? at : `${at}${key}: `
}

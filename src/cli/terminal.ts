/** What is written where: results to stdout, for people and programs; progress and errors to stderr, for people. */

/** A line on stderr that is redrawn in place. In a pipe nothing is written at all. */
export class ProgressLine {
  private readonly isShown: boolean

  constructor(isWanted: boolean) {
    this.isShown = isWanted && process.stderr.isTTY === true
  }

  show(text: string): void {
    if (!this.isShown) return
    const columns = Math.max(20, process.stderr.columns ?? 80)
    process.stderr.write(`\r${text.slice(0, columns - 1)}\x1b[K`)
  }

  clear(): void {
    if (this.isShown) process.stderr.write('\r\x1b[K')
  }
}

/**
 * Lines on stdout that are redrawn in place, cut to the terminal's size, so that nothing scrolls. In a pipe they follow
 * each other, whole, with an empty line after each block.
 */
export class LiveBlock {
  private shown: string[] = []

  constructor(
    private readonly output: Pick<Output, 'isTTY' | 'columns' | 'rows' | 'write'> = process.stdout,
  ) {}

  show(lines: readonly string[]): void {
    const { isTTY, columns = 80, rows = 24 } = this.output
    if (!isTTY) {
      this.output.write(`${lines.join('\n')}\n\n`)
      return
    }
    const fitting = lines
      .slice(0, Math.max(1, rows - 1))
      .map((line) => [...line].slice(0, columns - 1).join(''))
    this.output.write(
      this.toTop(columns) + NO_WRAP + fitting.map((line) => `${line}\x1b[K\n`).join('') + REST,
    )
    this.shown = fitting
  }

  /** Leaves the lines as they are and the cursor below them, where a `^C` may stand. */
  end(): void {
    if (this.shown.length > 0) this.output.write('\r\x1b[K')
  }

  /** A terminal that has become narrower meanwhile has broken some lines in several. */
  private toTop(columns: number): string {
    const rows = this.shown.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / columns)), 0)
    return rows === 0 ? '' : `\r\x1b[${rows}A`
  }
}

type Output = typeof process.stdout

/** The terminal cuts what is wider than it looks, such as a process named in Chinese. */
const NO_WRAP = '\x1b[?7l'
/** Wraps again, and clears what is left of an earlier, longer block. */
const REST = '\x1b[?7h\x1b[J'

export function printResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** One line for people. */
export function printError(message: string): void {
  process.stderr.write(`twinpage: ${message}\n`)
}

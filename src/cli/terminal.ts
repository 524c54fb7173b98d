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

export function printResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** One line for people. */
export function printError(message: string): void {
  process.stderr.write(`twinpage: ${message}\n`)
}

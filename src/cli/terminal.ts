/** What is written where: results to stdout, for people and programs; progress and errors to stderr, for people. */
import { columnsOf, cutTo } from '../report/columns.js'

/** As much of a stream as a terminal needs. */
export type Output = Pick<typeof process.stdout, 'isTTY' | 'columns' | 'rows' | 'write'> & {
  hasColors?: (env: NodeJS.ProcessEnv) => boolean
}

const COLUMNS = 80
const ROWS = 24

/**
 * Whether lines can be redrawn in place: on a terminal, unless it is a dumb one, or the user wants no codes
 * (https://no-color.org: any NO_COLOR that is not empty; to node an empty one counts, too; FORCE_COLOR says otherwise).
 */
export function canRedraw(output: Output, env = process.env): boolean {
  const { NO_COLOR, ...others } = env
  const asked = NO_COLOR === '' ? others : env
  return output.isTTY && env.TERM !== 'dumb' && output.hasColors?.(asked) === true
}

/**
 * Lines that are redrawn in place, cut to the terminal's size, so that nothing scrolls. A block is one write, between
 * which the terminal is as it was found, its cursor below the block: whatever ends the process has nothing to put right.
 */
export class LiveBlock {
  /** Columns of each line. */
  private shown: number[] = []

  constructor(private readonly output: Output = process.stdout) {}

  show(lines: readonly string[]): void {
    const { columns = COLUMNS, rows = ROWS } = this.output
    const fitting = lines.slice(0, Math.max(1, rows - 1)).map((line) => cutTo(line, columns - 1))
    this.output.write(
      this.toTop(columns) + NO_WRAP + fitting.map((line) => `${line}\x1b[K\n`).join('') + REST,
    )
    this.shown = fitting.map(columnsOf)
  }

  /** Leaves the lines as they are and the cursor below them, where a `^C` may stand. */
  end(): void {
    if (this.shown.length > 0) this.output.write('\r\x1b[K')
  }

  /** Takes the lines away, for what is written next to stand in their place. */
  clear(): void {
    if (this.shown.length > 0) this.output.write(`${this.toTop(this.output.columns ?? COLUMNS)}\x1b[J`)
    this.shown = []
  }

  /** A terminal that has become narrower meanwhile has broken some lines in several. */
  private toTop(columns: number): string {
    const rows = this.shown.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    return rows === 0 ? '' : `\r\x1b[${rows}A`
  }
}

/** A letter whose width the terminal sees otherwise than we do must not break its line in two. */
const NO_WRAP = '\x1b[?7l'
/** Wraps again, and clears what is left of an earlier, longer block. */
const REST = '\x1b[?7h\x1b[J'

/** What there is to say of work that is under way. */
export interface ProgressView {
  /** What is being done, such as a phase; when it changes, a line is worth printing. */
  stage: string
  line: string
  /** The same in several lines, with colours, for so many columns. */
  block?: (columns: number) => string[]
}

/** Between two times of redrawing, and of a plain line about the same stage. */
const REDRAW_MS = 125
const PLAIN_LINE_MS = 10_000

/**
 * The progress of work, on stderr: on a terminal a block redrawn in place; on one that can't, a plain line when the stage
 * changes and every ten seconds; in a pipe nothing.
 */
export class Progress {
  private readonly how: 'block' | 'lines' | 'nothing'
  private readonly block: LiveBlock
  private stage: string | undefined
  private shownMs = 0

  constructor(
    isWanted: boolean,
    private readonly output: Output = process.stderr,
    private readonly nowMs = () => performance.now(),
  ) {
    this.how = !isWanted || !output.isTTY ? 'nothing' : canRedraw(output) ? 'block' : 'lines'
    this.block = new LiveBlock(output)
  }

  show({ stage, line, block }: ProgressView): void {
    if (this.how === 'nothing') return
    const now = this.nowMs()
    const intervalMs = this.how === 'block' ? REDRAW_MS : PLAIN_LINE_MS
    if (stage === this.stage && now - this.shownMs < intervalMs) return
    this.stage = stage
    this.shownMs = now
    if (this.how === 'lines') this.output.write(`${line}\n`)
    else this.block.show(block?.(this.output.columns ?? COLUMNS) ?? [line])
  }

  /** Before anything else is written: a block gives its place to it. */
  clear(): void {
    this.block.clear()
    this.stage = undefined
  }
}

/** Of text for stdout: a file, or whoever else reads a pipe, gets lines as they are. */
export function resultColumns(): number {
  const { isTTY, columns = COLUMNS } = process.stdout
  return isTTY ? Math.max(RESULT_COLUMNS_MIN, columns) : Number.POSITIVE_INFINITY
}

/** No table is made to fit less. */
const RESULT_COLUMNS_MIN = 40

export function printResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** One line for people. */
export function printError(message: string): void {
  process.stderr.write(`twinpage: ${message}\n`)
}

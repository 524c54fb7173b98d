/** Runs the real program on a pseudo-terminal, by `script` of util-linux, and plays what it wrote on a terminal's screen. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import headless from '@xterm/headless'

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))
/** A program that runs this long hangs. */
const LIMIT_MS = 90_000
const SCROLLED_LINES_MAX = 10_000

/** Why there is no pseudo-terminal to be had; false: there is. */
export const noPseudoTerminal: string | false = hasScript() ? false : 'needs the script command of util-linux'

function hasScript(): boolean {
  const { status, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes('util-linux')
}

export interface TerminalOptions {
  /** The directory it runs in. */
  cwd: string
  columns?: number
  rows?: number
  /** Added to this process's environment, but for what changes what a terminal is shown. */
  env?: Record<string, string>
  /** Of the shell, after it has begun, such as `sleep 1; stty cols 30`. */
  meanwhile?: string
  /** Called as output comes; what it writes to the child's stdin is typed. */
  onOutput?: (soFar: string, child: ChildProcess) => void
}

export interface TerminalRun {
  code: number | null
  /** All that was written, stdout and stderr together, as a terminal gets it. */
  output: string
}

/** Runs twinpage to its end. */
export function runInTerminal(args: readonly string[], options: TerminalOptions): Promise<TerminalRun> {
  const { cwd, columns = 80, rows = 24, env = {}, meanwhile, onOutput } = options
  const quoted = [process.execPath, MAIN, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const beside = meanwhile === undefined ? '' : `{ ${meanwhile}; } & `
  const command = `stty cols ${columns} rows ${rows}; ${beside}exec ${quoted.join(' ')}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: {
      ...withoutTerminal(process.env),
      TERM: 'xterm-256color',
      LC_ALL: 'C.UTF-8',
      SHELL: '/bin/sh',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    onOutput?.(output, child)
  })
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`still running after ${LIMIT_MS / 1000} s: ${args.join(' ')}\n${output}`))
    }, LIMIT_MS)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(limit)
      resolve({ code, output })
    })
  })
}

/** node --test sets some of these for its children. */
function withoutTerminal(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_DISABLE_COLORS: ___, COLORTERM: ____, CI: _____, ...rest } = env
  return rest
}

export interface Screen {
  /** All lines, scrolled out or not, without those that are empty at the end. */
  lines: string[]
  cursor: { column: number; line: number }
}

export type Size = Pick<TerminalOptions, 'columns' | 'rows'>

export type Terminal = InstanceType<typeof headless.Terminal>

export function newTerminal({ columns = 80, rows = 24 }: Size = {}): Terminal {
  const scrollback = SCROLLED_LINES_MAX
  return new headless.Terminal({ cols: columns, rows, scrollback, allowProposedApi: true })
}

/** What the terminal shows after some more output. */
export async function play(terminal: Terminal, output: string): Promise<Screen> {
  await new Promise<void>((resolve) => terminal.write(output, resolve))
  const { active } = terminal.buffer
  const lines = Array.from({ length: active.length }, (_, line) =>
    active.getLine(line)!.translateToString(true),
  )
  const end = lines.findLastIndex((line) => line !== '') + 1
  return {
    lines: lines.slice(0, end),
    cursor: { column: active.cursorX, line: active.baseY + active.cursorY },
  }
}

/** What a new one shows after all of the output. */
export function screenOf(output: string, size: Size = {}): Promise<Screen> {
  return play(newTerminal(size), output)
}

/** What a block that is redrawn in place ends with. */
const BLOCK_END = '\x1b[?7h\x1b[J'

/** The output up to the end of each block that was drawn. */
export function draws(output: string): string[] {
  const parts = output.split(BLOCK_END)
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join(BLOCK_END) + BLOCK_END)
}

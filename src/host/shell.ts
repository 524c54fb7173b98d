/**
 * A shell that was started while this process was small, to run the system's commands when it is large. To start one
 * itself it would have to be copied (fork): the page tables of all its memory, each page of which would then fault at the
 * next store to it, in the middle of a guest's life.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { messageOf, ResourceError } from '../errors.js'

/** Reads commands, and answers each with one line: its exit status, and what it said. It ends with its input, not by signals. */
const SCRIPT = `set -f
trap '' INT TERM HUP
while read -r command; do output=$($command 2>&1 </dev/null); echo "$?" $output; done`

/** A command that has not answered by then is stuck. */
const ANSWER_LIMIT_MS = 10_000

export class Shell {
  private readonly child = spawn('sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  /** Who waits for the next lines, in turn. */
  private readonly waiting: ((answer: string) => void)[] = []
  /** Why it answers no more. */
  private end: string | undefined

  constructor() {
    const ended = (error: Error) => this.hangUp(messageOf(error))
    this.child.on('error', ended)
    this.child.stdin.on('error', ended)
    const lines = createInterface({ input: this.child.stdout })
    lines.on('line', (line) => this.waiting.shift()?.(line))
    lines.on('close', () => this.hangUp('the shell has ended'))
  }

  /**
   * Runs a command to its end. Its words have no spaces, and mean themselves.
   * @throws ResourceError with what it said, or else why it could not be run
   */
  async run(...command: readonly (string | number)[]): Promise<void> {
    const answer = await this.ask(command.join(' '))
    if (answer === '0' || answer.startsWith('0 ')) return
    const said = answer.replace(/^\d+ ?/, '').replace(/^sh: (\d+: |line \d+: )?/, '')
    throw new ResourceError(said === '' ? `${command[0]} failed` : said)
  }

  close(): void {
    this.child.stdin.end()
  }

  private async ask(command: string): Promise<string> {
    if (this.end !== undefined) return this.end
    const limit = setTimeout(
      () => this.hangUp(`no answer within ${ANSWER_LIMIT_MS / 1000} s`),
      ANSWER_LIMIT_MS,
    )
    try {
      return await new Promise((resolve) => {
        this.waiting.push(resolve)
        this.child.stdin.write(`${command}\n`)
      })
    } finally {
      clearTimeout(limit)
    }
  }

  private hangUp(why: string): void {
    this.end ??= why
    this.child.kill('SIGKILL')
    for (const resolve of this.waiting.splice(0)) resolve(this.end)
  }
}

/**
 * The page protocol under stress (test/support/stress.ts), round after round for as long as is asked for, and with it the
 * question whether memory stays what it was: a run leaves nothing behind, however long it is.
 *
 *   npm run soak -- --minutes 120 --seed 7
 *
 * Resident memory is looked at when a round is over and each thread has collected its garbage: what then grows, is kept.
 * On a terminal it shows its progress in one line, elsewhere it prints a line each minute. Exit codes: 0; 1 a violation,
 * or memory that grew or shrank; 2 a mistake in the arguments; 130 interrupted, with what was found so far.
 */
import yargs from 'yargs'
import { abortOnSignals } from '../../src/cli/signals.js'
import { Progress, printResult } from '../../src/cli/terminal.js'
import { EXIT, UserError } from '../../src/errors.js'
import { seedOf } from '../../src/random/prng.js'
import { UINT32_MAX } from '../../src/scenario/limits.js'
import { Stress } from '../support/stress.js'
import { addCounts, NO_COUNTS, type StressCounts } from '../support/stress-counts.js'
import { settings } from '../support/stress-settings.js'

/** Memory is compared with what it was after the first minute, so a soak has at least another one. */
const MINUTES_MIN = 2
/** A week. */
const MINUTES_MAX = 7 * 24 * 60
const MINUTE_MS = 60_000
const ROUND_MS = 2000
const PROGRESS_MS = 500
/** Resident memory may differ by this part from what it was after the first minute. */
const MEMORY_TOLERANCE = 0.05

class Soak {
  private readonly stress = new Stress(settings)
  private readonly startMs = performance.now()
  private rounds = 0
  /** Of the rounds that are over. */
  private counts: StressCounts = NO_COUNTS
  private readonly violations: string[] = []
  /** Resident memory at the end of a round: of the first one that ended after a minute, and of the last one. */
  private firstRssBytes: number | undefined
  private lastRssBytes = 0

  constructor(
    private readonly minutes: number,
    private readonly seed: number,
  ) {}

  /** Runs until the time is over, something is violated, or the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    const progress = new Progress(true)
    const showing = setInterval(() => progress.show({ stage: 'soak', line: this.status() }), PROGRESS_MS)
    const printing = process.stdout.isTTY
      ? undefined
      : setInterval(() => printResult(this.status()), MINUTE_MS)
    try {
      while (!signal.aborted && this.violations.length === 0 && this.leftMs() > 0) await this.round(signal)
    } finally {
      clearInterval(showing)
      clearInterval(printing)
      progress.clear()
      await this.stress.end()
    }
  }

  summary(): string {
    const elapsed = `${(this.elapsedMs() / MINUTE_MS).toFixed(1)} of ${this.minutes} minutes`
    return [
      ...this.violations,
      `soak: ${elapsed}, ${this.rounds} rounds, seed ${this.seed}: ${this.violations.length || 'no'} violations`,
      figures(this.counts),
      this.memory(),
    ].join('\n')
  }

  isSound(): boolean {
    return this.violations.length === 0 && this.isMemoryFlat()
  }

  private async round(signal: AbortSignal): Promise<void> {
    const index = this.rounds % settings.length
    const seed = seedOf('soak', this.seed, this.rounds)
    const { counts, violations } = await this.stress.round(index, seed, ROUND_MS, signal)
    const where = `round ${this.rounds}, ${settings[index]!.name}`
    this.violations.push(...violations.map((violation) => `${where}: ${violation}`))
    this.counts = addCounts(this.counts, counts)
    this.rounds++
    globalThis.gc?.()
    this.lastRssBytes = process.memoryUsage.rss()
    if (this.elapsedMs() >= MINUTE_MS) this.firstRssBytes ??= this.lastRssBytes
  }

  private elapsedMs(): number {
    return performance.now() - this.startMs
  }

  private leftMs(): number {
    return this.minutes * MINUTE_MS - this.elapsedMs()
  }

  /** Asked by timers, which only fire while a round is on. */
  private status(): string {
    const elapsed = `${(this.elapsedMs() / MINUTE_MS).toFixed(1)} min`
    const rss = `RSS ${mebibytes(process.memoryUsage.rss())} MiB`
    return `${elapsed}, ${rss}: ${figures(addCounts(this.counts, this.stress.counts()))}`
  }

  private memory(): string {
    const last = `${mebibytes(this.lastRssBytes)} MiB at the end`
    if (this.firstRssBytes === undefined) return `resident memory: ${last}, before the first minute was over`
    const first = `${mebibytes(this.firstRssBytes)} MiB after the first minute`
    const ratio = `ratio ${(this.lastRssBytes / this.firstRssBytes).toFixed(3)}`
    const verdict = this.isMemoryFlat() ? '' : `: expected at most ${MEMORY_TOLERANCE} from 1`
    return `resident memory: ${first}, ${last} (${ratio})${verdict}`
  }

  private isMemoryFlat(): boolean {
    const first = this.firstRssBytes ?? this.lastRssBytes
    return Math.abs(this.lastRssBytes - first) <= first * MEMORY_TOLERANCE
  }
}

function figures(counts: StressCounts): string {
  const shown: [string, number][] = [
    ['stores', counts.stores],
    ['loads', counts.loads],
    ['CoW faults', counts.cowFaults],
    ['merges', counts.merges],
    ['false matches', counts.falseMatches],
    ['stale hints', counts.staleHints],
    ['swap-outs', counts.swapOuts],
    ['swap-ins', counts.swapIns],
    ['stalls', counts.stalls],
    ['lock waits', counts.lockWaits],
  ]
  return shown.map(([name, count]) => `${count.toLocaleString('en')} ${name}`).join(', ')
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}

function parseArguments(argv: string[]) {
  return yargs(argv)
    .scriptName('npm run soak --')
    .usage(
      '$0 [--minutes N] [--seed S]\n\nStress of the page protocol: real threads at full speed on few pages.',
    )
    .option('minutes', {
      type: 'string',
      default: '30',
      requiresArg: true,
      coerce: wholeNumber('--minutes', MINUTES_MIN, MINUTES_MAX),
      describe: `How long, ${MINUTES_MIN} to ${MINUTES_MAX} minutes`,
    })
    .option('seed', {
      type: 'string',
      default: '1',
      requiresArg: true,
      coerce: wholeNumber('--seed', 0, UINT32_MAX),
      describe: 'Seed of every random choice',
    })
    .version(false)
    .strict()
    .fail((message, error) => {
      throw error instanceof UserError ? error : new UserError(message)
    })
    .parseSync()
}

function wholeNumber(key: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const isAllowed = /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max
    if (isAllowed) return Number(text)
    throw new UserError(`expected a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`, { key })
  }
}

async function soak(argv: string[]): Promise<number> {
  const { minutes, seed } = parseArguments(argv)
  const interruption = abortOnSignals()
  printResult(
    `soak: ${minutes} minutes, seed ${seed}, rounds of ${ROUND_MS / 1000} s of ${settings.length} settings in turn`,
  )
  const run = new Soak(minutes, seed)
  await run.run(interruption.signal)
  printResult(run.summary())
  if (!run.isSound()) return EXIT.internal
  return interruption.signal.aborted ? interruption.exitCode() : EXIT.ok
}

try {
  process.exitCode = await soak(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UserError)) throw error
  process.stderr.write(`soak: ${error.message}\n`)
  process.exitCode = EXIT.usage
}

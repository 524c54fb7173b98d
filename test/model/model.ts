/**
 * The page protocol's model (docs/protocol.pml) and the checker spin: which sizes of it are searched, and one search.
 *
 * spin makes a C program of the model, and that program visits every state. A search counts only if it was complete:
 * neither depth nor memory ended it.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODEL = fileURLToPath(new URL('../../../docs/protocol.pml', import.meta.url))
const FILE = 'protocol.pml'

/** Steps that a search may be deep; more fail it. */
const DEPTH_MAX = 1_000_000
const MEMORY_MAX_MIB = 2048
/** A program that takes this long hangs. */
const LIMIT_MS = 600_000
const OUTPUT_MAX_BYTES = 64 * 2 ** 20
/** The last steps before an error that are shown. */
const TRAIL_LINES = 60

/** The macros that choose what the model has; a flag is 1. */
export type Size = Readonly<Record<string, number | string>>

export interface Configuration {
  name: string
  has: string
  size: Size
}

const ONE_BIT = { WORDS: 1, HASHES: 1 }

export const CONFIGURATIONS: readonly Configuration[] = [
  { name: 'sharing', has: '2 guests, 3 frames, scanner; 2 words, 2 hashes', size: { FRAMES: 3 } },
  {
    name: 'scanners',
    has: '2 guests, 2 frames, 2 scanners; 2 hashes',
    size: { FRAMES: 2, SCANNERS: 2, WORDS: 1 },
  },
  {
    name: 'swapping',
    has: '2 guests, 2 frames, scanner, reclaimer',
    size: { FRAMES: 2, RECLAIMERS: 1, ...ONE_BIT },
  },
  {
    name: 'crowd',
    has: '3 guests, 2 frames, reclaimer',
    size: { GUESTS: 3, FRAMES: 2, SCANNERS: 0, RECLAIMERS: 1, ...ONE_BIT },
  },
  { name: 'death', has: '2 guests, 3 frames, scanner; one dies', size: { FRAMES: 3, DEATH: 1, ...ONE_BIT } },
  {
    name: 'swapdeath',
    has: '2 guests, 2 frames, reclaimer; one dies',
    size: { FRAMES: 2, SCANNERS: 0, RECLAIMERS: 1, DEATH: 1, ...ONE_BIT },
  },
]

export interface Mutant {
  name: string
  size: Size
}

const SHARING = { FRAMES: 3 }
const SCANNERS = { FRAMES: 2, SCANNERS: 2, WORDS: 1 }
const SWAPPING = { FRAMES: 2, RECLAIMERS: 1, ...ONE_BIT }

/** Mistakes, by the names that the model gives them, and a size that is enough to find each. */
export const MUTANTS: readonly Mutant[] = [
  { name: 'STORE_WITHOUT_LOCK', size: SHARING },
  { name: 'DROP_BEFORE_COPY', size: SHARING },
  { name: 'DROP_IN_TWO_STEPS', size: SHARING },
  { name: 'MERGE_WITHOUT_COMPARISON', size: SHARING },
  { name: 'FREE_BEFORE_REMAP', size: SHARING },
  { name: 'FREE_WHILE_FILED', size: SHARING },
  { name: 'TRY_LOCK_ANYTHING', size: SWAPPING },
  { name: 'JOIN_AT_ZERO', size: SHARING },
  { name: 'KEEP_REFERENCE', size: SHARING },
  { name: 'BELIEVE_HINT', size: SHARING },
  { name: 'BELIEVE_REFILED_HINT', size: SCANNERS },
  { name: 'FILE_WITHOUT_LOOK', size: { FRAMES: 2, SCANNERS: 2 } },
  { name: 'FIND_AND_FILE_APART', size: SCANNERS },
  { name: 'MARK_AFTER_HASH', size: SHARING },
  { name: 'STORE_KEEPS_UNTOUCHED', size: SHARING },
  { name: 'STORE_KEEPS_HINTED', size: SHARING },
  { name: 'VISITOR_MARKS', size: SCANNERS },
  { name: 'VISITOR_FILES', size: SHARING },
  { name: 'WAIT_FOR_SECOND_PTE', size: SCANNERS },
  { name: 'SWAP_BEFORE_LOCK', size: SWAPPING },
  { name: 'FREE_BEFORE_SWAPPED', size: SWAPPING },
  { name: 'WAIT_FOR_EVER', size: { FRAMES: 2, DEATH: 1, ...ONE_BIT } },
]

/** States that the model must be able to get into, or its searches prove nothing. */
export const GOALS: readonly Mutant[] = [
  { name: 'ineligiblePage', size: SHARING },
  { name: 'sharedByTwo', size: SHARING },
  { name: 'dyingEntry', size: SHARING },
  { name: 'hintedPage', size: SHARING },
  { name: 'oldHint', size: SHARING },
  { name: 'swappedPage', size: SWAPPING },
  { name: 'noFrameLeft', size: SWAPPING },
]

/** The process that moves only where there is an error. */
const WATCH = 'watch'
/** How a thread dies before a step: no step itself. */
const DYING = '((victim==_pid))'

export interface Search {
  errors: number
  isComplete: boolean
  states: number
  depth: number
  memoryMib: number
  seconds: number
  /** Steps of the model, as `line: text`, and whether this search took them in any process. */
  steps: Map<string, boolean>
  /** What spin said of the error and the steps that led to it, if there was one. */
  trail: string
}

/** Why the model can't be checked here; undefined if it can. */
export function missingTool(): string | undefined {
  for (const [tool, debianPackage] of [
    ['spin', 'spin'],
    ['cc', 'gcc'],
  ] as const) {
    const { error } = spawnSync(tool, ['--version'], { stdio: 'ignore' })
    if (error !== undefined) return `${tool} is not installed; on Debian: apt-get install ${debianPackage}`
  }
  return undefined
}

/** Searches the model in this size, to its end or the first error. */
export function search(size: Size, optimization = '-O2'): Search {
  const directory = mkdtempSync(join(tmpdir(), 'twinpage-model-'))
  try {
    copyFileSync(MODEL, join(directory, FILE))
    const macros = Object.entries(size).map(([name, value]) => `-D${name}=${value}`)
    run(directory, 'spin', ['-a', ...macros, FILE])
    const safety = ['-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${MEMORY_MAX_MIB}`]
    run(directory, 'cc', [optimization, '-w', ...safety, '-o', 'pan', 'pan.c'])
    const report = run(directory, './pan', [`-m${DEPTH_MAX}`])
    const table = run(directory, './pan', ['-d'])
    const errors = numberIn(report, /errors: (\d+)/)
    return {
      errors,
      isComplete: !/max search depth too small|Search not completed|out of memory|reached -DMEMLIM/.test(
        report,
      ),
      states: numberIn(report, /([\d.e+]+) states, stored/),
      depth: numberIn(report, /depth reached (\d+)/),
      memoryMib: numberIn(report, /([\d.]+)\s+total actual memory usage/),
      seconds: numberIn(report, /elapsed time ([\d.]+) seconds/),
      steps: stepsTaken(table, report),
      trail: errors === 0 ? '' : trailOf(directory, macros, report),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** One line of the table that `npm run model` prints. */
export function describe({ name, has }: Configuration, result: Search): string {
  const { errors, states, depth, memoryMib, seconds } = result
  const figures = `${states} states, depth ${depth}, ${memoryMib.toFixed(0)} MiB, ${seconds.toFixed(1)} s`
  return `${name.padEnd(9)} ${has.padEnd(48)} ${figures}, errors: ${errors}`
}

function run(directory: string, program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: directory,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: OUTPUT_MAX_BYTES,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

function numberIn(report: string, pattern: RegExp): number {
  const match = pattern.exec(report)
  if (match === null) throw new Error(`the checker's report lacks ${pattern}:\n${report}`)
  return Number(match[1])
}

/**
 * A step counts as taken if the states before and after it were reached. The table has a line for each step of each
 * process; the report lists the states that were not reached.
 */
function stepsTaken(table: string, report: string): Map<string, boolean> {
  const unreached = new Set<string>()
  let process = ''
  for (const line of report.split('\n')) {
    process = /^unreached in (?:proctype )?(\S+)/.exec(line)?.[1] ?? process
    const state = /, state (\d+), "/.exec(line)?.[1]
    if (state !== undefined) unreached.add(`${process} ${state}`)
  }
  const taken = new Map<string, boolean>()
  for (const line of table.split('\n')) {
    process = /^(?:proctype )?(init|\w+)$/.exec(line)?.[1] ?? process
    const match = /state +(\d+) -\(.*-> state +(\d+) .*?protocol\.pml:(\d+) => (.*)$/.exec(line)
    if (match === null) continue
    const [, before, after, at, text] = match
    if (process === WATCH || text === DYING) continue
    const step = `${at}: ${text}`
    const isTaken = !unreached.has(`${process} ${before}`) && !unreached.has(`${process} ${after}`)
    taken.set(step, isTaken || taken.get(step) === true)
  }
  return taken
}

function trailOf(directory: string, macros: readonly string[], report: string): string {
  const found = report.split('\n').filter((line) => line.startsWith('pan:1:'))
  // It ends with 1 where the error is a failed assertion.
  const { stdout } = spawnSync('spin', ['-t', '-p', '-g', ...macros, FILE], {
    cwd: directory,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: OUTPUT_MAX_BYTES,
  })
  return [...found, ...stdout.trimEnd().split('\n').slice(-TRAIL_LINES)].join('\n')
}

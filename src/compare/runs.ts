/** Which runs are meant by the paths on the command line, and what their directories say. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { printable, UserError } from '../errors.js'
import { didYouMeanPath } from '../scenario/nearest.js'
import { holdsStudy } from '../study/record.js'

const ALLOWED = 'allowed is the directory of a run that has ended, or one that holds such directories'

/** What a comparison needs of a manifest; the files may be anybody's. */
const MANIFEST = z.object({
  twinpage: z.string(),
  state: z.enum(['running', 'complete', 'partial', 'failed']),
  scenario: z.string(),
  seed: z.int(),
  options: z.record(z.string(), z.unknown()),
  versions: z.object({ node: z.string() }),
  machine: z.object({
    cpuModel: z.string(),
    processors: z.number(),
    memoryBytes: z.number(),
    kernel: z.string(),
    platform: z.string(),
  }),
  processors: z.number(),
  controls: z.array(z.looseObject({ control: z.string() })).default([]),
})

/** Figures are read by their paths, and missing where there is none. */
const SUMMARY = z.object({
  scale: z.object({ memory: z.number().positive(), time: z.number().positive() }),
  phases: z.array(z.looseObject({ name: z.string() })),
  integrity: z.object({
    mismatches: z.number(),
    leakedFrames: z.number().nullable(),
    violations: z.number().nullable(),
  }),
})

export type RunManifest = z.infer<typeof MANIFEST>
export type RunSummary = z.infer<typeof SUMMARY>

/** Why a run that has these states can't be compared. */
const UNFIT_STATES: Partial<Record<RunManifest['state'], string>> = {
  running: 'the run is not over, or was killed',
  failed: 'the run failed',
}

export interface ComparedRun {
  directory: string
  manifest: RunManifest
  summary: RunSummary
}

interface UnfitRun {
  directory: string
  problem: string
}

export interface FoundRuns {
  /** One at least. */
  runs: ComparedRun[]
  warnings: string[]
}

/**
 * @param paths of runs, or of directories that hold several: a scenario's results, a study
 * @throws UserError for a path with no run that can be compared
 */
export function findRuns(paths: readonly string[]): FoundRuns {
  const runs = new Map<string, ComparedRun>()
  const warnings: string[] = []
  for (const run of paths.flatMap(runsAt)) {
    const place = realpathSync(run.directory)
    if ('problem' in run) warnings.push(`left out: ${run.directory}: ${run.problem}`)
    else if (runs.has(place)) warnings.push(`${run.directory} is named twice, and counted once`)
    else runs.set(place, run)
  }
  return { runs: [...runs.values()], warnings: warnings.map(printable) }
}

/** Of many, one that failed or still runs must not hide the others; but one is there. */
function runsAt(path: string): (ComparedRun | UnfitRun)[] {
  if (!isDirectory(path))
    throw refused(path, existsSync(path) ? 'not a directory' : `no such directory${didYouMeanPath(path)}`)
  if (isRun(path)) {
    const run = readRun(path)
    if ('problem' in run) throw refused(path, run.problem)
    return [run]
  }
  const holder = holdsStudy(path) ? join(path, 'runs') : path
  const directories = entriesOf(holder).map((name) => join(holder, name))
  const runs = directories.filter(isRun).map(readRun)
  if (runs.length === 0) throw refused(path, 'no results of a run in it')
  if (runs.every((run) => 'problem' in run)) throw refused(path, 'none of the runs in it has results')
  return runs
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isRun(directory: string): boolean {
  return existsSync(join(directory, 'manifest.json'))
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

function readRun(directory: string): ComparedRun | UnfitRun {
  const manifest = read(directory, 'manifest.json', MANIFEST)
  if ('problem' in manifest) return { directory, ...manifest }
  const problem = UNFIT_STATES[manifest.value.state]
  if (problem !== undefined) return { directory, problem }
  const summary = read(directory, 'summary.json', SUMMARY)
  if ('problem' in summary) return { directory, ...summary }
  return { directory, manifest: manifest.value, summary: summary.value }
}

function read<Value>(
  directory: string,
  name: string,
  schema: z.ZodType<Value>,
): { value: Value } | { problem: string } {
  const file = join(directory, name)
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { problem: existsSync(file) ? `${name} is not JSON` : `it has no ${name}` }
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data }
  const { path, message } = parsed.error.issues[0]!
  return { problem: `${name} is not that of a run: ${path.join('.') || 'all of it'}: ${message}` }
}

function refused(path: string, finding: string): UserError {
  return new UserError(`${finding}${finding.endsWith('?') ? '' : ';'} ${ALLOWED}`, { file: path })
}

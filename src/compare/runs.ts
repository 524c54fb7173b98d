/** Which runs are meant by the paths on the command line, and what their directories say. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { printable, UserError } from '../errors.js'
import { isIntact, type Summary } from '../experiment/outcome.js'

const ALLOWED = 'allowed is the directory of a run that has ended, or one that holds such directories'

/** What a comparison needs of a manifest; the files may be anybody's. */
const MANIFEST = z.object({
  twinpage: z.string(),
  state: z.enum(['running', 'complete', 'partial', 'failed']),
  scenario: z.string(),
  seed: z.number(),
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

export interface ComparedRun {
  directory: string
  manifest: RunManifest
  summary: Summary
}

export interface FoundRuns {
  runs: ComparedRun[]
  warnings: string[]
}

/**
 * @param paths of runs, or of directories that hold several: a scenario's results, a study
 * @throws UserError for a path with no run that can be compared
 */
export function findRuns(paths: readonly string[]): FoundRuns {
  const runs: ComparedRun[] = []
  const warnings: string[] = []
  const seen = new Set<string>()
  for (const path of paths) {
    for (const run of runsAt(path, warnings)) {
      const place = realpathSync(run.directory)
      if (seen.has(place)) warnings.push(printable(`${run.directory} is named twice, and counted once`))
      else runs.push(run)
      seen.add(place)
    }
  }
  warnings.push(...runs.flatMap(doubtsAbout))
  return { runs, warnings }
}

function runsAt(path: string, warnings: string[]): ComparedRun[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw refused(path, existsSync(path) ? 'not a directory' : 'no such directory')
  if (isRun(path)) return [readRun(path)]
  const holder = existsSync(join(path, 'study.json')) ? join(path, 'runs') : path
  const directories = entriesOf(holder)
    .map((name) => join(holder, name))
    .filter(isRun)
  if (directories.length === 0) throw refused(path, 'no results of a run in it')
  // Of many, one that failed or still runs must not hide the others.
  const runs = directories.flatMap((directory) => {
    try {
      return [readRun(directory)]
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      warnings.push(printable(`left out: ${directory}: ${error.finding.split(';')[0]}`))
      return []
    }
  })
  if (runs.length === 0) throw refused(path, 'none of the runs in it has results')
  return runs
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

function readRun(directory: string): ComparedRun {
  const manifest = read(directory, 'manifest.json', MANIFEST)
  if (manifest.state === 'running') throw refused(directory, 'the run is not over, or was killed')
  if (manifest.state === 'failed') throw refused(directory, 'the run failed')
  const summary = read(directory, 'summary.json', SUMMARY) as unknown as Summary
  return { directory, manifest, summary }
}

function read<Value>(directory: string, name: string, schema: z.ZodType<Value>): Value {
  const file = join(directory, name)
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw refused(directory, existsSync(file) ? `${name} is not JSON` : `it has no ${name}`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw refused(directory, `${name} is not that of a run: ${path.join('.') || 'all of it'}: ${message}`)
}

function doubtsAbout({ directory, manifest, summary }: ComparedRun): string[] {
  return [
    ...(manifest.state === 'partial' ? [`${directory} is partial: it was stopped before its end`] : []),
    ...(isIntact(summary.integrity) ? [] : [`${directory} lost its integrity; don't trust its figures`]),
  ].map(printable)
}

function refused(path: string, finding: string): UserError {
  return new UserError(`${finding}; ${ALLOWED}`, { file: path })
}

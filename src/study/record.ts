/**
 * study.json: the study as it was resolved, on which machine, and how far it is. Runs that are made at different times
 * belong to one study only if all that matters is the same; this is where it is looked for.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError, UserError } from '../errors.js'
import { describeMachine, describeVersions } from '../report/manifest.js'
import type { LevelNames } from './analysis.js'
import { type Cell, levelName, type StudyRun } from './design.js'
import { firstDifference } from './difference.js'
import type { Response, Settings, Study } from './study.js'

export const STUDY_FILES = {
  study: 'study.json',
  runs: 'runs.csv',
  analysis: 'analysis.json',
  report: 'report.md',
  page: 'report.html',
  figures: 'figures',
} as const

/** What may not change while a study is being made. */
export interface Design {
  scenario: string
  set: Settings
  seed: number
  factors: Record<string, { levels: { name: string; settings: Settings }[] }>
}

/** Nor this. */
export interface Environment {
  twinpage: string
  node: string
  cpuModel: string
  processors: number
  platform: string
  kernel: string
}

export type RunState = 'missing' | 'complete' | 'failed'

/** A run and what has become of it. */
export interface RunRecord extends StudyRun {
  state: RunState
  /** Why it failed. */
  message?: string
  /** That it took; null: it is not complete. */
  seconds: number | null
  /** Of a complete run, in the order of the responses; null: it has no such value. */
  values?: (number | null)[]
}

export interface StudyRecord {
  study: string
  description: string
  state: 'running' | 'complete' | 'partial'
  /** The process that makes it, or made it last. */
  pid: number
  design: Design
  /** More may be added. */
  replicates: number
  responses: Response[]
  environment: Environment
  runs: (Omit<RunRecord, 'cell' | 'values'> & { levels: LevelNames })[]
}

export function designOf({ scenario, set, seed, factors }: Study): Design {
  const levels = (factor: Study['factors'][number]) =>
    factor.levels.map(({ name, settings }) => ({ name, settings }))
  return {
    scenario,
    set,
    seed,
    factors: Object.fromEntries(factors.map((factor) => [factor.name, { levels: levels(factor) }])),
  }
}

export function environmentOf(): Environment {
  const { cpuModel, processors, platform, kernel } = describeMachine()
  const { twinpage, node } = describeVersions()
  return { twinpage: twinpage!, node: node!, cpuModel, processors, platform, kernel }
}

export function recordOf(
  study: Study,
  cells: readonly Cell[],
  runs: readonly RunRecord[],
  state: StudyRecord['state'],
): StudyRecord {
  const { name, description, replicates, responses, factors } = study
  return {
    study: name,
    description,
    state,
    pid: process.pid,
    design: designOf(study),
    replicates,
    responses,
    environment: environmentOf(),
    runs: runs.map(({ cell, values: _, ...run }) => ({
      ...run,
      levels: Object.fromEntries(
        factors.map((factor, index) => [factor.name, levelName(factor, cells[cell]!.levels[index]!)]),
      ),
    })),
  }
}

/** Whether a directory holds a study, complete or not. */
export function holdsStudy(directory: string): boolean {
  return existsSync(join(directory, STUDY_FILES.study))
}

/** @throws UserError if the study in the directory is another one than this, was begun elsewhere, or is being made. */
export function requireSameStudy(directory: string, study: Study): void {
  const { design, environment, replicates, state, pid } = readRecord(directory)
  // Two at once would remove each other's runs.
  if (state === 'running' && pid !== process.pid && isAlive(pid)) throw beingRun(directory, pid)
  const difference =
    firstDifference(design, asJson(designOf(study))) ??
    firstDifference(environment, environmentOf()) ??
    (study.replicates < replicates ? `replicates was ${replicates}, is now ${study.replicates}` : undefined)
  if (difference !== undefined) throw otherStudy(directory, difference)
}

export function otherStudy(directory: string, difference: string): UserError {
  return new UserError(
    `${directory} holds another study: ${difference}; allowed is the same study, with more replicates or other responses, or another directory`,
    { key: '--out' },
  )
}

/** Of a study or a run that another process is at. */
export function beingRun(directory: string, pid: number): UserError {
  return new UserError(
    `${directory} is being run by process ${pid}; wait for its end, or name another directory`,
    { key: '--out' },
  )
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readRecord(directory: string): StudyRecord {
  const file = join(directory, STUDY_FILES.study)
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as StudyRecord | null
    if (typeof record?.design === 'object' && typeof record.environment === 'object') return record
  } catch (error) {
    if (!(error instanceof SyntaxError || isSystemError(error))) throw error
  }
  throw new UserError('is not the record of a study; allowed is another directory', { file, key: '--out' })
}

/** As it is once it was written and read. */
export function asJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value))
}

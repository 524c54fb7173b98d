/**
 * The note of the settings that a process replaced, of how ksmd was scheduled if it changed that, and who it is, so that all
 * can be put back even after a kill -9.
 * It appears whole or not at all (a link to a finished file), and at most one process can make it. Only its owner, or
 * who claimed it from a dead one, changes or removes it.
 */
import { chmodSync, linkSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { isSystemError, messageOf, ResourceError } from '../errors.js'
import { SCHEDULING_CLASSES, type Scheduling } from '../host/scheduling.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import type { HostKsmSettings } from './ksm-settings.js'
import { readProcessStat } from './process-stat.js'
import { readIfThere } from './read-if-there.js'

const CLAIM_LIMIT_MS = 10_000

const bit = z.union([z.literal(0), z.literal(1)])
const count = z.int().nonnegative()

const settingsSchema = z.strictObject({
  run: z.union([bit, z.literal(2)]),
  pages_to_scan: count.optional(),
  sleep_millisecs: count.optional(),
  use_zero_pages: bit.optional(),
  smart_scan: bit.optional(),
  max_page_sharing: count.optional(),
  merge_across_nodes: bit.optional(),
  stable_node_chains_prune_millisecs: count.optional(),
  advisor_mode: z.enum(['none', 'scan-time']).optional(),
  advisor_max_cpu: count.optional(),
  advisor_min_pages_to_scan: count.optional(),
  advisor_max_pages_to_scan: count.optional(),
  advisor_target_scan_time: count.optional(),
})

const schedulingSchema = z.strictObject({
  class: z.enum(SCHEDULING_CLASSES),
  nice: z.int().min(-20).max(19),
  processors: z.array(count).min(1),
})

const savedSchema = z.strictObject({
  pid: count,
  startTicks: count,
  settings: settingsSchema,
  ksmd: schedulingSchema.optional(),
})

export type ReplacedSettings = Partial<HostKsmSettings> & Pick<HostKsmSettings, 'run'>

/** What there was before. */
export interface Replaced {
  settings: ReplacedSettings
  /** Undefined: it has been left alone. */
  ksmd?: Scheduling | undefined
}

export interface SavedSettings extends Replaced {
  /** Whose run replaced them. */
  pid: number
  startTicks: number
}

/**
 * Undefined where there is no note.
 * @throws ResourceError when it can't be read
 */
export function readSavedSettings({ saved }: Pick<KsmPaths, 'saved'> = KSM_PATHS): SavedSettings | undefined {
  try {
    const text = readIfThere(saved)
    return text === undefined ? undefined : (savedSchema.parse(JSON.parse(text)) as SavedSettings)
  } catch (error) {
    if (isSystemError(error) && error.code === 'EACCES') {
      throw new ResourceError(`only root can tell whether KSM is taken: ${messageOf(error)}`)
    }
    const why = messageOf(error instanceof z.ZodError ? z.prettifyError(error) : error)
    throw new ResourceError(
      `${saved} should hold KSM's settings of before an earlier run, but can't be read (${why}); ` +
        'set those in /sys/kernel/mm/ksm as you want them, and remove the file',
    )
  }
}

/** The process that saved them has ended, or its number is another's by now. */
export function isAbandoned(
  { pid, startTicks }: SavedSettings,
  paths: Pick<KsmPaths, 'proc'> = KSM_PATHS,
): boolean {
  const process = readProcessStat(pid, paths)
  return process === undefined || process.isZombie || process.startTicks !== startTicks
}

/** @returns false when there are saved settings already: they are not touched */
export function saveSettings(replaced: Replaced, paths: KsmPaths = KSM_PATHS): boolean {
  return withFile(replaced, paths, (file) => {
    try {
      linkSync(file, paths.saved)
      return true
    } catch (error) {
      return alreadyThere(error, paths)
    }
  })
}

/** For their owner: the same with more in it. */
export function saveMore(replaced: Replaced, paths: KsmPaths = KSM_PATHS): void {
  withFile(replaced, paths, (file) => renameSync(file, paths.saved))
}

/**
 * Makes this process the owner of abandoned settings.
 * @returns false when another process was faster
 */
export function claimSettings(abandoned: SavedSettings, paths: KsmPaths = KSM_PATHS): boolean {
  const lock = `${paths.saved}.claim`
  try {
    writeFileSync(lock, '', { flag: 'wx' })
  } catch (error) {
    removeStale(lock)
    return alreadyThere(error, paths)
  }
  try {
    const { pid, startTicks } = readSavedSettings(paths) ?? {}
    if (pid !== abandoned.pid || startTicks !== abandoned.startTicks) return false
    saveMore(abandoned, paths)
    return true
  } finally {
    rmSync(lock)
  }
}

/** A claim takes milliseconds: one this old was killed in between, and must not be in the way of the next command. */
function removeStale(lock: string): void {
  const changedMs = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY
  if (Date.now() - changedMs > CLAIM_LIMIT_MS) rmSync(lock, { force: true })
}

/** For their owner. */
export function removeSavedSettings({ saved }: Pick<KsmPaths, 'saved'> = KSM_PATHS): void {
  rmSync(saved, { force: true })
}

/** Lends a finished file, which is owned by this process, for it to be given its name. */
function withFile<Result>(
  { settings, ksmd }: Replaced,
  paths: KsmPaths,
  use: (file: string) => Result,
): Result {
  const startTicks = readProcessStat(process.pid, paths)?.startTicks
  if (startTicks === undefined) throw new ResourceError(`${paths.proc} does not show this process`)
  const file = `${paths.saved}.${process.pid}`
  try {
    // All may read it, whatever the umask: their commands look for it as well.
    if (mkdirSync(dirname(file), { recursive: true }) !== undefined) chmodSync(dirname(file), 0o755)
    const note: SavedSettings = { pid: process.pid, startTicks, settings, ksmd }
    writeFileSync(file, JSON.stringify(note))
    chmodSync(file, 0o644)
    return use(file)
  } catch (error) {
    throw cannotSave(error, paths)
  } finally {
    rmSync(file, { force: true })
  }
}

function alreadyThere(error: unknown, paths: KsmPaths): false {
  if (isSystemError(error) && error.code === 'EEXIST') return false
  throw cannotSave(error, paths)
}

function cannotSave(error: unknown, { saved }: KsmPaths): unknown {
  return isSystemError(error) ? new ResourceError(`${saved} can't be written: ${messageOf(error)}`) : error
}

/**
 * KSM for one experiment: its settings replaced, ksmd scheduled otherwise if that is asked for, and all put back afterwards,
 * whatever becomes of the process.
 *
 * The old settings are saved to a file before the first write and removed after the last, so at every moment in between
 * a kill -9 leaves a file from which the next twinpage command puts them back. That command first makes itself the
 * file's owner, so that two of them don't do it at once, nor one while another experiment begins. Putting back twice
 * does no harm.
 */
import { messageOf, ResourceError } from '../errors.js'
import type { SchedulingChange } from '../host/scheduling.js'
import { requireFreeKsm } from './ksm-available.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import {
  type HostKsmSettings,
  putBackKsmSettings,
  readKsmSettings,
  replaceKsmSettings,
  writeKsmSettings,
} from './ksm-settings.js'
import { putBackKsmd, readKsmdScheduling, scheduleKsmd } from './ksmd-scheduling.js'
import {
  claimSettings,
  isAbandoned,
  type Replaced,
  type ReplacedSettings,
  readSavedSettings,
  removeSavedSettings,
  saveMore,
  saveSettings,
} from './saved-settings.js'

export interface KsmTakeOver {
  /** What was there before. */
  readonly replaced: ReplacedSettings
  /** Changes those that are named; see writeKsmSettings. */
  set: (settings: Partial<HostKsmSettings>) => void
  /**
   * Changes how ksmd is scheduled.
   * @throws ResourceError when it can't be seen, or the system refuses
   */
  schedule: (change: SchedulingChange) => void
  /** Unmerges all and puts the old settings back, at once: it may be called when the process exits. Once is enough. */
  restore: () => void
}

/**
 * Unmerges all and sets what is named; the rest stays as it is.
 * @throws ResourceError when KSM is not to be had (requireFreeKsm), or not with these settings; then nothing has changed
 */
export function takeOverKsm(
  settings: Partial<HostKsmSettings> & Pick<HostKsmSettings, 'run'>,
  paths: KsmPaths = KSM_PATHS,
): KsmTakeOver {
  restoreAbandonedKsm(paths)
  requireFreeKsm(paths)
  const replaced: Replaced = { settings: readKsmSettings(paths) as ReplacedSettings }
  if (!saveSettings(replaced, paths)) throw new ResourceError('KSM is taken: another process was faster')
  let isOurs = true
  const restore = () => {
    if (!isOurs) return
    putBackAll(replaced, paths)
    isOurs = false
  }
  try {
    replaceKsmSettings({ ...replaced.settings, ...settings }, paths)
  } catch (error) {
    restore()
    throw error
  }
  const schedule = (change: SchedulingChange) => {
    if (replaced.ksmd === undefined) {
      replaced.ksmd = readKsmdScheduling(paths)
      saveMore(replaced, paths)
    }
    scheduleKsmd(change, paths)
  }
  const set = (changes: Partial<HostKsmSettings>) => writeKsmSettings(changes, paths)
  return { replaced: replaced.settings, set, schedule, restore }
}

/** Neither is kept from it by what becomes of the other. */
function putBackAll({ settings, ksmd }: Replaced, paths: KsmPaths): void {
  try {
    putBackKsmSettings(settings, paths)
  } finally {
    if (ksmd !== undefined) putBackKsmd(ksmd, paths)
  }
  removeSavedSettings(paths)
}

/** That the settings can't be put back is no reason to lose a run; what there is to say of it. */
export function putBack(ksm: Pick<KsmTakeOver, 'restore'>): string[] {
  try {
    ksm.restore()
    return []
  } catch (error) {
    return [`${messageOf(error)}; the next twinpage command will try again`]
  }
}

/**
 * For a process that exits in the middle of its run.
 * @returns what takes that back
 */
export function restoreAtExit(ksm: Pick<KsmTakeOver, 'restore'>): () => void {
  const restore = () => {
    for (const line of putBack(ksm)) process.stderr.write(`twinpage: ${line}\n`)
  }
  process.on('exit', restore)
  return () => process.off('exit', restore)
}

/**
 * Puts back what a process that is no more had replaced. Where nothing was left it only looks for a file.
 * @returns a line that says so, if it had to
 * @throws ResourceError when it can't
 */
export function restoreAbandonedKsm(paths: KsmPaths = KSM_PATHS): string | undefined {
  const saved = readSavedSettings(paths)
  if (saved === undefined || !isAbandoned(saved, paths)) return undefined
  const abandoned = `process ${saved.pid} ended without putting KSM's settings back`
  try {
    if (!claimSettings(saved, paths)) return undefined
    putBackAll(saved, paths)
  } catch (error) {
    throw new ResourceError(`${abandoned}; any twinpage command of root does it: ${messageOf(error)}`)
  }
  return `${abandoned}: they are now as they were before it`
}

/** Can KSM be watched here, and can it be had for a run of ours? Asked first, so that it fails early and clearly. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, printable, ResourceError } from '../errors.js'
import { readKsmCounters } from './ksm-counters.js'
import { KSM_PATHS, type KsmPaths } from './ksm-paths.js'
import { readKsmProcesses } from './ksm-processes.js'
import { isAbandoned, readSavedSettings } from './saved-settings.js'

/** @throws ResourceError when there is no KSM to look at */
export function requireKsm({ sysfs }: Pick<KsmPaths, 'sysfs'> = KSM_PATHS): void {
  if (existsSync(join(sysfs, 'run'))) return
  throw new ResourceError(
    process.platform === 'linux'
      ? `there is no KSM here: no ${sysfs} (the kernel's CONFIG_KSM is off, or /sys is hidden from this container)`
      : `there is no KSM here: it is a part of Linux, and this is ${process.platform}`,
  )
}

/**
 * All that keeps this process from taking KSM over. What others have merged would be unmerged, and its counters can't
 * be told from ours.
 * @throws ResourceError
 */
export function requireFreeKsm(paths: KsmPaths = KSM_PATHS): void {
  requireKsm(paths)
  requireWritable(join(paths.sysfs, 'run'))
  const saved = readSavedSettings(paths)
  if (saved !== undefined && !isAbandoned(saved, paths)) {
    throw new ResourceError(`KSM is taken: process ${saved.pid} runs an experiment on it`)
  }
  const { processes } = readKsmProcesses(paths)
  const user = processes.find(({ pid }) => pid !== process.pid)
  if (user !== undefined) {
    const { pid, comm, ksm_rmap_items = 0 } = user
    const what = ksm_rmap_items > 0 ? `${ksm_rmap_items} pages in it` : 'memory that it may merge'
    throw inUse(`process ${pid} (${printable(comm)}) has ${what}`)
  }
  const { pages_shared = 0, pages_sharing = 0 } = readKsmCounters(paths)
  // Also of a process that has ended, until ksmd meets it: that can't be told from one in another PID namespace.
  if (pages_shared + pages_sharing > 0 && !processes.some(({ ksm_rmap_items = 0 }) => ksm_rmap_items > 0)) {
    throw inUse(
      `${pages_shared + pages_sharing} pages are merged, of processes that can't be seen from here or have ended ` +
        `(echo 2 > ${paths.sysfs}/run unmerges them)`,
    )
  }
}

function requireWritable(file: string): void {
  try {
    closeSync(openSync(file, 'r+'))
  } catch (error) {
    throw new ResourceError(`KSM's settings can't be changed: ${messageOf(error)}; that takes root`)
  }
}

function inUse(how: string): ResourceError {
  return new ResourceError(
    `KSM is in use: ${how}; a run would unmerge what is merged, and merge it with its own`,
  )
}

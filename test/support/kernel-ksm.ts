/**
 * The real kernel's KSM for a process of tests or a recording. There is one for the whole machine, so they have it one
 * after the other. A process keeps its place to the end: it may have mergeable memory until then.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ResourceError } from '../../src/errors.js'
import { requireKsm } from '../../src/linux/ksm-available.js'
import { KSM_PATHS, type KsmPaths } from '../../src/linux/ksm-paths.js'
import { readKsmSettings } from '../../src/linux/ksm-settings.js'
import { takeOverKsm } from '../../src/linux/take-over.js'
import { takeMachineLock } from './machine-lock.js'

/** How long others may take that have KSM before. */
export const KSM_WAIT_LIMIT_MS = 300_000
const POLL_MS = 1
/** For anything that is waited for. */
const LIMIT_MS = 60_000

/**
 * Takes KSM over: nothing is merged and nothing scanned, other settings stay as they are until they are changed.
 * @param paths with a note of its own when commands are run that take KSM over themselves
 * @returns what puts everything back; done when the process exits, if not before
 * @throws ResourceError when it can't be had
 */
export async function takeKsm(paths: KsmPaths = KSM_PATHS): Promise<() => void> {
  requireKsm()
  if (readKsmSettings().advisor_mode === undefined) {
    throw new ResourceError(
      "this kernel's KSM is older than Linux 6.8, and does not count all that is compared",
    )
  }
  await takeMachineLock('twinpage-live-ksm', KSM_WAIT_LIMIT_MS)
  const { restore } = takeOverKsm({ run: 0 }, paths)
  const putBack = () => {
    restore()
    process.off('exit', putBack)
  }
  process.on('exit', putBack)
  return putBack
}

/** Waits, looking every millisecond. @throws when it takes a minute */
export async function until(what: string, isDone: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`)
    await sleep(POLL_MS)
  }
}

/**
 * The real kernel's KSM as a test or a recording has it: there is one for the whole machine, so nobody else may use it
 * meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ResourceError } from '../../src/errors.js'
import { requireKsm } from '../../src/linux/ksm-available.js'
import { readKsmSettings } from '../../src/linux/ksm-settings.js'
import { takeOverKsm } from '../../src/linux/take-over.js'

const POLL_MS = 1
/** For anything that is waited for. */
const LIMIT_MS = 60_000

/**
 * Takes KSM over: nothing is merged and nothing scanned, other settings stay as they are until they are changed.
 * @returns what puts everything back; done when the process exits, if not before
 * @throws ResourceError when it can't be had
 */
export function takeKsm(): () => void {
  requireKsm()
  if (readKsmSettings().advisor_mode === undefined) {
    throw new ResourceError(
      "this kernel's KSM is older than Linux 6.8, and does not count all that is compared",
    )
  }
  const { restore } = takeOverKsm({ run: 0 })
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

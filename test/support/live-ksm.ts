/**
 * For tests on the kernel's own KSM: they have it one after the other, put it back as it was, and are skipped, with the
 * reason, where it can't be had.
 */
import { type TestContext, test } from 'node:test'
import { messageOf, ResourceError } from '../../src/errors.js'
import { addressOf } from '../../src/host/libc.js'
import { KSM_PATHS, type KsmPaths } from '../../src/linux/ksm-paths.js'
import { KSM_WAIT_LIMIT_MS, takeKsm } from './kernel-ksm.js'

const TEST_LIMIT_MS = 120_000

/** The note of the test's own settings is not in the way of those of twinpage commands. */
const RUN_PATHS: KsmPaths = { ...KSM_PATHS, saved: `${KSM_PATHS.saved}.live-tests` }

/** A test that has KSM to itself; skipped where it can't have it. */
export function liveKsmTest(name: string, run: (t: TestContext) => Promise<void>): void {
  liveTest(name, run, KSM_PATHS)
}

/** The same for a test whose twinpage commands take KSM over. */
export function liveRunTest(name: string, run: (t: TestContext) => Promise<void>): void {
  liveTest(name, run, RUN_PATHS)
}

/**
 * KSM for a part of a test whose twinpage commands take it over.
 * @returns what puts everything back, or undefined when the test was skipped
 */
export function takeLiveKsm(t: TestContext): Promise<(() => void) | undefined> {
  return take(t, RUN_PATHS)
}

function liveTest(name: string, run: (t: TestContext) => Promise<void>, paths: KsmPaths): void {
  test(name, { timeout: KSM_WAIT_LIMIT_MS + TEST_LIMIT_MS }, async (t) => {
    const putBack = await take(t, paths)
    if (putBack === undefined) return
    try {
      await run(t)
    } finally {
      putBack()
    }
  })
}

/** @returns what puts everything back, or undefined when the test was skipped */
async function take(t: TestContext, paths: KsmPaths): Promise<(() => void) | undefined> {
  try {
    // No memory is mergeable without the calls into the C library.
    addressOf(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))
    return await takeKsm(paths)
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error
    t.skip(messageOf(error))
    return undefined
  }
}

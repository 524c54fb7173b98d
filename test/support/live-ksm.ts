/**
 * For tests on the kernel's own KSM: they have it one after the other, put it back as it was, and are skipped, with the
 * reason, where it can't be had.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSystemError, messageOf, ResourceError } from '../../src/errors.js'
import { addressOf } from '../../src/linux/libc.js'
import { takeKsm } from './kernel-ksm.js'

const LOCK = join(tmpdir(), 'twinpage-live-ksm.lock')
const LOCK_POLL_MS = 100
/** How long the tests before this one may take, and how long this one. */
const LOCK_LIMIT_MS = 300_000
const TEST_LIMIT_MS = 120_000

/** A test that has KSM to itself; skipped where it can't have it. */
export function liveKsmTest(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: LOCK_LIMIT_MS + TEST_LIMIT_MS }, async (t) => {
    try {
      const putBack = await take(t)
      if (putBack === undefined) return
      try {
        await run(t)
      } finally {
        putBack()
      }
    } finally {
      unlock()
    }
  })
}

/** @returns what puts everything back, or undefined when the test was skipped */
async function take(t: TestContext): Promise<(() => void) | undefined> {
  try {
    await lock()
    // No memory is mergeable without the calls into the C library.
    addressOf(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))
    return takeKsm()
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error
    t.skip(messageOf(error))
    return undefined
  }
}

/** @throws ResourceError when others keep it for too long */
async function lock(): Promise<void> {
  const deadlineMs = performance.now() + LOCK_LIMIT_MS
  while (!tryLock()) {
    if (performance.now() > deadlineMs) throw new ResourceError(`${LOCK} is held by process ${owner()}`)
    await sleep(LOCK_POLL_MS)
  }
}

function tryLock(): boolean {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error
    if (!isAlive(owner())) rmSync(LOCK, { force: true })
    return false
  }
}

function unlock(): void {
  if (owner() === process.pid) rmSync(LOCK)
}

/** Undefined while nobody has it, or has not signed yet. */
function owner(): number | undefined {
  try {
    return Number(readFileSync(LOCK, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return true
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

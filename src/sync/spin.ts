/**
 * Waiting for a lock word that somebody else holds, with a limit.
 *
 * Locks are held for about a microsecond, so a waiter first spins; when the holder seems to have lost its
 * processor the waiter gives its own away by sleeping, in short naps, since unlocking does not notify
 * (it would cost every unlock). After the limit the holder is taken for dead and the wait ends with an error:
 * nobody waits for ever.
 */
import * as A from '#atomics'
import { realNowNs } from '../measure/clock.js'
import { Patience } from './patience.js'

/** Spins before the first nap, each a few ns. */
const SPINS = 200
const NAP_MS = 0.05
/** A lock held this long has lost its holder. */
export const LOCK_LIMIT_SECONDS = 20

/** A lock's holder seems dead. */
export class LockTimeoutError extends Error {
  override name = 'LockTimeoutError'
}

/** One thread's wait for one lock at a time: `begin`, then `pause` until the lock is had. */
export class SpinLimit {
  private spins = 0
  private readonly patience = new Patience(LOCK_LIMIT_SECONDS * 1000, realNowNs)

  constructor(private readonly what: string) {}

  begin(): void {
    this.spins = 0
  }

  /**
   * Lets some time pass; returns early when the word no longer holds `locked`.
   * @throws LockTimeoutError after LOCK_LIMIT_SECONDS
   */
  pause(words: Int32Array, index: number, locked: number): void {
    if (this.spins++ < SPINS) {
      A.pause(words, index, locked)
      return
    }
    if (this.spins === SPINS + 1) this.patience.begin()
    A.wait(words, index, locked, NAP_MS)
    if (this.patience.isOver()) {
      throw new LockTimeoutError(
        `${this.what} (word ${index}) stayed locked for ${LOCK_LIMIT_SECONDS} s: the thread that holds it is dead or stopped`,
      )
    }
  }
}

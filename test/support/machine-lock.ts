/**
 * What only one process of the machine may use at a time. The lock is the name of an abstract Unix socket (unix(7)): the
 * kernel gives it to one process, and to the next when that one has ended, in whatever way, and its memory is gone. So
 * no lock is ever stale, and none has to be removed.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSystemError, ResourceError } from '../../src/errors.js'

const POLL_MS = 100

const held = new Map<string, Server>()

/**
 * Waits until this process has the lock, which it then keeps for its life.
 * @throws ResourceError when others keep it for longer
 */
export async function takeMachineLock(name: string, limitMs: number): Promise<void> {
  const deadlineMs = performance.now() + limitMs
  while (!held.has(name) && !(await tryLock(name))) {
    if (performance.now() > deadlineMs) {
      throw new ResourceError(`others have held the lock ${name} for ${limitMs / 1000} s`)
    }
    await sleep(POLL_MS)
  }
}

async function tryLock(name: string): Promise<boolean> {
  try {
    const server = createServer().listen(`\0${name}`)
    await once(server, 'listening')
    held.set(name, server.unref())
    return true
  } catch (error) {
    if (isSystemError(error) && error.code === 'EADDRINUSE') return false
    throw error
  }
}

/** Worker threads for tests: compiled modules of test/support, each with one task, and a limit on how long they take. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** Far more than any of them needs, on any machine. */
const LIMIT_MS = 60_000

/**
 * Starts a module of this directory on a thread of its own; resolves with the one message that it posts.
 * @param file such as `allocator-worker.js`
 */
export function runThread<Result>(file: string, workerData: unknown): Promise<Result> {
  const worker = new Worker(new URL(file, import.meta.url), { workerData })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${file} did not end within ${LIMIT_MS / 1000} s`))
      void worker.terminate()
    }, LIMIT_MS)
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${file} ended with code ${code}, and no result`))
    })
  })
}

const POLL_MS = 5

/** Waits for something that other threads do. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += POLL_MS) {
    if (holds()) return
    await sleep(POLL_MS)
  }
  assert.fail(`waited in vain until ${what}`)
}

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { threadId, threadTimes, WorkerAccount } from '../../src/host/threads.js'

const skip = !existsSync('/proc/self/schedstat') && 'this system keeps no such account'
/** More than any system numbers threads up to. */
const NO_THREAD = 2 ** 31 - 1

/** A thread that works a little, and tells its number at the system. */
async function startThread(): Promise<{ worker: Worker; id: number }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const end = performance.now() + 5
     while (performance.now() < end);
     parentPort.postMessage(Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1)))
     setInterval(() => {}, 1000)`,
    { eval: true },
  )
  const id = await new Promise<number>((resolve) => worker.once('message', resolve))
  return { worker, id }
}

test('a worker that was one thread after the other has the times of both', { skip }, async () => {
  const times = new WorkerAccount()
  const { worker, id } = await startThread()
  const first = times.read(id)!
  assert(first.cpuNs > 0)
  await worker.terminate()
  assert.deepEqual(times.read(id), first, 'of a thread that has ended, what was last read')
  const before = threadTimes(threadId())!
  const both = times.read(threadId())!
  assert(both.cpuNs >= first.cpuNs + before.cpuNs)
  assert(both.waitingNs >= first.waitingNs + before.waitingNs)
})

test('a worker whose next thread can’t be read keeps what it had', { skip }, () => {
  const times = new WorkerAccount()
  const had = times.read(threadId())!
  assert.deepEqual(times.read(NO_THREAD), had)
})

test('a worker without any thread has no times', () => {
  assert.equal(new WorkerAccount().read(0), undefined)
})

test('an account has all that the kernel’s files say of the thread', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'twinpage-threads-'))
  mkdirSync(join(directory, '7'))
  const put = (schedstat: string, status: string) => {
    writeFileSync(join(directory, '7', 'schedstat'), schedstat)
    writeFileSync(join(directory, '7', 'status'), status)
  }
  const switches = 'Cpus_allowed:\t3\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t12\n'
  put('9007199254740991 110275955 90210\n', `Name:\tscanner\n${switches}x86_Thread_features:\t1\n`)
  const account = new WorkerAccount(directory)
  const read = {
    cpuNs: 9_007_199_254_740_991,
    waitingNs: 110_275_955,
    slices: 90_210,
    voluntarySwitches: 150,
    involuntarySwitches: 12,
  }
  assert.deepEqual(account.read(7), read)
  put('0 0 0\n', switches)
  assert.deepEqual(account.read(7), read, 'a kernel that keeps no account says nothing')
  account.close()
  assert.equal(new WorkerAccount(directory).read(7), undefined)
  rmSync(directory, { recursive: true })
})

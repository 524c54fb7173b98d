/**
 * Stands in for src/sync/atomics.ts under the package-import condition `twinpage-fault`: the same operations, but the
 * first thread of a kind that comes to a certain point goes wrong there.
 *
 *   TWINPAGE_FAULT  a Fault, as JSON
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isMainThread, threadId, type Worker } from 'node:worker_threads'
import { LOCKED } from '../../src/machine/pte.js'
import * as sound from '../../src/sync/atomics.js'

export * from '../../src/sync/atomics.js'

export interface Fault {
  thread: 'guest' | 'scanner' | 'reclaimer'
  /**
   * `setup`: as it attaches. `look`: it looks which phase is on, with nothing in its hands. `pte`, `bucket`: it has locked
   * one. `stall`: it is about to wait for a frame. `rest`: it has come to rest. `verify`: it is about to verify its pages.
   */
  at: 'setup' | 'look' | 'pte' | 'bucket' | 'stall' | 'rest' | 'verify'
  /** What happens there. `terminate` is done to the thread by the main one; `refusal`: the system refuses it memory. */
  what: 'throw' | 'exit' | 'heap' | 'terminate' | 'refusal' | 'block'
  /** Only from this phase on, counting from 0. */
  phase?: number
  /** Only when it has been there so often. */
  visits?: number
  /** How long it blocks. */
  blockMs?: number
  /** So many threads, one after the other. */
  threads?: number
  /** A file that does not exist yet: the thread that makes it is the first. */
  claim: string
  /** Pages of all guests, and frames of the machine: they tell arrays apart by their lengths. */
  pages: number
  frames: number
}

/** Words of the control block (src/sync/control.ts) and of the allocator (src/machine/allocator.ts). */
const PHASE = 1
const VERIFY = 3
const ON = 7
const FREED = 1
const BUCKET_LOCKED = 1
const TERMINATED_WITHIN_MS = 60_000
const LOOK_MS = 5

const fault = JSON.parse(process.env.TWINPAGE_FAULT ?? '{}') as Fault
const buckets = 2 ** Math.ceil(Math.log2(fault.frames))

/** The array that this thread's first operation is on: each worker begins by attaching itself. */
let control: Int32Array | undefined
/** Is this a thread that may go wrong, and has not yet? */
let isArmed = true
let phase = -1
let visits = 0

function isAt(place: Fault['at']): boolean {
  if (!isArmed || fault.at !== place || phase < (fault.phase ?? -1)) return false
  return ++visits > (fault.visits ?? 0)
}

export function peek(words: Int32Array, index: number): number {
  const value = sound.peek(words, index)
  // Of no phase that is on there is nothing to see.
  if (words === control && index === ON && value >= 0) look(value)
  return value
}

export function load(words: Int32Array, index: number): number {
  const value = sound.load(words, index)
  if (words !== control) return value
  if (index === PHASE) look(value)
  else if (index === VERIFY && isAt(value === 0 ? 'rest' : 'verify')) goWrong()
  return value
}

export function store(words: Int32Array, index: number, value: number): number {
  if (control === undefined && !isMainThread) begin(words)
  return sound.store(words, index, value)
}

export function compareExchange(words: Int32Array, index: number, expected: number, value: number): number {
  const found = sound.compareExchange(words, index, expected, value)
  if (found !== expected) return found
  if (words.length === fault.pages && (value & LOCKED) !== 0 && isAt('pte')) goWrong()
  else if (words.length === buckets && (value & BUCKET_LOCKED) !== 0 && isAt('bucket')) goWrong()
  return found
}

export function wait(words: Int32Array, index: number, expected: number, timeoutMs: number): string {
  const isOther = words === control || words.length === fault.pages || words.length === buckets
  if (!isOther && index === FREED && isAt('stall')) goWrong()
  return sound.wait(words, index, expected, timeoutMs)
}

function look(phaseThatIsOn: number): void {
  phase = phaseThatIsOn
  if (isAt('look')) goWrong()
}

function begin(words: Int32Array): void {
  control = words
  isArmed = new RegExp(`/${fault.thread}\\.js:`).test(new Error().stack ?? '')
  if (isAt('setup')) goWrong()
}

function goWrong(): void {
  isArmed = false
  if (!claims()) return
  if (fault.what === 'throw') throw new Error('injected fault\n  in two lines')
  if (fault.what === 'refusal') throw new RangeError('WebAssembly.Memory(): could not allocate memory')
  if (fault.what === 'exit') process.exit(7)
  if (fault.what === 'heap') fillHeap()
  sleepMs(fault.what === 'block' ? fault.blockMs! : TERMINATED_WITHIN_MS)
}

function claims(): boolean {
  for (let nth = 0; nth < (fault.threads ?? 1); nth++) {
    try {
      writeFileSync(`${fault.claim}${nth === 0 ? '' : nth}`, String(threadId), { flag: 'wx' })
      return true
    } catch {
      // Another thread was before.
    }
  }
  return false
}

function fillHeap(): never {
  const hoard: number[][] = []
  for (;;) hoard.push(new Array(1000).fill(hoard.length + 0.5))
}

function sleepMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** The main thread terminates the worker that asks for it in the claim. */
function terminateWhoClaims(): void {
  const workers: Worker[] = []
  process.on('worker', (worker) => workers.push(worker))
  const look = setInterval(() => {
    try {
      const claimed = Number(readFileSync(fault.claim, 'utf8'))
      const worker = workers.find((worker) => worker.threadId === claimed)
      if (worker === undefined) return
      clearInterval(look)
      void worker.terminate()
    } catch {
      // Nobody has claimed it yet.
    }
  }, LOOK_MS)
  look.unref()
}

if (isMainThread && fault.what === 'terminate') terminateWhoClaims()

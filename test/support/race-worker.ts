/**
 * Two threads in step, round after round: while one takes the last free frame of a bitmap word, the other frees a frame
 * of the same word. After each round both look whether the freed frame can be had.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { type AllocatorLayout, FrameAllocator } from '../../src/machine/allocator.js'

export interface RaceTask {
  layout: AllocatorLayout
  thread: 0 | 1
  /** Rounds that each thread has reached, then a word that ends the race when it is not 0. */
  rounds: Int32Array
  raceMs: number
}

export interface RaceReport {
  rounds: number
  /** Rounds after which no frame was given out, though one was free. */
  lost: number
}

const SPINS = 2000
const NAPS_MAX = 5000
const STOP = 2

const { layout, thread, rounds, raceMs } = workerData as RaceTask
const allocator = new FrameAllocator(layout, thread)
const other = 1 - thread
let reached = 0

/** Waits until the other thread has come as far. */
function meet(): void {
  Atomics.store(rounds, thread, ++reached)
  Atomics.notify(rounds, thread)
  for (let spins = 0; spins < SPINS; spins++) if (Atomics.load(rounds, other) >= reached) return
  for (let naps = 0; naps < NAPS_MAX; naps++) {
    const seen = Atomics.load(rounds, other)
    if (seen >= reached) return
    Atomics.wait(rounds, other, seen, 1)
  }
  throw new Error('the other thread did not come')
}

function linger(turns: number): void {
  for (let turn = 0; turn < turns; turn++) Atomics.load(rounds, thread)
}

/** Takes the one free frame while the other thread frees its own. */
function taker(): RaceReport {
  for (let round = 0; ; round++) {
    meet()
    if (Atomics.load(rounds, STOP) !== 0) return { rounds: round, lost: 0 }
    linger(round % 7)
    const mine = allocator.allocate()
    meet()
    meet()
    if (mine >= 0) allocator.free(mine)
    meet()
  }
}

/** Frees its frame, and then must be able to get one. */
function freer(): RaceReport {
  const end = performance.now() + raceMs
  let lost = 0
  let mine = allocator.allocate()
  for (let round = 0; ; round++) {
    if (performance.now() > end) Atomics.store(rounds, STOP, 1)
    meet()
    if (Atomics.load(rounds, STOP) !== 0) return { rounds: round, lost }
    linger(round % 11)
    allocator.free(mine)
    meet()
    const next = allocator.allocate()
    if (next < 0) lost++
    meet()
    meet()
    mine = next >= 0 ? next : allocator.allocate()
  }
}

parentPort!.postMessage(thread === 0 ? freer() : taker())

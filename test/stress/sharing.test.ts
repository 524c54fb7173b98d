/** Guests, scanners and reclaimer, each on a thread of its own at full speed, on few pages and fewer frames. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { compileKernels } from '../../src/kernels/kernels.js'
import { countFreeFrames, freeFrameMap } from '../../src/machine/allocator.js'
import { auditMachine } from '../../src/machine/audit.js'
import { createMachine, type MachineHandle } from '../../src/machine/machine.js'
import { PRESENT, SWAPPED } from '../../src/machine/pte.js'
import { closeSwapFile, openSwapFile } from '../../src/machine/swap.js'
import { nowNs } from '../../src/measure/clock.js'
import { counterRow, createCounters, GUEST, RECLAIM, SCAN } from '../../src/measure/counters.js'
import { Control, createControl } from '../../src/sync/control.js'
import type { GuestReport, StressTask } from '../support/stress.js'
import { runThread, until } from '../support/threads.js'

const SCANNERS = 2
/** Each kind of event must have happened so often, however long that takes. */
const EVENTS_MIN = 100

interface Setting {
  name: string
  guests: number
  pagesPerGuest: number
  frames: number
  swap: boolean
  forceSalting: 0 | 1 | 2
  stressMs: number
  seed: number
}

const settings: Setting[] = [
  {
    name: 'three guests swap and share in half the memory they want',
    guests: 3,
    pagesPerGuest: 48,
    frames: 72,
    swap: true,
    forceSalting: 0,
    stressMs: 3000,
    seed: 1,
  },
  {
    name: 'three guests share within themselves alone, and swap the more',
    guests: 3,
    pagesPerGuest: 32,
    frames: 40,
    swap: true,
    forceSalting: 2,
    stressMs: 1500,
    seed: 2,
  },
  {
    name: 'two guests of four pages, all of them fought over',
    guests: 2,
    pagesPerGuest: 4,
    frames: 24,
    swap: false,
    forceSalting: 0,
    stressMs: 1500,
    seed: 3,
  },
]

function tasksOf(setting: Setting, machine: MachineHandle) {
  const { guests, pagesPerGuest, frames, forceSalting, seed } = setting
  const threads = guests + SCANNERS + 1
  const control = createControl(guests, threads, 1)
  const counters = createCounters(threads)
  const roleOf = (thread: number) =>
    thread < guests ? 'guest' : thread < guests + SCANNERS ? 'scanner' : 'reclaimer'
  const pagesOf = (_: unknown, guest: number) => ({
    firstPage: guest * pagesPerGuest,
    pages: pagesPerGuest,
    share: true,
    salt: undefined,
  })
  const common = {
    machine,
    control,
    counters,
    guests: Array.from({ length: guests }, pagesOf),
    forceSalting,
    seed,
    enoughFrames: Math.ceil(frames / 8),
  }
  return Array.from(
    { length: threads },
    (_, thread): StressTask => ({ ...common, thread, role: roleOf(thread) }),
  )
}

async function stress(setting: Setting, machine: MachineHandle) {
  const tasks = tasksOf(setting, machine)
  const control = new Control(tasks[0]!.control)
  const threads = tasks.map((task) => runThread<GuestReport | undefined>('stress-worker.js', task))
  const results = Promise.all(threads)
  let died = false
  results.catch(() => {
    died = true
  })
  await until(() => died || control.attachedWorkers() === tasks.length, 'all threads have begun')
  control.startRun(nowNs())
  control.startPhase(0, nowNs())
  await sleep(setting.stressMs)
  await until(
    () => died || isStressed(setting, tally(setting, machine, tasks[0]!.counters)),
    'enough has happened',
  )
  control.stop()
  await until(() => died || control.quietWorkers() === tasks.length, 'all threads have come to rest')
  const audit = auditMachine(machine, (page) => {
    const guest = Math.floor(page / setting.pagesPerGuest)
    return `guest g${guest} PPN ${page % setting.pagesPerGuest}`
  })
  control.verify()
  const reports = (await results).filter((report) => report !== undefined)
  return { audit, reports, counters: tasks[0]!.counters }
}

function tally(setting: Setting, machine: MachineHandle, counters: Float64Array) {
  const { guests } = setting
  const row = (thread: number) => counterRow(counters, thread)
  const sum = (threads: number[], field: number) =>
    threads.reduce((total, thread) => total + row(thread)[field]!, 0)
  const guestThreads = Array.from({ length: guests }, (_, guest) => guest)
  const scanThreads = Array.from({ length: SCANNERS + 1 }, (_, scanner) => guests + scanner)
  return {
    firstTouches: sum(guestThreads, GUEST.firstTouches),
    cowFaults: sum(guestThreads, GUEST.cowFaults),
    swapIns: sum(guestThreads, GUEST.swapIns),
    swapOuts: row(guests + SCANNERS)[RECLAIM.swapOuts]!,
    merges: sum(scanThreads, SCAN.merges),
    staleHints: sum(scanThreads, SCAN.staleHints),
    lockFailures: sum(scanThreads, SCAN.lockFailures),
    lockWaits: sum(guestThreads, GUEST.lockWaits),
    stalls: sum(guestThreads, GUEST.stalls),
    presentPages: machine.ptes.filter((pte) => (pte & PRESENT) !== 0).length,
    swappedPages: machine.ptes.filter((pte) => (pte & SWAPPED) !== 0).length,
  }
}

function isStressed(
  { swap }: Setting,
  { merges, cowFaults, swapOuts, swapIns }: ReturnType<typeof tally>,
): boolean {
  return Math.min(merges, cowFaults, ...(swap ? [swapOuts, swapIns] : [])) > EVENTS_MIN
}

for (const setting of settings) {
  test(`nothing is lost, leaked or corrupted: ${setting.name}`, async (t) => {
    const swapFd = setting.swap ? openSwapFile(tmpdir()) : undefined
    const { guests, pagesPerGuest, frames } = setting
    const threads = guests + SCANNERS + 1
    const guestPages = guests * pagesPerGuest
    const size = { frames, guestPages, threads, lowFrames: Math.ceil(frames / 12), segmentShift: 4 }
    const machine = createMachine(size, compileKernels(), swapFd)
    try {
      const { audit, reports, counters } = await stress(setting, machine)
      assert.deepEqual(audit, { leakedFrames: 0, violations: 0, findings: [] })
      assert.equal(reports.length, guests)
      for (const { verification, wrongLoads } of reports) {
        assert.deepEqual(wrongLoads, [])
        assert.deepEqual(verification, { pagesVerified: pagesPerGuest, mismatches: 0, findings: [] })
      }

      const counts = tally(setting, machine, counters)
      assert.equal(counts.swappedPages, counts.swapOuts - counts.swapIns)
      assert.equal(counts.presentPages, counts.firstTouches - counts.swappedPages)
      const freeFrames = freeFrameMap(machine.allocator).reduce((sum, times) => sum + times, 0)
      assert.equal(countFreeFrames(machine.allocator), freeFrames, 'the count of free frames has drifted')

      t.diagnostic(JSON.stringify(counts))
    } finally {
      if (swapFd !== undefined) closeSwapFile(swapFd)
    }
  })
}

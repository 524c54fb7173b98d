/** When does a warm-up end? The leader with a real control block, and scanners that are rows of counters. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResourceError } from '../../src/errors.js'
import type { Sampler, Scan } from '../../src/experiment/backend.js'
import { LabScan } from '../../src/experiment/lab-scan.js'
import type { ScannerTask } from '../../src/experiment/messages.js'
import type { Sample } from '../../src/experiment/outcome.js'
import { PhaseLeader } from '../../src/experiment/phases.js'
import { nowNs } from '../../src/measure/clock.js'
import { counterRow, createCounters, LAST_PASS, SCAN } from '../../src/measure/counters.js'
import type { PhasePlan, Plan } from '../../src/scenario/plan.js'
import { Control, createControl } from '../../src/sync/control.js'

const STEP_MS = 30

interface Led {
  control: Control
  leader: PhaseLeader
  samples: string[]
  /** The first scanner's row; the second's, if there are two. */
  row: Float64Array
  otherRow: Float64Array
  isOver: () => boolean
  done: Promise<void>
}

/** Of one chunk for each of two scanners. */
const GUEST = { firstPage: 0, pages: 128, share: true }

/** Leads one guest through the phases; the guest acknowledges every end at once. */
function lead(
  phases: PhasePlan[],
  mustEnd = () => false,
  changes: (control: Control) => Partial<Scan> = () => ({}),
  scanners = 1,
): Led {
  const plan = {
    guests: [{ pages: 1 }],
    phases,
    sampleSeconds: 100,
    scale: { memory: 1, time: 1 },
    trace: undefined,
  } as unknown as Plan
  const control = new Control(createControl(1, 2 + scanners, phases.length))
  const counters = createCounters(4)
  const tasks = Array.from({ length: scanners }, (_, index) => {
    const task = {
      counters,
      thread: 1 + index,
      index,
      guests: [GUEST],
      plan: { scanner: { count: scanners } },
    }
    return task as unknown as ScannerTask
  })
  const scan: Scan = Object.assign(new LabScan(tasks), changes(control))
  const samples: string[] = []
  const sampler: Sampler = {
    sample: (timeSeconds, phase) => {
      samples.push(phase)
      return { timeSeconds, phase } as Sample
    },
  }
  const leader = new PhaseLeader(plan, control, sampler, scan, {}, { nowNs, sleep })
  for (let phase = 0; phase < phases.length; phase++) control.acknowledgeEnd(0, phase)
  let over = false
  const done = leader.lead(mustEnd).then(() => {
    over = true
  })
  const [row, otherRow] = [counterRow(counters, 1), counterRow(counters, 2)]
  return { control, leader, samples, row, otherRow, isOver: () => over, done }
}

function warmup(ends: PhasePlan['ends'], seconds = 60): PhasePlan {
  return { name: 'warm', ends, seconds }
}

function passEnds(row: Float64Array, news: number): void {
  row[LAST_PASS.news] = news
  row[LAST_PASS.pages] = 10_000
  row[SCAN.passes]! += 1
}

test('settled: after a whole pass that began when all guests were done, and found nothing new', async () => {
  const { control, row, isOver, done } = lead([warmup({ when: 'settled' })])
  for (let pass = 0; pass < 3; pass++) passEnds(row, 0)
  await sleep(STEP_MS)
  assert.equal(isOver(), false, 'the guest is not done yet')
  control.finishPhase(0, 0)
  await sleep(STEP_MS)
  passEnds(row, 0)
  await sleep(STEP_MS)
  assert.equal(isOver(), false, 'that pass was under way when the guest was done')
  passEnds(row, 11)
  await sleep(STEP_MS)
  assert.equal(isOver(), false, 'one page in a thousand was new')
  passEnds(row, 10)
  await done
})

test('settled, where a first pass finds nothing new by its nature: not before the second', async () => {
  const { control, row, isOver, done } = lead(
    [warmup({ when: 'settled' })],
    () => false,
    () => ({ passesToSettle: 2 }),
  )
  control.finishPhase(0, 0)
  await sleep(STEP_MS)
  for (let pass = 0; pass < 2; pass++) passEnds(row, 0)
  await sleep(STEP_MS)
  assert.equal(isOver(), false)
  passEnds(row, 0)
  await done
})

test('a scanner that does not hear the control block is told of each phase before it begins', async () => {
  const said: number[][] = []
  const phases: PhasePlan[] = ['a', 'b'].map((name) => ({ name, ends: { when: 'time' }, seconds: 0.01 }))
  const { done } = lead(
    phases,
    () => false,
    (control) => ({
      startPhase: async (phase) => {
        said.push([phase, control.phase()])
      },
    }),
  )
  await done
  assert.deepEqual(said, [
    [0, -1],
    [1, 0],
  ])
})

test('passes: so many whole ones after all guests were done', async () => {
  const { control, row, isOver, done, leader } = lead([warmup({ when: 'passes', passes: 2 })])
  control.finishPhase(0, 0)
  await sleep(STEP_MS)
  for (let pass = 0; pass < 2; pass++) passEnds(row, 5000)
  await sleep(STEP_MS)
  assert.equal(isOver(), false)
  passEnds(row, 5000)
  await done
  assert.deepEqual(leader.messages, [])
  assert.equal(leader.phases[0]!.measured, false)
})

test('settled, with two scanners: after such a pass of each, however far one was ahead of the other', async () => {
  const { control, row, otherRow, isOver, done } = lead(
    [warmup({ when: 'settled' })],
    () => false,
    () => ({}),
    2,
  )
  for (let pass = 0; pass < 5; pass++) passEnds(row, 0)
  control.finishPhase(0, 0)
  await sleep(STEP_MS)
  for (let pass = 0; pass < 2; pass++) passEnds(otherRow, 0)
  await sleep(STEP_MS)
  assert.equal(isOver(), false, 'the passes of the first scanner were over before the guest was done')
  for (let pass = 0; pass < 2; pass++) passEnds(row, 21)
  await sleep(STEP_MS)
  assert.equal(isOver(), false, 'of all pages one in a thousand was new')
  passEnds(row, 20)
  await done
})

test('at its limit a warm-up ends, and says that it had not settled', async () => {
  const { leader, done } = lead([warmup({ when: 'settled' }, 0.05)])
  await done
  assert.deepEqual(leader.messages, ['phase warm ended at its limit, not settled'])
})

test('a phase ends with a sample that the next one begins with; a phase by time is measured', async () => {
  const phases: PhasePlan[] = ['a', 'b'].map((name) => ({
    name,
    ends: { when: 'time' },
    seconds: 0.02,
  }))
  const { leader, samples, done } = lead(phases)
  await done
  assert.deepEqual(samples, ['a', 'a', 'b'])
  assert.deepEqual(
    leader.phases.map(({ name, measured }) => [name, measured]),
    [
      ['a', true],
      ['b', true],
    ],
  )
  assert.equal(leader.phases[0]!.end, leader.phases[1]!.start)
})

test('a run that must end ends its phase early, and begins no other', async () => {
  let mustEnd = false
  const phases: PhasePlan[] = ['a', 'b'].map((name) => ({ name, ends: { when: 'time' }, seconds: 60 }))
  const { leader, done } = lead(phases, () => mustEnd)
  await sleep(STEP_MS)
  mustEnd = true
  await done
  assert.deepEqual(
    leader.phases.map(({ name }) => name),
    ['a'],
  )
})

describe('a scanner that is refused something ends the run, and leaves what was measured:', () => {
  const phases: PhasePlan[] = ['a', 'b'].map((name) => ({ name, ends: { when: 'time' }, seconds: 0.01 }))
  const full = new ResourceError('no memory')
  const refused = Object.assign(new Error('ENOMEM: write'), { code: 'ENOMEM', syscall: 'write' })
  const startPhase = (error: Error) => async (phase: number) => {
    if (phase === 1) throw error
  }
  for (const [what, scan, failure, measured] of [
    [
      'at a later phase',
      { startPhase: startPhase(full) },
      { kind: 'resources', message: 'phase b: KSM could not be set: no memory' },
      ['a'],
    ],
    [
      'by the system',
      { startPhase: startPhase(refused) },
      { kind: 'internal', message: 'phase b: KSM could not be set: ENOMEM: write' },
      ['a'],
    ],
    [
      'in the last phase',
      { endRun: () => Promise.reject(full) },
      { kind: 'resources', message: 'phase b: KSM could not be set: no memory' },
      ['a', 'b'],
    ],
  ] as const) {
    test(what, async () => {
      const { leader, done } = lead(
        phases,
        () => false,
        () => scan,
      )
      await done
      assert.deepEqual(leader.failure, failure)
      assert.deepEqual(
        leader.phases.map(({ name }) => name),
        measured,
      )
    })
  }
  test('a defect is none of these', async () => {
    const { done } = lead(
      phases,
      () => false,
      () => ({ startPhase: startPhase(new TypeError('defect')) }),
    )
    await assert.rejects(done, /defect/)
  })
})

/** The control block, both its sides on one thread. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Control, createControl } from '../../src/sync/control.js'

function sides(guests = 3, workers = 5, phases = 4) {
  const handle = createControl(guests, workers, phases)
  return { leader: new Control(handle), worker: new Control(handle) }
}

test('a phase is on from its start to its end, one after the other, and none once the run stops', () => {
  const { leader, worker } = sides()
  assert.deepEqual([worker.phase(), worker.isOn(0)], [-1, false])
  leader.startRun(5)
  for (const phase of [0, 1, 2]) {
    leader.startPhase(phase, 10 + phase)
    assert.deepEqual([worker.phase(), worker.isOn(phase), worker.isOn(phase - 1)], [phase, true, false])
    assert.equal(worker.phaseStartNs(phase), 10 + phase)
    leader.endPhase(phase)
    assert.deepEqual([worker.isOn(phase), worker.endedPhases()], [false, phase + 1])
  }
  assert.equal(worker.runStartNs(), 5)
  leader.startPhase(3, 20)
  leader.stop()
  assert.deepEqual([worker.isOn(3), worker.isStopping()], [false, true])
})

test('whatever the main thread announces, who looked before does not sleep through it', () => {
  const announcements: ((leader: Control) => void)[] = [
    (leader) => leader.startPhase(0, 1),
    (leader) => leader.endPhase(0),
    (leader) => leader.snapshotSampled(1),
    (leader) => leader.verify(),
    (leader) => leader.stop(),
  ]
  const { leader, worker } = sides()
  for (const announce of announcements) {
    const event = worker.event()
    announce(leader)
    assert.notEqual(worker.event(), event)
    // Returns at once, or never were the event not another: a sleep has a limit, the test's patience too.
    worker.sleep(event)
  }
})

test('all guests must have done, ended or replayed, each for itself, before it is said of all', () => {
  const steps = fc.array(fc.record({ guest: fc.nat(2), what: fc.nat(2), value: fc.nat(3) }), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(steps, (list) => {
      const { leader, worker } = sides()
      const done = [0, 1, 2].map(() => [0, 0, 0])
      for (const { guest, what, value } of list) {
        done[what]![guest] = what === 2 ? value : value + 1
        if (what === 0) worker.finishPhase(guest, value)
        else if (what === 1) worker.acknowledgeEnd(guest, value)
        else worker.replayedSnapshots(guest, value)
        const [finished, acknowledged, replayed] = done.map((values) => Math.min(...values))
        for (const number of [0, 1, 2, 3]) {
          assert.equal(leader.allFinished(number), finished! > number)
          assert.equal(leader.allAcknowledged(number), acknowledged! > number)
          assert.equal(leader.allReplayed(number), replayed! >= number)
        }
      }
    }),
  )
})

test('workers are counted as they attach and as they come to rest, each with its thread id', () => {
  const { leader, worker } = sides()
  for (const number of [0, 1, 2, 3, 4]) {
    assert.equal(leader.threadId(number), 0)
    worker.attach(number, 700 + number)
    assert.deepEqual([leader.attachedWorkers(), leader.threadId(number)], [number + 1, 700 + number])
    assert(!leader.isQuiet(number))
    worker.arriveQuiet(number)
    assert(leader.isQuiet(number))
  }
})

test('a worker that waits for the order to verify gets it, or gives up', () => {
  const { leader, worker } = sides()
  assert.equal(worker.awaitVerify(1), false)
  leader.verify()
  assert.equal(worker.awaitVerify(60_000), true)
})

test('a failure of any worker is seen, of worker 0 too', () => {
  for (const number of [0, 4]) {
    const { leader, worker } = sides()
    assert.equal(leader.hasFailure(), false)
    worker.fail(number)
    assert.equal(leader.hasFailure(), true)
  }
})

test('snapshots that were sampled are told', () => {
  const { leader, worker } = sides()
  assert.equal(worker.sampledSnapshots(), 0)
  leader.snapshotSampled(7)
  assert.equal(worker.sampledSnapshots(), 7)
})

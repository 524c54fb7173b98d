/** Whose turn is it? Actors on a few processors, in rounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Rota, Turn } from '../../src/experiment/rota.js'
import { AT_ONCE, ON_EVENT, OVER } from '../../src/sync/actor.js'

/** Actors that are busy without end, and note each of their steps under their letter. */
function busyActors(letters: string): { log: string[]; turns: Turn[] } {
  const log: string[] = []
  const turns = [...letters].map((letter) => {
    const step = () => {
      log.push(letter)
      return AT_ONCE
    }
    return new Turn({ step }, () => assert.fail('nobody dies'))
  })
  return { log, turns }
}

test('as many actors as processors have a turn in a round, one after the other', () => {
  const { log, turns } = busyActors('abcde')
  const rota = new Rota(turns, 2)
  for (let round = 0; round < 5; round++) assert.equal(rota.round(0), true)
  assert.equal(log.join(''), 'abcdeabcde')
})

test('with more processors than actors each has one turn in a round', () => {
  const { log, turns } = busyActors('abc')
  const rota = new Rota(turns, 8)
  for (let round = 0; round < 2; round++) rota.round(0)
  assert.equal(log.join(''), 'abcabc')
})

test('busy actors never are more than one turn apart, on any number of processors', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 12 }), (actors, processors) => {
      const { log, turns } = busyActors('abcdefghi'.slice(0, actors))
      const rota = new Rota(turns, processors)
      for (let round = 0; round < 20; round++) rota.round(0)
      const counts = [...'abcdefghi'.slice(0, actors)].map((letter) => log.filter((l) => l === letter).length)
      assert.equal(log.length, 20 * Math.min(actors, processors))
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`)
    }),
  )
})

test('an actor that has nothing to do takes no processor, and is called when it wants to be', () => {
  const { log, turns } = busyActors('ab')
  let wakeNs = 3000
  const sleeper = new Turn(
    {
      step: () => {
        log.push('s')
        return wakeNs
      },
    },
    () => {},
  )
  const rota = new Rota([sleeper, ...turns], 2)
  for (const nowNs of [0, 1000, 2000]) rota.round(nowNs)
  assert.equal(log.join(''), 'sababab')
  assert.equal(rota.earliestNs(), AT_ONCE)
  wakeNs = ON_EVENT
  for (const nowNs of [3000, 4000]) rota.round(nowNs)
  assert.equal(log.join(''), 'sabababsabab')
})

test('where nobody has anything to do, the round says so, and when somebody will', () => {
  const wakesNs = [ON_EVENT, 5000, 7000]
  const rota = new Rota(
    wakesNs.map((wakeNs) => new Turn({ step: () => wakeNs }, () => {})),
    1,
  )
  assert.equal(rota.round(0), false)
  assert.equal(rota.earliestNs(), 5000)
})

test('an actor that is woken looks around; one that is over is not stepped again', () => {
  const answers = [ON_EVENT, ON_EVENT, OVER]
  let steps = 0
  const turn = new Turn({ step: () => answers[steps++]! }, () => assert.fail('it does not die'))
  const rota = new Rota([turn], 1)
  for (let round = 0; round < 3; round++) rota.round(0)
  assert.deepEqual([steps, turn.isOver()], [1, false])
  for (let round = 0; round < 4; round++) {
    turn.wake()
    rota.round(1e12)
  }
  assert.deepEqual([steps, turn.isOver()], [3, true])
  assert.equal(rota.earliestNs(), ON_EVENT)
})

test('an actor that dies is over, its error is told, and the others go on', () => {
  const { log, turns } = busyActors('ab')
  const died: unknown[] = []
  const step = () => {
    throw new Error('a defect')
  }
  const rota = new Rota([new Turn({ step }, (error) => died.push(error)), ...turns], 1)
  for (let round = 0; round < 3; round++) rota.round(0)
  assert.match(String(died), /^Error: a defect$/)
  assert.equal(log.join(''), 'aba')
})

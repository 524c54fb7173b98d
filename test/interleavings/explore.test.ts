/** The search itself: it plays each schedule that there is, once; the same ones each time; and a schedule's string plays it again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Prng } from '../../src/random/prng.js'
import type { Chooser, Play, PlayedTurn } from './arena.js'
import { exploreAll, exploreAtRandom, type Player } from './explore.js'
import { formatSchedule, parseSchedule, type Turn } from './schedule.js'

/** Actors that never wait, each with so many steps, and what they did in each schedule: a letter for each step. */
class FreeActors implements Player {
  readonly played: string[] = []

  constructor(
    private readonly steps: readonly number[],
    private readonly isBroken: (steps: string) => boolean = () => false,
  ) {}

  play(schedule: readonly Turn[], choose: Chooser = ([actor]) => ({ actor: actor! })): Play {
    const left = [...this.steps]
    const turns: PlayedTurn[] = []
    let done = ''
    for (;;) {
      const dead = new Set(turns.filter(({ dies }) => dies).map(({ actor }) => actor))
      const runnable = left.map((_, actor) => actor).filter((actor) => left[actor]! > 0 && !dead.has(actor))
      if (runnable.length === 0) break
      const asked = schedule[turns.length]
      const turn = asked ?? choose(runnable, done.length)
      if (!runnable.includes(turn.actor)) return { turns, violation: undefined, isFeasible: false }
      const isPreempted = turn.steps !== undefined && turn.steps < left[turn.actor]!
      if (turn === asked && turn.steps !== undefined && !isPreempted)
        return { turns, violation: undefined, isFeasible: false }
      const made = isPreempted ? turn.steps! : left[turn.actor]!
      left[turn.actor]! -= made
      done += 'abc'[turn.actor]!.repeat(made) + (turn.dies ? '!' : '')
      turns.push({ ...turn, steps: isPreempted ? made : undefined, made, runnable })
    }
    this.played.push(done)
    return { turns, violation: this.isBroken(done) ? 'broken' : undefined, isFeasible: true }
  }
}

/** All orders of these steps in which an actor that could go on is left at most so often. */
function ordersOf(steps: readonly number[], preemptionsMax: number): string[] {
  const orders: string[] = []
  const extend = (done: string, left: readonly number[], last: number, preemptions: number) => {
    if (left.every((steps) => steps === 0)) orders.push(done)
    left.forEach((steps, actor) => {
      const isPreemption = last >= 0 && actor !== last && left[last]! > 0
      const sum = preemptions + (isPreemption ? 1 : 0)
      if (steps === 0 || sum > preemptionsMax) return
      extend(done + 'abc'[actor], left.with(actor, steps - 1), actor, sum)
    })
  }
  extend('', steps, -1, 0)
  return orders.sort()
}

test('every order with so many preemptions is played, and none twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 3 }),
      fc.nat(3),
      (steps, preemptions) => {
        const actors = new FreeActors(steps)
        const { schedules } = exploreAll(actors, preemptions)
        assert.deepEqual(actors.played.sort(), ordersOf(steps, preemptions))
        assert.equal(schedules, actors.played.length)
      },
    ),
    { numRuns: 60 },
  )
})

test('an actor dies before each of its steps but the first', () => {
  const actors = new FreeActors([3, 1])
  exploreAll(actors, 0, 1)
  assert.deepEqual(actors.played.sort(), ['a!b', 'aa!b', 'aaab', 'ba!', 'baa!', 'baaa'])
})

test('the search ends at the first schedule that breaks something, and its string plays it again', () => {
  const isBroken = (steps: string) => /ab+a/.test(steps)
  for (const explore of [
    (actors: Player) => exploreAll(actors, 2),
    (actors: Player) => exploreAtRandom(actors, 1000, new Prng(1)),
  ]) {
    const actors = new FreeActors([4, 3], isBroken)
    const { violation, schedules } = explore(actors)
    assert.ok(isBroken(actors.played.at(-1)!))
    assert.ok(schedules <= actors.played.length)
    const found = actors.played.at(-1)
    assert.equal(actors.play(parseSchedule(violation!.schedule)).violation, 'broken')
    assert.equal(actors.played.at(-1), found)
  }
})

test('the random search goes beyond few preemptions, and is the same for the same seed', () => {
  const played = (seed: number) => {
    const actors = new FreeActors([6, 6, 6])
    exploreAtRandom(actors, 200, new Prng(seed))
    return actors.played
  }
  assert.deepEqual(played(1), played(1))
  assert.notDeepEqual(played(1), played(2))
  const few = new Set(ordersOf([6, 6, 6], 2))
  assert.ok(played(1).some((steps) => !few.has(steps)))
})

test('a schedule is read as it is written', () => {
  const steps = fc.option(fc.integer({ min: 1, max: 999 }), { nil: undefined })
  const turn = fc.record({ actor: fc.nat(2), steps, dies: fc.boolean() }, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 9 }), (schedule) => {
      assert.deepEqual(parseSchedule(formatSchedule(schedule)), schedule)
    }),
  )
  for (const wrong of ['', 'a.', 'd', 'a0', 'a-1', 'A', 'ab', '1a'])
    assert.throws(() => parseSchedule(wrong), /is no turn; expected such as/)
})

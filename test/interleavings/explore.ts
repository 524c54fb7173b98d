/**
 * Which schedules of a race are played.
 *
 * `exploreAll` plays every one with at most so many preemptions, that is turns that end although the actor could go on, at
 * each of its steps (Musuvathi, Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs",
 * PLDI 2007). A schedule is a list of departures from the default one, in which the first actor that can go on has the turn and
 * keeps it: each comes from the one without its last departure, so none is played twice.
 *
 * `exploreAtRandom` gives the actors random priorities, lets the highest run that can, and lowers it at a few random
 * steps (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
 */
import type { Prng } from '../../src/random/prng.js'
import type { Arena, Chooser, Play, PlayedTurn } from './arena.js'
import { formatSchedule, type Turn } from './schedule.js'

export interface Exploration {
  /** How many were played to their end. */
  schedules: number
  /** The first that broke something, where the search ended. */
  violation: { schedule: string; what: string } | undefined
}

/** What plays schedules: an arena. */
export type Player = Pick<Arena, 'play'>

/** A schedule by how it comes about: these turns, then one of `next`, then the default. */
interface Departure {
  before: Turn[]
  next: number | undefined
  preemptionsLeft: number
  deathsLeft: number
}

export function exploreAll(arena: Player, preemptionsMax: number, deathsMax = 0): Exploration {
  const result: Exploration = { schedules: 0, violation: undefined }
  const open: Departure[] = [
    { before: [], next: undefined, preemptionsLeft: preemptionsMax, deathsLeft: deathsMax },
  ]
  for (let departure = open.pop(); departure !== undefined; departure = open.pop()) {
    const { before, next } = departure
    const play = arena.play(next === undefined ? before : [...before, { actor: next }])
    if (!play.isFeasible) continue
    take(result, play)
    if (result.violation !== undefined) return result
    open.push(...departuresFrom(departure, play.turns))
  }
  return result
}

/** All schedules that depart from a played one once more, at or after its last departure. */
function departuresFrom(
  { before, next, preemptionsLeft, deathsLeft }: Departure,
  turns: PlayedTurn[],
): Departure[] {
  const departures: Departure[] = []
  for (let i = before.length; i < turns.length; i++) {
    const { actor, made, runnable } = turns[i]!
    const sofar = turns.slice(0, i).map(({ actor, steps, dies }): Turn => ({ actor, steps, dies }))
    const isForced = i === before.length && next !== undefined
    if (!isForced) {
      for (const other of runnable) {
        if (other !== actor) departures.push({ before: sofar, next: other, preemptionsLeft, deathsLeft })
      }
    }
    for (let steps = 1; steps < made; steps++) {
      if (preemptionsLeft > 0) {
        const left = { preemptionsLeft: preemptionsLeft - 1, deathsLeft }
        departures.push(...withOthers([...sofar, { actor, steps }], turns.slice(i + 1), left))
      }
      if (deathsLeft > 0) {
        const left = { preemptionsLeft, deathsLeft: deathsLeft - 1 }
        departures.push({ before: [...sofar, { actor, steps, dies: true }], next: undefined, ...left })
      }
    }
  }
  return departures
}

/** After a preemption, each of the others that had not ended yet, and so had turns later, may be next. */
function withOthers(
  before: Turn[],
  later: readonly PlayedTurn[],
  left: Pick<Departure, 'preemptionsLeft' | 'deathsLeft'>,
): Departure[] {
  const preempted = before.at(-1)!.actor
  const others = new Set(later.map(({ actor }) => actor))
  others.delete(preempted)
  return [...others].map((next) => ({ before, next, ...left }))
}

/** Most priority changes in one schedule. */
const CHANGES_MAX = 6

export function exploreAtRandom(arena: Player, schedules: number, prng: Prng): Exploration {
  const result: Exploration = { schedules: 0, violation: undefined }
  let steps = arena.play([]).turns.reduce((sum, { made }) => sum + made, 0)
  while (result.schedules < schedules && result.violation === undefined) {
    const play = arena.play([], byPriority(prng, steps))
    take(result, play)
    steps = play.turns.reduce((sum, { made }) => sum + made, 0)
  }
  return result
}

function byPriority(prng: Prng, steps: number): Chooser {
  const priorities = new Map<number, number>()
  const changes = Array.from({ length: 1 + prng.nextBelow(CHANGES_MAX) }, () => 1 + prng.nextBelow(steps))
  changes.sort((a, b) => a - b)
  let lowest = 0
  let running = -1
  return (runnable, stepsMade) => {
    while (changes.length > 0 && changes[0]! <= stepsMade) {
      changes.shift()
      if (running >= 0) priorities.set(running, --lowest)
    }
    for (const actor of runnable) if (!priorities.has(actor)) priorities.set(actor, 1 + prng.nextFraction())
    running = runnable.reduce((best, actor) =>
      priorities.get(actor)! > priorities.get(best)! ? actor : best,
    )
    const next = changes[0]
    return { actor: running, steps: next === undefined ? undefined : next - stepsMade }
  }
}

function take(result: Exploration, { turns, violation }: Play): void {
  result.schedules++
  if (violation === undefined) return
  result.violation = { schedule: formatSchedule(turns), what: violation }
}

/** Every race of docs/protocol.md, in every order of its steps with few preemptions, in many others, and with deaths. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Prng, seedOf } from '../../src/random/prng.js'
import { Arena, type Play } from './arena.js'
import { ACTORS_MAX } from './baton.js'
import { Cast } from './cast.js'
import { type Exploration, exploreAll, exploreAtRandom, type Player } from './explore.js'
import type { Race } from './race.js'
import { races } from './races.js'
import { formatSchedule, parseSchedule } from './schedule.js'

const PREEMPTIONS_MAX = 2
const PREEMPTIONS_BESIDE_A_DEATH_MAX = 1
const RANDOM_SCHEDULES = 1000
const REPLAYED_SCHEDULES = 200

let cast: Cast
before(async () => {
  cast = await Cast.hire(ACTORS_MAX)
})
beforeEach(async () => {
  if (!cast.isStuck) return
  await cast.dismiss()
  cast = await Cast.hire(ACTORS_MAX)
})
after(() => cast.dismiss())

let schedulesPlayed = 0
after(() => console.log(`${schedulesPlayed} schedules of ${races.length} races`))

function assertNothingBroken(race: Race, { schedules, violation }: Exploration): void {
  schedulesPlayed += schedules
  if (violation === undefined) return
  assert.fail(`${violation.what}\n  replay: npm run replay -- ${race.name} ${violation.schedule}`)
}

test('a schedule is played the same each time: step for step, by other threads as well', async () => {
  const race = races.find(({ name }) => name === 'scanners-equal-pages')!
  const play = async (): Promise<Play[]> => {
    const arena = new Arena(race, cast)
    const plays: Play[] = []
    const record: Player = {
      play: (schedule, choose) => {
        plays.push(arena.play(schedule, choose))
        return plays.at(-1)!
      },
    }
    exploreAll(record, PREEMPTIONS_MAX)
    await arena.close()
    return plays
  }
  assert.deepEqual(await play(), await play())
})

test('the string of a schedule at random plays it again', async () => {
  const race = races.find(({ name }) => name === 'stall-free')!
  const arena = new Arena(race, cast)
  const again: Player = {
    play: (schedule, choose) => {
      const play = arena.play(schedule, choose)
      assert.deepEqual(arena.play(parseSchedule(formatSchedule(play.turns))), play)
      return play
    },
  }
  exploreAtRandom(again, REPLAYED_SCHEDULES, new Prng(1))
  await arena.close()
})

for (const race of races) {
  test(`${race.row}: ${race.name}`, async (t) => {
    const arena = new Arena(race, cast)
    try {
      const all = exploreAll(arena, PREEMPTIONS_MAX)
      assertNothingBroken(race, all)
      const random = exploreAtRandom(arena, RANDOM_SCHEDULES, new Prng(seedOf('schedules', race.name)))
      assertNothingBroken(race, random)
      const counts = [`${all.schedules} schedules with at most ${PREEMPTIONS_MAX} preemptions`]
      if (race.withDeaths) {
        const deaths = exploreAll(arena, PREEMPTIONS_BESIDE_A_DEATH_MAX, 1)
        assertNothingBroken(race, deaths)
        counts.push(`${deaths.schedules} with a death`)
      }
      counts.push(`${random.schedules} at random`)
      t.diagnostic(`${race.name}: ${counts.join(', ')}; 0 violations`)
    } finally {
      await arena.close()
    }
  })
}

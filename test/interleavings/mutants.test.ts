/** Each seeded defect of the protocol is found by a race. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arena } from './arena.js'
import { ACTORS_MAX } from './baton.js'
import { Cast } from './cast.js'
import { exploreAll } from './explore.js'
import { MutantBuild, mutants } from './mutants.js'
import { races } from './races.js'

const PREEMPTIONS_MAX = 2

for (const mutant of mutants) {
  test(`found: ${mutant.name}`, async (t) => {
    const build = new MutantBuild(mutant)
    const cast = await Cast.hire(ACTORS_MAX, build.actor)
    try {
      const found: string[] = []
      for (const name of mutant.races) {
        const arena = new Arena(races.find((race) => race.name === name)!, cast)
        const { schedules, violation } = exploreAll(arena, PREEMPTIONS_MAX)
        await arena.close()
        if (violation === undefined) continue
        found.push(name)
        t.diagnostic(`${name} ${violation.schedule} (schedule ${schedules}): ${violation.what}`)
      }
      assert.deepEqual(found, mutant.races)
    } finally {
      await cast.dismiss()
      build.remove()
    }
  })
}

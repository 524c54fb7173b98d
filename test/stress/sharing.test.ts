/** The page protocol under stress (test/support/stress.ts) for about a minute; soak.ts is the same for as long as you like. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Stress } from '../support/stress.js'
import { settings } from '../support/stress-settings.js'

const ROUNDS = 4
const ROUND_MS = 2000

describe('nothing is lost, leaked or corrupted', () => {
  const stress = new Stress(settings)
  after(() => stress.end())

  settings.forEach(({ name }, index) => {
    test(name, async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { seconds, counts, violations } = await stress.round(index, round, ROUND_MS)
        t.diagnostic(`${seconds.toFixed(1)} s: ${JSON.stringify(counts)}`)
        assert.deepEqual(violations, [])
      }
    })
  })
})

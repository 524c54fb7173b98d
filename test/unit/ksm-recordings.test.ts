/** Does the lab do what the real kernel did? Every recorded case, step by step, counter by counter: exactly. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KsmObservation } from '../support/ksm-cases.js'
import { comparable } from '../support/ksm-comparable.js'
import { recordedCases } from '../support/ksm-recordings.js'
import { playOnLab } from '../support/lab-player.js'

const cases = recordedCases()

test('there are 20 mixes, and cases of every other kind', () => {
  const named = (text: string) => cases.filter((item) => item.case.name.startsWith(text)).length
  assert.equal(named('mix '), 20)
  assert(named('one of two sharers') > 0 && named('unmerge') > 0 && cases.length > 40)
})

describe('the lab plays as the kernel did:', () => {
  for (const { case: ksmCase, observations, differences } of cases) {
    test(ksmCase.name, () => {
      assert.deepEqual(differences, [], 'the kernel itself did not do the same twice')
      let unmerged = false
      playOnLab(ksmCase).forEach((observation, index) => {
        const step = ksmCase.steps[index]!
        unmerged ||= 'unmerge' in step
        const compared = (seen: KsmObservation) => comparable(seen, unmerged)
        assert.deepEqual(
          compared(observation),
          compared(observations[index]!),
          `step ${index}: ${JSON.stringify(step)}`,
        )
      })
    })
  }
})

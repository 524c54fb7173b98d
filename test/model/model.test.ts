/**
 * The page protocol's model, searched: no error in any size of it, an error for every mistake that is put into it, and
 * no step of it that is never taken. Where spin or a C compiler is missing the tests are skipped; `npm run model`, which
 * sets TWINPAGE_MODEL=required, fails instead.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIGURATIONS, describe, GOALS, MUTANTS, missingTool, search } from './model.js'

const missing = missingTool()
const isRequired = process.env.TWINPAGE_MODEL === 'required'
const skip = isRequired ? false : (missing ?? false)
/** Searches that end at an error take less time than an optimizing compiler. */
const QUICKLY_COMPILED = '-O0'

const taken = new Map<string, boolean>()

if (isRequired && missing !== undefined) {
  test('the tools are there', () => assert.fail(missing))
} else {
  for (const configuration of CONFIGURATIONS) {
    test(`model ${configuration.name}: ${configuration.has}`, { skip }, () => {
      const result = search(configuration.size)
      process.stdout.write(`${describe(configuration, result)}\n`)
      assert.equal(result.errors, 0, result.trail)
      assert.ok(result.isComplete, 'the search was not complete')
      for (const [step, isTaken] of result.steps) taken.set(step, isTaken || taken.get(step) === true)
    })
  }

  test('every step of the model is taken in one search or another', { skip }, () => {
    const never = [...taken].filter(([, isTaken]) => !isTaken).map(([step]) => step)
    assert.deepEqual(never, [])
    assert.notEqual(taken.size, 0)
  })

  for (const { name, size } of GOALS) {
    test(`the model gets to ${name}`, { skip }, () => {
      const { errors } = search({ ...size, GOAL: name }, QUICKLY_COMPILED)
      assert.equal(errors, 1)
    })
  }

  for (const { name, size } of MUTANTS) {
    test(`the mistake ${name} is found`, { skip }, () => {
      const { errors } = search({ ...size, MUTANT: name }, QUICKLY_COMPILED)
      assert.equal(errors, 1)
    })
  }
}

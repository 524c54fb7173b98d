/** The schedule: phases of any lengths, ends and stated starts come to seconds that add up, or to a problem at a start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DURATION_SECONDS_MAX } from '../../src/scenario/limits.js'
import { phasesOf } from '../../src/scenario/phases-of.js'
import type { PhasePlan } from '../../src/scenario/plan.js'
import { type Scenario, scenarioSchema } from '../../src/scenario/schema.js'
import { formatDuration } from '../../src/scenario/units.js'

/** The longest duration that can be written: a week. */
const US_MAX = DURATION_SECONDS_MAX * 1e6

type Schedule = readonly { us: number; isTimed: boolean }[]

/** Whole microseconds, as durations are kept. */
const lengths = fc.oneof(
  fc.integer({ min: 1, max: US_MAX }),
  fc.integer({ min: 1, max: 600 }).map((seconds) => seconds * 1e6),
  fc.constantFrom(1, 100_000, 300_000, US_MAX),
)
const phase = fc.oneof(
  lengths.map((us) => ({ us, isTimed: true })),
  fc.option(lengths).map((us) => ({ us: us ?? 3600e6, isTimed: false })),
)
const schedules = fc.array(phase, { minLength: 1, maxLength: 12 })
const scales = fc.oneof(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.constantFrom(1, 3, 128, 1e6))

/** Where each phase starts, in µs since the beginning or the end of the last phase that ends by itself. */
function startsOf(schedule: Schedule): number[] {
  let end = 0
  return schedule.map(({ us, isTimed }) => {
    const start = end
    end = isTimed ? end + us : 0
    return start
  })
}

function written(us: number): string {
  return formatDuration(us / 1e6)
}

/** The phases as a file would give them, parsed; `starts` are those that it states. */
function parsed(schedule: Schedule, starts: readonly (number | undefined)[], time: number): Scenario {
  const phases = schedule.map(({ us, isTimed }, index) => {
    const start = starts[index]
    return {
      name: `p${index}`,
      ...(start === undefined ? {} : { start: written(start) }),
      ...(isTimed ? { duration: written(us) } : { until: 'settled', limit: written(us) }),
    }
  })
  const guests = [{ name: 'a', memory: '1MiB' }]
  return scenarioSchema.parse({
    host: { memory: '1MiB' },
    guests,
    scale: { memory: 1, time },
    phases,
  }) as Scenario
}

function planned(schedule: Schedule, starts: readonly (number | undefined)[], time: number): PhasePlan[] {
  return phasesOf(parsed(schedule, starts, time), (path, message) =>
    assert.fail(`${path.join('.')}: ${message}`),
  )
}

test('phases keep their order; lengths are divided by the scale and add up; right starts are accepted', () => {
  fc.assert(
    fc.property(schedules, scales, fc.array(fc.boolean()), (schedule, time, stated) => {
      const starts = startsOf(schedule).map((start, index) =>
        stated[index] && start <= US_MAX ? start : undefined,
      )
      const plans = planned(schedule, starts, time)
      assert.deepEqual(
        plans.map(({ name, ends }) => [name, ends.when]),
        schedule.map(({ isTimed }, index) => [`p${index}`, isTimed ? 'time' : 'settled']),
      )
      plans.forEach(({ seconds }, index) => {
        assert(seconds > 0 && Number.isFinite(seconds))
        assert.equal(seconds, schedule[index]!.us / 1e6 / time)
      })
      const totalSeconds = plans.reduce((sum, { seconds }) => sum + seconds, 0)
      const expected = schedule.reduce((sum, { us }) => sum + us, 0) / 1e6 / time
      assert(Math.abs(totalSeconds - expected) <= expected * 1e-12)
    }),
  )
})

test('a start that is not where the phases before end is a problem at that start, and at no other', () => {
  const shifts = fc.integer({ min: -600e6, max: 600e6 }).filter((us) => us !== 0)
  fc.assert(
    fc.property(schedules, scales, fc.nat(), shifts, (schedule, time, place, shift) => {
      const right = startsOf(schedule)
      const wrong = place % schedule.length
      const start = right[wrong]! + shift
      fc.pre(start >= 0 && start <= US_MAX)
      const starts = right.map((_, index) => (index === wrong ? start : undefined))
      const problems: [unknown, string][] = []
      phasesOf(parsed(schedule, starts, time), (path, message) => problems.push([path, message]))
      assert.deepEqual(
        problems.map(([path]) => path),
        [[wrong, 'start']],
      )
      assert.match(problems[0]![1], /^(overlaps|leaves a gap) .* give [\d.]+(min|s|ms)$/)
      assert.equal(problems[0]![1].startsWith('overlaps'), shift < 0)
      assert(problems[0]![1].endsWith(` ${written(right[wrong]!)}`))
    }),
  )
})

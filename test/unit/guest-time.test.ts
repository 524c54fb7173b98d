/** A guest's own time: the clock's until the run is steered, and then what is due goes on where it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GuestTime } from '../../src/guest/guest-time.js'

test('unsteered it is the time since the phase began, to the bit', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e15, noNaN: true }),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      (start, due) => {
        const time = new GuestTime(start)
        assert.equal(time.whenNs(due), start + due)
        assert.equal(time.at(start + due), start + due - start)
      },
    ),
  )
})

test('whatever the load becomes, time goes on from where it is, as fast as the load', () => {
  const change = fc.record({
    load: fc.constantFrom(0, 0.5, 1, 2, 4),
    afterNs: fc.integer({ min: 0, max: 1e9 }),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const time = new GuestTime(1e6)
      let now = 1e6
      let expected = 0
      let load = 1
      for (const { load: next, afterNs } of changes) {
        now += afterNs
        expected += afterNs * load
        assert(Math.abs(time.at(now) - expected) < 1, `${time.at(now)}, not ${expected}`)
        time.change(next, now)
        load = next
        assert(Math.abs(time.at(now) - expected) < 1, 'a change moves nothing')
        if (load > 0) assert(Math.abs(time.whenNs(expected) - now) < 8)
      }
    }),
  )
})

test('held, it stands still', () => {
  const time = new GuestTime(100)
  time.change(2, 200)
  const before = time.at(300)
  time.delay(5000)
  assert.equal(time.at(5300), before)
})

/** Where a response's path leads, and what is said of one that leads nowhere. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Summary } from '../../src/experiment/outcome.js'
import { phaseProblem, readResponse } from '../../src/study/responses.js'

const summary = {
  state: 'complete',
  clockCostNs: null,
  phases: [
    { name: 'idle', captureRatio: 0.9 },
    {
      name: 'busy',
      captureRatio: 0.5,
      measured: true,
      cow: { faults: 7, latencyNs: null },
      guests: { 'web.1': { sharedMiB: 3 }, 'web.10': { sharedMiB: 4 } },
    },
  ],
} as unknown as Summary

const found: [path: string, value: number | null][] = [
  ['phases.busy.captureRatio', 0.5],
  ['phases.idle.captureRatio', 0.9],
  ['phases.busy.cow.faults', 7],
  ['phases.busy.guests.web.10.sharedMiB', 4],
  ['phases.busy.cow.latencyNs.p99', null],
  ['clockCostNs', null],
]
for (const [path, value] of found)
  test(`${path} is ${value}`, () => assert.deepEqual(readResponse(summary, path), { value }))

describe('a path that leads nowhere:', () => {
  const lost: [path: string, problem: RegExp][] = [
    [
      'phases.busy.captureRati',
      /^unknown path: phases\.busy has no "captureRati", did you mean captureRatio\? it has/,
    ],
    ['phase.busy', /summary\.json has no "phase", did you mean phases\?/],
    ['phases.bsy.captureRatio', /phases has no "bsy", did you mean busy\? it has idle, busy$/],
    ['phases.busy.cow', /expected a number, but phases\.busy\.cow is a mapping; it has faults, latencyNs/],
    ['state', /expected a number, but state is "complete"/],
    ['phases.busy.measured', /expected a number, but phases\.busy\.measured is true/],
    ['phases.busy.cow.faults.x', /phases\.busy\.cow\.faults has no "x"; it has nothing below it/],
    ['constructor', /unknown path/],
  ]
  for (const [path, problem] of lost) {
    test(path, () => {
      const reading = readResponse(summary, path)
      assert('problem' in reading)
      assert.match(reading.problem, problem)
    })
  }
})

test('phases are checked before there is a summary', () => {
  assert.equal(phaseProblem('phases.busy.x', ['idle', 'busy']), undefined)
  assert.equal(phaseProblem('clockCostNs', ['idle']), undefined)
  assert.match(phaseProblem('phases', ['idle'])!, /no phase is called ""; the scenario has idle/)
})

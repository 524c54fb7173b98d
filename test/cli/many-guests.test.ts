/** Can 64 guests, each on a thread of its own, run on two cores? */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSummary, runTwinpage, setting, temporaryDirectory } from '../support/cli.js'

const GUESTS = 64

test('64 guests of 4 MiB run, share, and end verified', async () => {
  const cwd = temporaryDirectory()
  const settings = setting({
    'guests.0.count': GUESTS,
    'guests.0.memory': '4MiB',
    'phases.1.duration': '200ms',
    'phases.2.duration': '300ms',
  })
  const { code, stderr } = await runTwinpage(['run', 'quick', '--quiet', '--out', 'out', ...settings], {
    cwd,
  })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })

  const { state, phases, guests, integrity, memory } = readSummary(join(cwd, 'out'))
  assert.equal(state, 'complete')
  assert.equal(guests.length, GUESTS)
  assert.equal(readdirSync(join(cwd, 'out', 'latency')).length, 2 * GUESTS + 1)
  assert.deepEqual(integrity, {
    pagesVerified: GUESTS * 1024,
    mismatches: 0,
    leakedFrames: 0,
    violations: 0,
    findings: [],
  })
  assert(memory.metadataBytesPerPage <= 48, `${memory.metadataBytesPerPage} bytes of metadata for each page`)
  for (const { name } of guests) {
    const { stores, sharedMiB } = phases[0]!.guests[name]!
    assert(stores.count >= 1024 * 1024, `${name} wrote all its words`)
    assert(sharedMiB! > 0, `${name} shares`)
  }
  assert(phases.at(-1)!.cow.faults > 0)
})

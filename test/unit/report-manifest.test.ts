import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endedManifest, startedManifest } from '../../src/report/manifest.js'

const START = {
  scenario: 'case-study',
  seed: 7,
  options: { scale: 128 },
  processors: 2,
  startedAt: new Date('2026-01-02T03:04:05.678Z'),
}

test('a run that starts says so, and with which versions and on what machine', () => {
  const manifest = startedManifest(START)
  assert.equal(manifest.state, 'running')
  assert.equal(manifest.startedAt, '2026-01-02T03:04:05.678Z')
  assert.equal(manifest.endedAt, null)
  assert.equal(manifest.versions.node, process.versions.node)
  for (const name of ['twinpage', 'piscina', 'hdr-histogram-js']) {
    assert.match(manifest.versions[name]!, /^\d+\.\d+\.\d+/, name)
  }
  assert.equal(manifest.twinpage, manifest.versions.twinpage)
  assert.ok(manifest.machine.memoryBytes > 0)
  assert.ok(manifest.machine.processors > 0)
})

test('a run that ends keeps what it started with and says how it ended', () => {
  const started = startedManifest(START)
  const ended = endedManifest(started, {
    state: 'partial',
    exitReason: 'interrupted',
    messages: ['stopped in phase idle'],
    controls: [{ timeSeconds: 3, control: 'load', value: 2 }],
    endedAt: new Date('2026-01-02T03:05:00Z'),
  })
  assert.deepEqual(ended, {
    ...started,
    state: 'partial',
    exitReason: 'interrupted',
    messages: ['stopped in phase idle'],
    controls: [{ timeSeconds: 3, control: 'load', value: 2 }],
    endedAt: '2026-01-02T03:05:00.000Z',
  })
})

/** What goes to stdout and what to stderr: people and programs must be able to rely on it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readManifest, runTwinpage, smallQuick, startTwinpage, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()

describe('in a pipe', { concurrency: 2 }, () => {
  for (const [out, flags] of Object.entries({ loud: ['--json'], quiet: ['--json', '--quiet'] })) {
    test(`${flags.join(' ')} prints what summary.json holds, and nothing else`, async () => {
      const args = ['run', 'quick', '--out', out, ...flags, ...smallQuick()]
      const { code, stdout, stderr } = await runTwinpage(args, { cwd })
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      assert.equal(stdout, readFileSync(join(cwd, out, 'summary.json'), 'utf8'))
    })
  }

  test('--quiet prints nothing; without --out, results go to results/SCENARIO/TIME-SEED', async () => {
    const args = ['run', 'quick', '--quiet', '--seed', '77', ...smallQuick()]
    const ended = await runTwinpage(args, { cwd })
    assert.deepEqual(ended, { code: 0, signal: null, stdout: '', stderr: '' })
    const [name = '', ...more] = readdirSync(join(cwd, 'results', 'quick'))
    assert.match(name, /^\d{8}T\d{6}Z-77$/)
    assert.deepEqual(more, [])
    assert.equal(readManifest(join(cwd, 'results', 'quick', name)).state, 'complete')
  })

  const run = ['run', 'quick', '--json', '--out', 'unread', ...smallQuick()]
  for (const args of [['--help'], ['check', 'case-study'], ['scenarios'], run]) {
    test(`a reader that closes the pipe at once is no error: ${args.slice(0, 3).join(' ')}`, async () => {
      const { child, ended } = startTwinpage(args, { cwd })
      child.stdout!.destroy()
      assert.deepEqual(await ended, { code: 0, signal: null, stdout: '', stderr: '' })
    })
  }
})

test('a run whose output nobody read has its results all the same', () => {
  assert.equal(readManifest(join(cwd, 'unread')).state, 'complete')
})

/** The soak's own command line: what it refuses, and that Ctrl-C ends it with its summary. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runTwinpage, startTwinpage, temporaryDirectory } from '../support/cli.js'

const script = fileURLToPath(new URL('../stress/soak.js', import.meta.url))
const cwd = temporaryDirectory()

const mistakes: [string[], string][] = [
  [['--minutes', '1'], '--minutes: expected a whole number from 2 to 10080, got "1"'],
  [['--minutes', 'ten'], '--minutes: expected a whole number from 2 to 10080, got "ten"'],
  [['--seed=-1'], '--seed: expected a whole number from 0 to 4294967295, got "-1"'],
  [['--hours', '3'], 'Unknown argument: hours'],
]

for (const [args, message] of mistakes) {
  test(`soak ${args.join(' ')} is refused`, async () => {
    const { code, stdout, stderr } = await runTwinpage(args, { cwd, script })
    assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: `soak: ${message}\n` })
  })
}

test('Ctrl-C ends a soak with exit code 130 and the summary so far', async () => {
  const { child, ended } = startTwinpage(['--minutes', '60', '--seed', '7'], { cwd, script })
  await once(child.stdout!, 'data')
  child.kill('SIGINT')
  const { code, stdout, stderr } = await ended
  assert.deepEqual({ code, stderr }, { code: 130, stderr: '' })
  assert.match(
    stdout,
    /^soak: 60 minutes, seed 7, .*\nsoak: 0\.\d of 60 minutes, \d+ rounds, seed 7: no violations\n/,
  )
  assert.match(stdout, /\n[\d,]+ stores, [\d,]+ loads, .* lock waits\n/)
  assert.match(stdout, /\nresident memory: [\d.]+ MiB at the end, before the first minute was over\n$/)
})

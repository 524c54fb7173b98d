/** The command line of the bench: what it refuses, before it measures anything. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'

const script = fileURLToPath(new URL('../bench/main.js', import.meta.url))
const cwd = temporaryDirectory()

const mistakes: [string[], RegExp][] = [
  [
    ['--only', 'store.ramdom'],
    /^bench: --only: expected the name of a figure.*, got "store\.ramdom"; there are scan\.unique, .*\n$/,
  ],
  [['--only'], /^bench: Not enough arguments following: only\n$/],
  [['--rounds', '3'], /^bench: Unknown argument: rounds\n$/],
  [['store.random'], /^bench: Unknown argument: store\.random\n$/],
]

for (const [args, message] of mistakes) {
  test(`bench ${args.join(' ')} is refused`, async () => {
    const { code, stdout, stderr } = await runTwinpage(args, { cwd, script })
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, message)
  })
}

test('one figure as JSON has its value, its rounds, and null where there is no reference', async () => {
  const { code, stdout } = await runTwinpage(['--only', 'memory.metadata.half', '--json'], { cwd, script })
  assert.equal(code, 0)
  const [figure, ...others] = JSON.parse(stdout)
  assert.deepEqual(others, [])
  const { value, ...rest } = figure
  assert.ok(value > 0)
  assert.deepEqual(rest, {
    name: 'memory.metadata.half',
    unit: 'bytes/page',
    reference: null,
    referenceValue: null,
    ratio: null,
    rounds: [{ value, reference: null }],
  })
})

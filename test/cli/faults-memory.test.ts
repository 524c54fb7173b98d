/** Memory that the system doesn't grant: exit code 3, what was asked and what there is, and nothing left behind. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { runTwinpage, smallQuick, temporaryDirectory } from '../support/cli.js'
import { linesForPeople, runFaulty, writeScenario } from '../support/faults.js'

/** Room for node, and for no WebAssembly memory, of which each takes 8 GiB and more of address space. */
const LITTLE_ADDRESS_SPACE = 'ulimit -v 4000000'
const FIGURES =
  'this process has \\d+ MiB of address space, and may have (\\d+ MiB|as much as it wants) \\(ulimit -v\\)$'

describe('the system refuses', { concurrency: 2 }, () => {
  test('machine memory', {
    skip: !existsSync('/proc/self/limits') && 'needs the limits of Linux',
  }, async () => {
    const own = temporaryDirectory()
    const ended = await runTwinpage(['run', 'quick', '--out', 'out', ...smallQuick()], {
      cwd: own,
      under: LITTLE_ADDRESS_SPACE,
    })
    assert.equal(ended.code, 3, ended.stderr)
    const [line, ...others] = linesForPeople(ended)
    assert.match(
      line!,
      new RegExp(
        `^twinpage: machine memory: asked for \\d+ MiB, got 0 MiB before the system refused \\(.*\\); ${FIGURES}`,
      ),
    )
    assert.deepEqual(others, [])
    assert.deepEqual(readdirSync(own), [])
  })

  for (const thread of ['guest', 'scanner'] as const) {
    test(`a ${thread}’s thread memory of its own`, async () => {
      const own = temporaryDirectory()
      writeScenario(own)
      const { code, lines } = await runFaulty(own, 'out', { thread, at: 'setup', what: 'refusal' })
      assert.equal(code, 3, lines.join('\n'))
      assert.equal(lines.length, 1)
      assert.match(
        lines[0]!,
        /^twinpage: the run asks for 5 threads, but (guest vm-\d|the scanner) died: WebAssembly\.Memory\(\): could not/,
      )
      assert.deepEqual(readdirSync(own).sort(), ['faults.yaml', 'out.claim'])
    })
  }
})

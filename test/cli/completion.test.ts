/** What a shell completes: the words that the program offers, and what bash makes of its script. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runTwinpage, temporaryDirectory } from '../support/cli.js'

const cwd = temporaryDirectory()
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** As a script asks for what may stand in place of the last of these words. */
async function completions(...words: string[]): Promise<string[]> {
  const args = ['--get-yargs-completions', 'twinpage', ...words]
  const { code, stdout, stderr } = await runTwinpage(args, { cwd, env: { SHELL: '/bin/bash' } })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return stdout.split('\n').filter((line) => line !== '')
}

describe('completion', { concurrency: 4 }, () => {
  const cases: [words: string[], expected: string[]][] = [
    [
      [''],
      [
        'run',
        'scenarios',
        'check',
        'trace',
        'top',
        'validate',
        'study',
        'compare',
        'report',
        'explain',
        'completion',
      ],
    ],
    [
      ['run', ''],
      [
        'case-study',
        'debian-trace',
        'ksm-trace',
        'quick',
        'validate-churn',
        'validate-static',
        'validate-zero',
      ],
    ],
    [
      ['run', 'quick', '--'],
      ['--help', '--version', '--set', '--seed', '--out', '--live', '--json', '--quiet'],
    ],
    [
      ['check', 's'],
      ['scan-rate', 'starvation'],
    ],
    [['study', 'sc'], ['scan-rate']],
    [['validate', 'quick', 'validate-z'], ['validate-zero']],
    [['trace', ''], ['info']],
    [['explain', 'COW'], ['COWH']],
    // Names of files are the shell's affair.
    [['compare', ''], []],
    [['run', 'quick', '--out', ''], []],
    [['trace', 'info', ''], []],
    // A path of keys goes step by step, through the lists and phases that the scenario has.
    [
      ['run', 'quick', '--set', 'gu'],
      ['guests.*.', 'guests.0.'],
    ],
    [['run', 'quick', '--set', 'guests.0.mem'], ['guests.0.memory=64MiB']],
    [['run', 'quick', '--set', 'guests.*.mem'], ['guests.*.memory=64MiB']],
    [
      ['run', 'quick', '--set', 'guests.0.workload.'],
      ['settle', 'idle', 'busy'].map((phase) => `guests.0.workload.${phase}.`),
    ],
    [['run', 'quick', '--set', 'phases.2.du'], ['phases.2.duration=2s']],
    [
      ['check', 'quick', '--set', 'scanner.pol'],
      ['scanner.policy=tps', 'scanner.policy=ksm'],
    ],
    [['check', 'quick', '--set', 'scanner.policy', '=', 'k'], ['ksm']],
    [['check', 'quick', '--set', 'host.swap.enabled=f'], ['host.swap.enabled=false']],
    [['check', 'quick', '--set', 'nothing.'], []],
    [['run', './none.yaml', '--set', 'guests.'], ['guests.*.']],
  ]
  for (const [words, expected] of cases) {
    test(`twinpage ${words.join(' ')}`, async () => {
      const found = await completions(...words)
      if (words.at(-1) === 'guests.')
        assert(found.length > 5 && found.every((word) => word.startsWith('guests.*.')))
      else assert.deepEqual(found, expected)
    })
  }
})

const bash = spawnSync('bash', ['-c', 'type complete compgen mapfile'])

test('in bash the script completes', { skip: bash.status !== 0 && 'needs bash' }, async () => {
  const { code, stdout: script } = await runTwinpage(['completion'], { cwd, env: { SHELL: '/bin/bash' } })
  assert.equal(code, 0)
  writeFileSync(join(cwd, 'script'), script)
  const bin = join(cwd, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'twinpage'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(join(bin, 'twinpage'), 0o755)
  const inBash = (...words: string[]) => {
    const commands = [
      'source ./script',
      'COMP_WORDS=(twinpage "$@") COMP_CWORD=$#',
      // What `complete -F` has bash call.
      '$(complete -p twinpage | sed "s/.*-F \\([^ ]*\\) .*/\\1/")',
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]
    const { status, stdout } = spawnSync('bash', ['-c', commands.join('\n'), 'bash', ...words], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, SHELL: '/bin/bash' },
    })
    assert.equal(status, 0)
    return stdout.split('\n').filter((line) => line !== '')
  }
  assert.deepEqual(inBash('stu'), ['study'])
  assert.deepEqual(inBash('run', 'qu'), ['quick'])
  assert.deepEqual(inBash('run', 'quick', '--qu'), ['--quiet'])
  assert.deepEqual(inBash('run', 'quick', '--set', 'scanner.policy', '=', 't'), ['tps'])
  assert.deepEqual(inBash('compare', 'resu'), [], 'then bash completes names of files')
})
